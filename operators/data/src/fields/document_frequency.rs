//! Document frequency: in how many texts each token occurs, from which its weight follows.

use relata_schemas::TokenBags;
use serde::{Deserialize, Serialize};

/// How many texts there are and how many of them have each token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentFrequency {
    texts: u64,
    /// One number a bucket.
    having: Vec<u32>,
}

impl Default for DocumentFrequency {
    fn default() -> Self {
        Self { texts: 0, having: vec![0; TokenBags::BUCKETS] }
    }
}

impl DocumentFrequency {
    /// Counts a text, given its tokens, which are sorted.
    pub(super) fn add(&mut self, tokens: &mut Vec<u32>) {
        tokens.sort_unstable();
        tokens.dedup();
        self.texts += 1;
        tokens.iter().for_each(|&token| self.having[token as usize] += 1);
    }

    /// Adds the counts of other texts.
    pub(super) fn merge(mut self, other: &Self) -> Self {
        self.texts += other.texts;
        self.having.iter_mut().zip(&other.having).for_each(|(own, other)| *own += other);
        self
    }

    /// The inverse document frequency of every token, as scikit-learn smooths it: `ln((1 + n) / (1 + having)) + 1`.
    pub(super) fn weights(&self) -> Vec<f32> {
        let weight = |&having: &u32| ((1.0 + self.texts as f64) / (1.0 + f64::from(having))).ln() + 1.0;
        self.having.iter().map(|having| weight(having) as f32).collect()
    }

    /// Whether there is a number for every bucket.
    pub(super) fn is_whole(&self) -> bool {
        self.having.len() == TokenBags::BUCKETS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_of_all_texts_weighs_least_and_one_of_none_most() {
        let mut frequency = DocumentFrequency::default();
        frequency.add(&mut vec![5, 5, 6]);
        frequency.add(&mut vec![5]);
        let twice = frequency.clone().merge(&frequency);
        let weights = twice.weights();
        assert_eq!((weights[5], weights[6]), (1.0, ((5.0f64 / 3.0).ln() + 1.0) as f32));
        assert_eq!(weights[7], (5.0f64.ln() + 1.0) as f32);
    }
}
