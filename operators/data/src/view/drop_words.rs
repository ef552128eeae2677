//! Word dropout view of texts in tables.

use relata_registry::{Description, Settings};
use relata_schemas::FeatureShape;
use serde::{Deserialize, Serialize};

use super::augment::{Augment, View};
use super::checks;
use super::draw::chance;
use super::words::{change, texts};
use crate::Result;
use crate::seed::Rng;

/// See [`drop_words`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DropWords {
    probability: f64,
}

impl Default for DropWords {
    fn default() -> Self {
        Self { probability: 0.1 }
    }
}

impl Settings for DropWords {
    const NAME: &'static str = "drop_words";
    const SUMMARY: &'static str = "words of texts are left out";
}

/// Leaves out every word of a text with probability `p`, but never all of them. For tables.
///
/// ```
/// use relata_data::view::{Augment, drop_words};
///
/// assert_eq!(drop_words(0.1).describe().to_string(), "drop_words probability=0.1");
/// ```
pub fn drop_words(p: f64) -> DropWords {
    DropWords { probability: p }
}

impl Augment for DropWords {
    fn check(&self, shape: &FeatureShape) -> Result<()> {
        checks::table("drop_words", shape)?;
        checks::probability("drop_words", self.probability)
    }

    fn apply(&self, view: &mut View<'_>, rng: &mut Rng) {
        for text in texts(view) {
            change(text, |words| {
                let kept: Vec<&str> = words.iter().copied().filter(|_| !chance(rng, self.probability)).collect();
                if !kept.is_empty() {
                    *words = kept;
                }
            });
        }
    }

    fn describe(&self) -> Description {
        Description::of(self)
    }
}
