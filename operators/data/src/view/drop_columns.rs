//! Missing value view of tables.

use relata_registry::{Description, Settings};
use relata_schemas::FeatureShape;
use serde::{Deserialize, Serialize};

use super::augment::{Augment, View};
use super::checks;
use super::draw::chance;
use crate::Result;
use crate::fields::Value;
use crate::seed::Rng;

/// See [`drop_columns`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DropColumns {
    probability: f64,
}

impl Default for DropColumns {
    fn default() -> Self {
        Self { probability: 0.15 }
    }
}

impl Settings for DropColumns {
    const NAME: &'static str = "drop_columns";
    const SUMMARY: &'static str = "values of columns go missing";
}

/// Makes every value missing with probability `p`, but never the last one of a sample. For tables.
///
/// ```
/// use relata_data::view::{Augment, drop_columns};
///
/// assert_eq!(drop_columns(0.15).describe().to_string(), "drop_columns probability=0.15");
/// ```
pub fn drop_columns(p: f64) -> DropColumns {
    DropColumns { probability: p }
}

impl Augment for DropColumns {
    fn check(&self, shape: &FeatureShape) -> Result<()> {
        checks::table("drop_columns", shape)?;
        checks::probability("drop_columns", self.probability)
    }

    fn apply(&self, view: &mut View<'_>, rng: &mut Rng) {
        let values = view.raw();
        let mut left = values.iter().filter(|value| !value.is_null()).count();
        for value in values.iter_mut().filter(|value| !value.is_null()) {
            if chance(rng, self.probability) && left > 1 {
                *value = Value::Null;
                left -= 1;
            }
        }
    }

    fn describe(&self) -> Description {
        Description::of(self)
    }
}
