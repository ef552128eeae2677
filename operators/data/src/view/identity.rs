//! The view that changes nothing: the sample itself.

use relata_registry::Description;
use relata_schemas::FeatureShape;

use super::{Augment, View};
use crate::Result;
use crate::seed::Rng;

/// See [`identity`].
#[derive(Debug, Clone, Copy)]
pub struct Identity;

/// The sample as it is, for example to let every edge come from an oracle.
pub fn identity() -> Identity {
    Identity
}

impl Augment for Identity {
    fn check(&self, _: &FeatureShape) -> Result<()> {
        Ok(())
    }

    fn apply(&self, _: &mut View<'_>, _: &mut Rng) {}

    fn describe(&self) -> Description {
        Description::new("identity")
    }
}
