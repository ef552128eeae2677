//! A view with a probability: it happens sometimes.

use relata_registry::{Component, Description, ReadError, Registry};
use relata_schemas::FeatureShape;

use super::augment::{Augment, View};
use super::checks;
use super::draw::chance;
use crate::Result;
use crate::seed::Rng;

/// See [`sometimes`].
#[derive(Debug, Clone)]
pub struct Sometimes<A = Box<dyn Augment>> {
    inner: A,
    probability: f64,
}

/// A view with probability `p`, else the sample as it is; the same as
/// [`AugmentExt::with_probability`](super::AugmentExt::with_probability).
///
/// ```
/// use relata_data::view::{Augment, blur, sometimes};
///
/// let view = sometimes(blur(1.0), 0.5);
/// assert_eq!(view.describe().to_string(), "sometimes of=(blur max_sigma=1.0) probability=0.5");
/// ```
pub fn sometimes<A: Augment>(view: A, p: f64) -> Sometimes<A> {
    Sometimes::new(view, p)
}

impl<A> Sometimes<A> {
    pub(super) fn new(inner: A, probability: f64) -> Self {
        Self { inner, probability }
    }
}

impl Component<dyn Augment> for Sometimes {
    const NAME: &'static str = "sometimes";
    const SUMMARY: &'static str = "another view with a probability";

    fn defaults() -> Option<Description> {
        None
    }

    fn read(description: &Description, registry: &Registry<dyn Augment>) -> Result<Self, ReadError> {
        description.known(&["probability", "of"])?;
        Ok(Self::new(registry.read_setting(description, "of")?, description.setting("probability")?))
    }
}

impl<A: Augment> Augment for Sometimes<A> {
    fn check(&self, shape: &FeatureShape) -> Result<()> {
        checks::probability("sometimes", self.probability)?;
        self.inner.check(shape)
    }

    fn apply(&self, view: &mut View<'_>, rng: &mut Rng) {
        if chance(rng, self.probability) {
            self.inner.apply(view, rng);
        }
    }

    fn describe(&self) -> Description {
        Description::new("sometimes").with("probability", self.probability).with("of", self.inner.describe())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{AugmentExt, dropout, fixture};
    use super::*;

    const VALUES: [f32; 4] = [1.0, 2.0, 3.0, 4.0];

    #[test]
    fn probability_zero_is_never_one_is_always_and_a_quarter_is_a_quarter() {
        let shape = FeatureShape::vector(4);
        let store = fixture::store(&shape, &VALUES);
        let hits = |p: f64| {
            let view = dropout(1.0).with_probability(p);
            (0..4000).filter(|&seed| fixture::apply_in(&store, &view, &VALUES, seed) == [0.0; 4]).count()
        };
        assert_eq!((hits(0.0), hits(1.0)), (0, 4000));
        // Four standard deviations of a binomial count around its mean.
        assert!(hits(0.25).abs_diff(1000) < 110);
    }
}
