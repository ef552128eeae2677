//! Chains of views: one after the other.

use relata_registry::{Component, Description, ReadError, Registry};
use relata_schemas::FeatureShape;

use super::augment::{Augment, View};
use super::checks;
use crate::Result;
use crate::seed::Rng;

/// The name of a chain in descriptions, whichever type it has.
const CHAIN: &str = "chain";

/// See [`chain`].
pub struct Chain {
    views: Vec<Box<dyn Augment>>,
}

/// Views one after the other, as many as there are; [`AugmentExt::then`](super::AugmentExt::then) chains two.
///
/// ```
/// use relata_data::view::{Augment, chain, dropout, noise};
///
/// let view = chain([Box::new(noise(0.1)) as Box<dyn Augment>, Box::new(dropout(0.2))]);
/// assert_eq!(view.describe().to_string(), "chain views=[(noise std=0.1), (dropout probability=0.2)]");
/// ```
pub fn chain(views: impl IntoIterator<Item = Box<dyn Augment>>) -> Chain {
    Chain { views: views.into_iter().collect() }
}

impl std::fmt::Debug for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.describe())
    }
}

impl Component<dyn Augment> for Chain {
    const NAME: &'static str = CHAIN;
    const SUMMARY: &'static str = "views one after the other";

    fn defaults() -> Option<Description> {
        None
    }

    fn read(description: &Description, registry: &Registry<dyn Augment>) -> Result<Self, ReadError> {
        description.known(&["views"])?;
        let views: Vec<Description> = description.setting("views")?;
        Ok(Self { views: views.iter().map(|view| registry.read(view)).collect::<Result<_, _>>()? })
    }
}

impl Augment for Chain {
    fn check(&self, shape: &FeatureShape) -> Result<()> {
        checks::setting(CHAIN, "views", !self.views.is_empty(), "at least one view", "none")?;
        self.views.iter().try_for_each(|view| view.check(shape))
    }

    fn apply(&self, view: &mut View<'_>, rng: &mut Rng) {
        self.views.iter().for_each(|change| change.apply(view, rng));
    }

    fn describe(&self) -> Description {
        describe(self.views.iter().map(Augment::describe))
    }
}

/// Two views one after the other; see [`AugmentExt::then`](super::AugmentExt::then). It describes itself as a
/// [`Chain`].
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
        describe([self.first.describe(), self.next.describe()])
    }
}

/// The description of a chain; chains of chains read as one.
fn describe(parts: impl IntoIterator<Item = Description>) -> Description {
    let mut views = Vec::new();
    for part in parts {
        match part.setting::<Vec<Description>>("views") {
            Ok(chain) if part.name == CHAIN => views.extend(chain),
            _ => views.push(part),
        }
    }
    Description::new(CHAIN).with("views", views)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{AugmentExt, VIEWS, crop, dropout, fixture, identity, noise};
    use super::*;

    const VALUES: [f32; 4] = [1.0, 2.0, 3.0, 4.0];

    #[test]
    fn a_chain_is_described_as_one_list() {
        let boxed: Box<dyn Augment> = Box::new(crop(0.8).then(noise(0.05)));
        let chain = boxed.then(Arc::new(identity()).with_probability(0.5));
        let views: Vec<Description> = chain.describe().setting("views").unwrap();
        assert_eq!(views.len(), 3);
        assert_eq!(views[0]["min_area"], 0.8);
        assert_eq!(views[1].to_string(), "noise std=0.05");
        assert_eq!(views[2].to_string(), "sometimes of=(identity) probability=0.5");
    }

    #[test]
    fn a_chain_applies_its_parts_in_order() {
        let shape = FeatureShape::vector(4);
        let zeros_then_noise = fixture::apply(&dropout(1.0).then(noise(1.0)), &shape, &VALUES, 3);
        assert!(zeros_then_noise.iter().all(|&v| v != 0.0));
        let noise_then_zeros = dropout(0.3).then(noise(1.0)).then(dropout(0.2));
        let read = VIEWS.read(&noise_then_zeros.describe()).unwrap();
        let [typed, boxed] = [&noise_then_zeros as &dyn Augment, &read].map(|v| fixture::apply(v, &shape, &VALUES, 3));
        assert_eq!(typed, boxed);
    }

    #[test]
    fn an_empty_chain_is_refused() {
        let empty = VIEWS.read(&Description::new("chain").with("views", [(); 0])).unwrap();
        assert!(empty.check(&FeatureShape::vector(3)).is_err());
    }
}
