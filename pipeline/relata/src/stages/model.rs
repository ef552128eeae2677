//! Models: what maps samples to vectors once it is trained, solved for, or given.

use relata_data::sample_batch::{SampleBatch, SampleContent};
use relata_data::sink::AtomicFile;
use relata_data::source::Samples;
use relata_train::closed_form::Solution;
use relata_train::learner::{Head, Learner};

use super::round_embeddings::normalise;
use crate::error::Result;
use crate::store::write_embeddings;

/// What embeds samples.
pub(crate) enum Embedder {
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

    /// Embeds samples into a table of embeddings; returns the number of rows.
    pub fn write(&self, samples: &Samples, file: AtomicFile, on_rows: &mut dyn FnMut(u64)) -> Result<u64> {
        let embed = &mut |samples, rows| self.embed(samples, rows);
        Ok(write_embeddings(samples, file, (self.width(), self.content()), embed, on_rows)?)
    }

    /// The vectors of a few samples, one after the other, each of unit length.
    pub fn unit_vectors(&self, samples: &Samples) -> Result<Vec<f32>> {
        let (mut vectors, features) = (Vec::new(), samples.features.shape().len());
        for block in samples.features.scan(self.content())? {
            let block = block?;
            let rows = block.values.len() / features;
            vectors.extend(self.embed(block, rows));
        }
        vectors.chunks_exact_mut(self.width()).for_each(normalise);
        Ok(vectors)
    }

    fn embed(&self, samples: SampleBatch, rows: usize) -> Vec<f32> {
        match self {
            Self::Encoder { learner, head, .. } => learner.embed(samples, rows, *head),
            Self::Solution(solution) => solution.embed(&samples.values),
            Self::RawFeatures(_) => samples.values,
        }
    }

    fn content(&self) -> SampleContent {
        match self {
            Self::Encoder { learner, .. } => learner.content(),
            Self::Solution(_) | Self::RawFeatures(_) => SampleContent::Numbers,
        }
    }
}
