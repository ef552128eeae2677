//! Batches of samples as a model takes them: numbers, and the bags of tokens of texts.

use relata_schemas::TokenBags;

/// What of a table's texts goes into a batch. Vectors and images are numbers in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SampleContent {
    /// n-grams hashed into numbers, for encoders that read numbers only.
    #[default]
    Numbers,
    /// n-grams as bags of tokens; the numbers that they would be hashed into are 0.
    Bags,
}

/// Samples, one after another.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SampleBatch {
    /// The numbers of all samples, row by row.
    pub values: Vec<f32>,
    /// The bags of all samples; none unless they are rows of a table and bags were asked for.
    pub bags: TokenBags,
}

impl From<Vec<f32>> for SampleBatch {
    fn from(values: Vec<f32>) -> Self {
        Self { values, bags: TokenBags::default() }
    }
}

impl SampleBatch {
    /// Adds other samples.
    pub fn append(&mut self, other: Self) {
        self.values.extend_from_slice(&other.values);
        self.bags.append(&other.bags);
    }
}
