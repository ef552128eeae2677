//! Boxed and shared views are views, so that a pipeline can hold any of them.

use relata_registry::Description;
use std::sync::Arc;

use relata_schemas::FeatureShape;

use super::{Augment, View};
use crate::Result;
use crate::seed::Rng;

macro_rules! forward_to_pointee {
    ($pointer:ident) => {
        impl<A: Augment + ?Sized> Augment for $pointer<A> {
            fn check(&self, shape: &FeatureShape) -> Result<()> {
                (**self).check(shape)
            }

            fn apply(&self, view: &mut View<'_>, rng: &mut Rng) {
                (**self).apply(view, rng);
            }

            fn describe(&self) -> Description {
                (**self).describe()
            }
        }
    };
}

forward_to_pointee!(Box);
forward_to_pointee!(Arc);
