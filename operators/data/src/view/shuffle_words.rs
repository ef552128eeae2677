//! Word order view of texts in tables.

use rand::seq::SliceRandom;
use relata_registry::{Description, Settings};
use relata_schemas::FeatureShape;
use serde::{Deserialize, Serialize};

use super::augment::{Augment, View};
use super::checks;
use super::draw::chance;
use super::words::{change, texts};
use crate::Result;
use crate::seed::Rng;

/// See [`shuffle_words`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ShuffleWords {
    probability: f64,
}

impl Default for ShuffleWords {
    fn default() -> Self {
        Self { probability: 0.1 }
    }
}

impl Settings for ShuffleWords {
    const NAME: &'static str = "shuffle_words";
    const SUMMARY: &'static str = "the words of texts change places";
}

/// Puts the words of a text into any order with probability `p`. For tables.
///
/// ```
/// use relata_data::view::{Augment, shuffle_words};
///
/// assert_eq!(shuffle_words(0.1).describe().to_string(), "shuffle_words probability=0.1");
/// ```
pub fn shuffle_words(p: f64) -> ShuffleWords {
    ShuffleWords { probability: p }
}

impl Augment for ShuffleWords {
    fn check(&self, shape: &FeatureShape) -> Result<()> {
        checks::table("shuffle_words", shape)?;
        checks::probability("shuffle_words", self.probability)
    }

    fn apply(&self, view: &mut View<'_>, rng: &mut Rng) {
        for text in texts(view) {
            if chance(rng, self.probability) {
                change(text, |words| words.shuffle(rng));
            }
        }
    }

    fn describe(&self) -> Description {
        Description::of(self)
    }
}
