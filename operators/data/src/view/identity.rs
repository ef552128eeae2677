//! Identity view: the sample itself.

use relata_registry::{Description, Settings};
use relata_schemas::FeatureShape;
use serde::{Deserialize, Serialize};

use super::augment::{Augment, View};
use crate::Result;
use crate::seed::Rng;

/// See [`identity`].
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Identity;

impl Settings for Identity {
    const NAME: &'static str = "identity";
    const SUMMARY: &'static str = "the sample itself";
}

/// The sample as it is, for example to let every edge come from an oracle.
///
/// ```
/// use relata_data::view::{Augment, identity};
///
/// let view = identity();
/// assert_eq!(view.describe().to_string(), "identity");
/// ```
pub fn identity() -> Identity {
    Identity
}

impl Augment for Identity {
    fn check(&self, _: &FeatureShape) -> Result<()> {
        Ok(())
    }

    fn apply(&self, _: &mut View<'_>, _: &mut Rng) {}

    fn describe(&self) -> Description {
        Description::of(self)
    }
}
