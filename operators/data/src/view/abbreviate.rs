//! Abbreviation view of texts in tables.

use rand::RngExt;
use relata_registry::{Description, Settings};
use relata_schemas::FeatureShape;
use serde::{Deserialize, Serialize};

use super::augment::{Augment, View};
use super::checks;
use super::draw::chance;
use super::words::{change, texts};
use crate::Result;
use crate::seed::Rng;

/// See [`abbreviate`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Abbreviate {
    probability: f64,
}

impl Default for Abbreviate {
    fn default() -> Self {
        Self { probability: 0.1 }
    }
}

impl Settings for Abbreviate {
    const NAME: &'static str = "abbreviate";
    const SUMMARY: &'static str = "a word of a text is cut short";
}

/// Cuts a word of a text with probability `p` to its first 1 to 4 letters, as in `Wm.` and `Blvd`. For tables.
///
/// ```
/// use relata_data::view::{Augment, abbreviate};
///
/// assert_eq!(abbreviate(0.1).describe().to_string(), "abbreviate probability=0.1");
/// ```
pub fn abbreviate(p: f64) -> Abbreviate {
    Abbreviate { probability: p }
}

impl Augment for Abbreviate {
    fn check(&self, shape: &FeatureShape) -> Result<()> {
        checks::table("abbreviate", shape)?;
        checks::probability("abbreviate", self.probability)
    }

    fn apply(&self, view: &mut View<'_>, rng: &mut Rng) {
        for text in texts(view) {
            if chance(rng, self.probability) {
                let keep = rng.random_range(1..=4);
                change(text, |words| {
                    let at = rng.random_range(0..words.len());
                    let word = words[at];
                    words[at] = word.char_indices().nth(keep).map_or(word, |(end, _)| &word[..end]);
                });
            }
        }
    }

    fn describe(&self) -> Description {
        Description::of(self)
    }
}
