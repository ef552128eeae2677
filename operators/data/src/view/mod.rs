//! Views: random changes of a sample that keep what it is.

mod affine;
mod batch;
mod blur;
mod brightness;
mod checks;
mod compose;
mod contact_sheet;
mod contrast;
mod crop;
mod cutout;
pub mod described;
mod draw;
mod dropout;
#[cfg(test)]
pub(crate) mod fixture;
mod flip;
mod identity;
mod noise;
mod pointers;
mod resample;
mod rotate;
mod shift;
mod warp;

pub use affine::{Affine, affine};
pub use batch::Views;
pub use blur::{Blur, blur};
pub use brightness::{Brightness, brightness};
pub use compose::{Sometimes, Then};
pub use contact_sheet::{contact_sheet, save_png};
pub use contrast::{Contrast, contrast};
pub use crop::{Crop, crop};
pub use cutout::{Cutout, cutout};
pub use dropout::{Dropout, dropout};
pub use flip::{Flip, flip};
pub use identity::{Identity, identity};
pub use noise::{Noise, noise};
pub use resample::{Resample, resample};
pub use rotate::{Rotate, rotate};
pub use shift::{Shift, shift};

use relata_registry::Description;
use relata_schemas::FeatureShape;

use crate::Result;
use crate::feature_store::FeatureStore;
use crate::seed::Rng;

/// One sample while its view is made.
pub struct View<'a> {
    /// The sample's numbers, `shape.len()` of them; images are channels x height x width.
    pub values: &'a mut [f32],
    /// Room for a step that cannot work in place; its length and content are arbitrary (see [`View::with_room`]).
    pub scratch: &'a mut Vec<f32>,
    /// The sample's shape.
    pub shape: &'a FeatureShape,
    /// The dataset, for steps that draw from its marginal distribution.
    pub store: &'a FeatureStore,
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
        Self { values, scratch, shape, store, clamp: false }
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

    /// Name and settings, for the plan: an object with the key `view`, or an array of them for a chain.
    fn describe(&self) -> Description;

    /// This, then `next`.
    fn then<A: Augment>(self, next: A) -> Then<Self, A>
    where
        Self: Sized,
    {
        Then::new(self, next)
    }

    /// This with probability `p`, else nothing.
    fn with_probability(self, p: f64) -> Sometimes<Self>
    where
        Self: Sized,
    {
        Sometimes::new(self, p)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use relata_schemas::Element;

    use super::*;
    use crate::OperatorError;

    fn image_views() -> Vec<Box<dyn Augment>> {
        vec![
            Box::new(crop(0.2)),
            Box::new(flip()),
            Box::new(shift(5)),
            Box::new(rotate(180.0)),
            Box::new(affine().with_rotation(90.0).with_scale(0.2, 3.0).with_shear(45.0).with_translation(1.0)),
            Box::new(brightness(0.9)),
            Box::new(contrast(0.9)),
            Box::new(cutout(0.7)),
            Box::new(blur(4.0)),
        ]
    }

    fn vector_views() -> Vec<Box<dyn Augment>> {
        vec![Box::new(identity()), Box::new(noise(0.3)), Box::new(dropout(0.5)), Box::new(resample(0.5))]
    }

    #[test]
    fn image_views_refuse_vectors_and_others_take_them() {
        let vector = FeatureShape::vector(16);
        for view in image_views() {
            let OperatorError::Setting { component, found, .. } = view.check(&vector).unwrap_err() else {
                panic!("not a setting");
            };
            assert_eq!(component, view.describe()["view"]);
            assert!(found.contains("16 Float32"), "{found}");
            view.check(&FeatureShape::image(3, 8, 8, Element::U8)).unwrap();
        }
        for view in vector_views() {
            view.check(&vector).unwrap();
            view.check(&FeatureShape::image(3, 8, 8, Element::U8)).unwrap();
        }
    }

    #[test]
    fn senseless_settings_are_refused_by_name() {
        let image = FeatureShape::image(1, 8, 8, Element::F32);
        let cases: Vec<(Box<dyn Augment>, &str)> = vec![
            (Box::new(crop(0.0)), "min_area"),
            (Box::new(crop(1.5)), "min_area"),
            (Box::new(crop(0.5).with_ratio(2.0, 1.0)), "ratio"),
            (Box::new(shift(8)), "pixels"),
            (Box::new(rotate(f64::NAN)), "degrees"),
            (Box::new(affine().with_scale(0.0, 1.0)), "scale"),
            (Box::new(affine().with_shear(90.0)), "shear"),
            (Box::new(affine().with_translation(1.1)), "translation"),
            (Box::new(affine().with_rotation(-1.0)), "rotation"),
            (Box::new(brightness(-0.1)), "strength"),
            (Box::new(contrast(2.0)), "strength"),
            (Box::new(cutout(0.0)), "fraction_of_side"),
            (Box::new(blur(0.01)), "max_sigma"),
            (Box::new(blur(9.0)), "max_sigma"),
            (Box::new(noise(f64::INFINITY)), "std"),
            (Box::new(dropout(1.1)), "probability"),
            (Box::new(resample(-0.1)), "probability"),
            (Box::new(flip().with_probability(2.0)), "probability"),
            (Box::new(identity().with_probability(f64::NAN)), "probability"),
        ];
        for (view, expected) in cases {
            match view.check(&image) {
                Err(OperatorError::Setting { setting, .. }) => assert_eq!(setting, expected, "{}", view.describe()),
                other => panic!("{}: {other:?}", view.describe()),
            }
        }
    }

    proptest! {
        #[test]
        fn odd_shapes_never_panic(c in 1..5usize, h in 1..9usize, w in 1..9usize, seed: u64) {
            let shape = FeatureShape::image(c, h, w, Element::F32);
            let values: Vec<f32> = (0..shape.len()).map(|v| v as f32 / shape.len() as f32).collect();
            for view in image_views().into_iter().chain(vector_views()) {
                let out = fixture::apply(&view, &shape, &values, seed);
                prop_assert!(out.iter().all(|v| (0.0..=1.0).contains(v)), "{} gave {out:?}", view.describe());
            }
        }
    }
}
