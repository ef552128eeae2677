//! Models: what maps samples to vectors once it is trained, solved for, or given.

use std::path::Path;

use relata_data::sample_batch::{SampleBatch, SampleContent};
use relata_data::source::Samples;
use relata_train::closed_form::Solution;
use relata_train::learner::{Head, Learner};

use crate::error::Result;
use crate::store::write_embeddings;

/// What embeds samples.
pub(super) enum Embedder {
    /// A trained encoder, the width of its vectors and where they are taken.
    Encoder { learner: Box<dyn Learner>, width: usize, head: Head },
    /// The optimum of a closed form.
    Solution(Solution),
    /// The features as they are, and how many.
    RawFeatures(usize),
}

impl Embedder {
    /// Numbers per vector.
    pub fn width(&self) -> usize {
        match self {
            Self::Encoder { width, .. } => *width,
            Self::Solution(solution) => solution.width(),
            Self::RawFeatures(width) => *width,
        }
    }

    /// Embeds samples into a table of embeddings at `path`; returns the number of rows.
    pub fn write(&self, samples: &Samples, path: &Path, on_rows: &mut dyn FnMut(u64)) -> Result<u64> {
        let embed: &mut dyn FnMut(SampleBatch, usize) -> Vec<f32> = match self {
            Self::Encoder { learner, head, .. } => &mut |samples, rows| learner.embed(samples, rows, *head),
            Self::Solution(solution) => &mut |samples, _| solution.embed(&samples.values),
            Self::RawFeatures(_) => &mut |samples, _| samples.values,
        };
        let content = match self {
            Self::Encoder { learner, .. } => learner.content(),
            Self::Solution(_) | Self::RawFeatures(_) => SampleContent::Numbers,
        };
        Ok(write_embeddings(samples, path, (self.width(), content), embed, on_rows)?)
    }
}
