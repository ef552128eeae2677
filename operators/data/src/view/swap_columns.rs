//! Column swap view of tables.

use rand::RngExt;
use relata_registry::{Description, Settings};
use relata_schemas::FeatureShape;
use serde::{Deserialize, Serialize};

use super::augment::{Augment, View};
use super::checks;
use super::draw::chance;
use crate::Result;
use crate::seed::Rng;

/// See [`swap_columns`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SwapColumns {
    probability: f64,
}

impl Default for SwapColumns {
    fn default() -> Self {
        Self { probability: 0.2 }
    }
}

impl Settings for SwapColumns {
    const NAME: &'static str = "swap_columns";
    const SUMMARY: &'static str = "two columns of text change places";
}

/// Exchanges the values of two columns of text with probability `p`, as when somebody fills in the wrong box. For
/// tables.
///
/// ```
/// use relata_data::view::{Augment, swap_columns};
///
/// assert_eq!(swap_columns(0.2).describe().to_string(), "swap_columns probability=0.2");
/// ```
pub fn swap_columns(p: f64) -> SwapColumns {
    SwapColumns { probability: p }
}

impl Augment for SwapColumns {
    fn check(&self, shape: &FeatureShape) -> Result<()> {
        checks::table("swap_columns", shape)?;
        checks::probability("swap_columns", self.probability)
    }

    fn apply(&self, view: &mut View<'_>, rng: &mut Rng) {
        if !chance(rng, self.probability) {
            return;
        }
        let texts = view.store.table().map(|table| table.fitted().text_columns()).unwrap_or_default();
        if texts.len() > 1 {
            let first = rng.random_range(0..texts.len());
            let second = (first + rng.random_range(1..texts.len())) % texts.len();
            view.raw().swap(texts[first], texts[second]);
        }
    }

    fn describe(&self) -> Description {
        Description::of(self)
    }
}
