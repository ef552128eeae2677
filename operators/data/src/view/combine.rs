//! Combinators of views: one after the other, or one with a probability.

use super::augment::Augment;
use super::chain::Then;
use super::sometimes::Sometimes;

/// How views are combined.
pub trait AugmentExt: Augment + Sized {
    /// This, then `next`.
    ///
    /// ```
    /// use relata_data::view::{Augment, AugmentExt, crop, flip};
    ///
    /// let view = crop(0.2).then(flip());
    /// assert!(view.describe().to_string().starts_with("chain views=[(crop"));
    /// ```
    fn then<A: Augment>(self, next: A) -> Then<Self, A> {
        Then::new(self, next)
    }

    /// This with probability `p`, else nothing.
    ///
    /// ```
    /// use relata_data::view::{Augment, AugmentExt, noise};
    ///
    /// let view = noise(0.05).with_probability(0.5);
    /// assert_eq!(view.describe().to_string(), "sometimes of=(noise std=0.05) probability=0.5");
    /// ```
    fn with_probability(self, p: f64) -> Sometimes<Self> {
        Sometimes::new(self, p)
    }
}

impl<A: Augment> AugmentExt for A {}
