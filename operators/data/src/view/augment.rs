//! View trait (augmentation): random changes of a sample that keep what it is.

use std::sync::Arc;

use relata_registry::Description;
use relata_schemas::FeatureShape;

use crate::Result;
use crate::feature_store::FeatureStore;
use crate::fields::{Record, Value};
use crate::seed::Rng;

/// One sample while its view is made.
#[derive(Debug)]
pub struct View<'a> {
    /// The sample's numbers, `shape.len()` of them; images are channels x height x width. None if it is a row of a table.
    pub values: &'a mut [f32],
    /// Room for a step that cannot work in place; its length and content are arbitrary (see [`View::with_room`]).
    pub scratch: &'a mut Vec<f32>,
    /// The sample's shape.
    pub shape: &'a FeatureShape,
    /// The dataset, for steps that draw from its marginal distribution.
    pub store: &'a FeatureStore,
    /// The raw values, if the sample is a row of a table; numbers are made of them when all changes are made.
    pub record: Option<&'a mut Record>,
    clamp: bool,
}

impl<'a> View<'a> {
    /// A view to be made of `values`, which has as many numbers as the shape.
    pub fn new(
        values: &'a mut [f32],
        scratch: &'a mut Vec<f32>,
        shape: &'a FeatureShape,
        store: &'a FeatureStore,
    ) -> Self {
        Self { values, scratch, shape, store, record: None, clamp: false }
    }

    /// A view to be made of a row of a table.
    pub fn of_record(
        record: &'a mut Record,
        scratch: &'a mut Vec<f32>,
        shape: &'a FeatureShape,
        store: &'a FeatureStore,
    ) -> Self {
        Self { values: &mut [], scratch, shape, store, record: Some(record), clamp: false }
    }

    /// The raw values of a row of a table; none for vectors and images, which views of tables refuse in `check`.
    pub fn raw(&mut self) -> &mut [Value] {
        self.record.as_mut().map_or(&mut [], |record| &mut record.values)
    }

    /// Asks for the numbers to be clamped to [0, 1] when all changes are made. Changes of colour ask for it instead of
    /// clamping, so that a chain of them clips once: less brightness can bring back what contrast pushed beyond 1.
    pub fn clamp_at_the_end(&mut self) {
        self.clamp = true;
    }

    /// Ends the view: clamps its numbers, if a change asked for it.
    pub fn finish(self) {
        if self.clamp {
            self.values.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
        }
    }

    /// The sample's numbers, and `len` numbers of room with arbitrary content. The room only ever grows, so that
    /// a thread that makes many views allocates once.
    pub fn with_room(&mut self, len: usize) -> (&mut [f32], &mut [f32]) {
        if self.scratch.len() < len {
            self.scratch.resize(len, 0.0);
        }
        (self.values, &mut self.scratch[..len])
    }
}

/// A random change of one sample. Implementations draw from `rng` alone, so that a view is a function of
/// (seed, epoch, sample, view number).
pub trait Augment: Send + Sync {
    /// Refuses shapes and settings that make no sense, before any work starts.
    fn check(&self, shape: &FeatureShape) -> Result<()>;

    /// Changes the sample in place. Called with shapes that `check` has passed. The numbers of an image may leave [0, 1]
    /// between the changes of a chain.
    fn apply(&self, view: &mut View<'_>, rng: &mut Rng);

    /// Name and settings, for the plan.
    fn describe(&self) -> Description;
}

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
