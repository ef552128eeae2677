//! Jitter view of numbers and dates in tables.

use relata_registry::{Description, Settings};
use relata_schemas::FeatureShape;
use serde::{Deserialize, Serialize};

use super::augment::{Augment, View};
use super::checks;
use super::draw::two_normals;
use crate::Result;
use crate::fields::{Field, Record, TableFeatures, Value};
use crate::seed::Rng;

/// See [`jitter`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Jitter {
    stds: f64,
}

impl Default for Jitter {
    fn default() -> Self {
        Self { stds: 0.1 }
    }
}

impl Settings for Jitter {
    const NAME: &'static str = "jitter";
    const SUMMARY: &'static str = "numbers and dates move a little";
}

/// Moves every number and every date by a normal draw of `stds` standard deviations of its column. For tables.
///
/// ```
/// use relata_data::view::{Augment, jitter};
///
/// assert_eq!(jitter(0.1).describe().to_string(), "jitter stds=0.1");
/// ```
pub fn jitter(stds: f64) -> Jitter {
    Jitter { stds }
}

impl Augment for Jitter {
    fn check(&self, shape: &FeatureShape) -> Result<()> {
        checks::table("jitter", shape)?;
        checks::setting("jitter", "stds", self.stds >= 0.0 && self.stds.is_finite(), "at least 0", self.stds)
    }

    fn apply(&self, view: &mut View<'_>, rng: &mut Rng) {
        let Some(table) = view.store.table() else { return };
        let Some(record) = &mut view.record else { return };
        // The digits of a year or a code are mistyped, not a little off.
        move_numbers(table, record, self.stds, |field| !field.has_bag(), rng);
    }

    fn describe(&self) -> Description {
        Description::of(self)
    }
}

/// Moves the numbers and dates of some fields by normal draws of so many standard deviations.
pub(super) fn move_numbers(
    table: &TableFeatures,
    record: &mut Record,
    stds: f64,
    moves: impl Fn(&Field) -> bool,
    rng: &mut Rng,
) {
    for (fitted, value) in table.fitted().fields.iter().zip(&mut record.values) {
        let moved = stds * fitted.std() * f64::from(two_normals(rng)[0]);
        match value {
            Value::Number(number) if moves(&fitted.field) => *number += moved,
            Value::Date(date) => *date = date.saturating_add(moved.round() as i64),
            _ => {}
        }
    }
}
