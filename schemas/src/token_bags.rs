//! Token bags: the hashed n-grams of texts, sample by sample: what an encoder of tables reads beside numbers.

/// Tokens and their weights, bag by bag: every sample has `per_sample` bags, one for each of its texts. The bags of all
/// samples lie one after another, sample by sample.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TokenBags {
    /// Bags of a sample.
    pub per_sample: usize,
    /// Where each bag ends among the tokens; it begins where the one before ends.
    pub ends: Vec<u32>,
    /// Numbers of tokens, below [`TokenBags::BUCKETS`].
    pub tokens: Vec<u32>,
    /// The weight of each token in its bag; the squares of a bag's weights add up to 1.
    pub weights: Vec<f32>,
}

impl TokenBags {
    /// The number of buckets that n-grams are hashed into; bucket 0 is that of a text that is not there.
    pub const BUCKETS: usize = 1 << 14;

    /// No bags yet, of samples that have `per_sample` each.
    ///
    /// ```
    /// use relata_schemas::TokenBags;
    ///
    /// let mut bags = TokenBags::new(1);
    /// bags.push(&[3, 4], |_| 1.0);
    /// bags.push(&[], |_| 1.0);
    /// assert_eq!((bags.bag(0).0, bags.bag(1).0), (&[3, 4][..], &[0][..]));
    /// assert_eq!(bags.slice(1, 2).bag(0), (&[0][..], &[1.0][..]));
    /// ```
    pub fn new(per_sample: usize) -> Self {
        Self { per_sample, ..Self::default() }
    }

    /// The number of bags.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no bag.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The tokens and the weights of a bag.
    pub fn bag(&self, bag: usize) -> (&[u32], &[f32]) {
        let start = self.start(bag);
        let end = self.ends[bag] as usize;
        (&self.tokens[start..end], &self.weights[start..end])
    }

    /// Adds a bag of these tokens, each with its weight; without tokens it is that of a missing text. The weights are
    /// scaled so that their squares add up to 1.
    pub fn push(&mut self, tokens: &[u32], weight: impl Fn(u32) -> f32) {
        let tokens = if tokens.is_empty() { &[0] } else { tokens };
        let start = self.weights.len();
        self.tokens.extend_from_slice(tokens);
        self.weights.extend(tokens.iter().map(|&token| weight(token)));
        let weights = &mut self.weights[start..];
        let norm = weights.iter().map(|weight| weight * weight).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        weights.iter_mut().for_each(|weight| *weight /= norm);
        self.ends.push(self.tokens.len() as u32);
    }

    /// The bags of the samples from `start` up to `end`.
    pub fn slice(&self, start: usize, end: usize) -> Self {
        let bags = start * self.per_sample..end * self.per_sample;
        let first = self.start(bags.start);
        let last = bags.end.checked_sub(1).map_or(0, |bag| self.ends.get(bag).map_or(0, |&end| end as usize));
        let tokens = first..last.max(first);
        Self {
            per_sample: self.per_sample,
            ends: self.ends[bags].iter().map(|end| end - first as u32).collect(),
            tokens: self.tokens[tokens.clone()].to_vec(),
            weights: self.weights[tokens].to_vec(),
        }
    }

    /// Adds the bags of other samples.
    pub fn append(&mut self, other: &Self) {
        let before = self.tokens.len() as u32;
        self.ends.extend(other.ends.iter().map(|end| end + before));
        self.tokens.extend_from_slice(&other.tokens);
        self.weights.extend_from_slice(&other.weights);
    }

    fn start(&self, bag: usize) -> usize {
        bag.checked_sub(1).map_or(0, |before| self.ends[before] as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_put_together_are_the_whole() {
        let mut bags = TokenBags::new(2);
        for tokens in [&[1, 2][..], &[], &[7], &[8, 8, 9], &[5], &[6]] {
            bags.push(tokens, |token| token as f32 + 1.0);
        }
        for cut in 0..=3 {
            let mut joined = bags.slice(0, cut);
            joined.append(&bags.slice(cut, 3));
            assert_eq!(joined, bags, "{cut}");
        }
        let squares = |bag: usize| bags.bag(bag).1.iter().map(|weight| weight * weight).sum::<f32>();
        assert!((0..bags.len()).all(|bag| (squares(bag) - 1.0).abs() < 1e-6));
    }
}
