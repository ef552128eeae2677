//! Heads: which output of a model is the embedding.

use serde::{Deserialize, Serialize};

/// Which output is the embedding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Head {
    /// The encoder's output.
    #[default]
    Encoder,
    /// The projector's output, which the loss sees.
    Projector,
}
