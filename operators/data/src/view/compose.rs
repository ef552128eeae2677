//! Views made of views: one after the other, or one that happens sometimes.

use relata_registry::Description;
use relata_schemas::FeatureShape;

use super::draw::chance;
use super::{Augment, View, checks};
use crate::Result;
use crate::seed::Rng;

/// The name of a chain in descriptions.
const CHAIN: &str = "chain";

/// Two changes one after the other; see [`Augment::then`].
#[derive(Debug, Clone)]
pub struct Then<A, B> {
    first: A,
    next: B,
}

impl<A, B> Then<A, B> {
    pub(super) fn new(first: A, next: B) -> Self {
        Self { first, next }
    }
}

impl<A: Augment, B: Augment> Augment for Then<A, B> {
    fn check(&self, shape: &FeatureShape) -> Result<()> {
        self.first.check(shape)?;
        self.next.check(shape)
    }

    fn apply(&self, view: &mut View<'_>, rng: &mut Rng) {
        self.first.apply(view, rng);
        self.next.apply(view, rng);
    }

    fn describe(&self) -> Description {
        let mut views = Vec::new();
        for part in [self.first.describe(), self.next.describe()] {
            // Chains of chains read as one.
            match part.setting::<Vec<Description>>("views") {
                Ok(chain) if part.name == CHAIN => views.extend(chain),
                _ => views.push(part),
            }
        }
        Description::new(CHAIN).with("views", views)
    }
}

/// A change that happens sometimes; see [`Augment::with_probability`].
#[derive(Debug, Clone)]
pub struct Sometimes<A> {
    inner: A,
    probability: f64,
}

impl<A> Sometimes<A> {
    pub(super) fn new(inner: A, probability: f64) -> Self {
        Self { inner, probability }
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
        Description::new("sometimes").with("probability", &self.probability).with("of", self.inner.describe())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use std::sync::Arc;

    use super::super::{crop, dropout, fixture, identity, noise};
    use super::*;

    const VALUES: [f32; 4] = [1.0, 2.0, 3.0, 4.0];

    #[test]
    fn a_chain_is_described_as_a_flat_array() {
        let boxed: Box<dyn Augment> = Box::new(crop(0.8).then(noise(0.05)));
        let chain = boxed.then(Arc::new(identity()).with_probability(0.5));
        let text = chain.describe();
        assert_eq!(text.as_array().unwrap().len(), 3);
        assert_eq!(text[0]["min_area"], 0.8);
        assert_eq!(text[1], json!({"view": "noise", "std": 0.05}));
        assert_eq!(text[2], json!({"view": "sometimes", "probability": 0.5, "of": {"view": "identity"}}));
    }

    #[test]
    fn a_chain_applies_its_parts_in_order() {
        let shape = FeatureShape::vector(4);
        let zeros_then_noise = fixture::apply(&dropout(1.0).then(noise(1.0)), &shape, &VALUES, 3);
        assert!(zeros_then_noise.iter().all(|&v| v != 0.0));
        let noise_then_zeros = fixture::apply(&noise(1.0).then(dropout(1.0)), &shape, &VALUES, 3);
        assert_eq!(noise_then_zeros, [0.0; 4]);
    }

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
