//! Random streams: one per (seed, purpose, numbers), so that results do not depend on thread timing.

use std::iter::once;

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

/// The generator that all of Relata draws from.
pub type Rng = Xoshiro256PlusPlus;

/// What a random stream is for. Streams of different purposes are independent, whatever the seed. The numbers are part
/// of every result: they never change, and the compiler refuses one that two purposes share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u64)]
#[non_exhaustive]
pub enum Purpose {
    /// Changes of samples: views of a batch.
    Views = u64::from_le_bytes(*b"views   "),
    /// The order of the training rows in an epoch.
    SamplerPermutation = 0x9e12,
    /// The positive pairs that a sampler puts into a batch.
    SamplerPairs = 0x9a12,
    /// The labelled rows that `same_value` keeps.
    LabelledRows = 0x1abe1,
    /// The pairs of groups on which oracles are compared.
    ComparedPairs = 0xc03fa2ed,
    /// Label noise: wrong relations.
    NoisyRelations = 0x2015e,
    /// Label noise: wrong answers.
    NoisyAnswers = 0x2015f,
    /// The seed that an annotator has by name.
    Annotator = 0x4a3ed,
    /// The order in which a page shows the candidates of a question.
    CandidateOrder = 0x9e250,
    /// The jitter between attempts to reach a service.
    RetryJitter = 0x2e712,
    /// The planner of a query loop.
    QueryPlanner = 0x7a11d,
    /// The pool that query strategies choose from.
    QueryPool = 0x9001,
    /// The centroids of an approximate search for the nearest rows.
    NearestRows = 0x2ea2e57,
    /// The strategy of random pairs.
    RandomPairs = 0x9a125,
    /// The strategy of unseen samples.
    FreshSamples = 0xf2e54,
    /// The strategy of diverse samples.
    DiverseSamples = 0xd17e,
    /// The strategy of representatives.
    Representatives = 0x2e925,
    /// The explorer of explore-and-consolidate.
    Explorer = 0xb0a2d,
    /// The spectral embedding of explore-and-consolidate.
    SpectralEmbedding = 0xec,
}

impl Purpose {
    /// The stream of `(seed, purpose, parts..)`.
    ///
    /// ```
    /// use rand::RngExt;
    /// use relata_data::seed::Purpose;
    ///
    /// let draw = |epoch| Purpose::Views.stream(7, &[epoch]).random::<u64>();
    /// assert_eq!(draw(1), draw(1));
    /// assert_ne!(draw(1), draw(2));
    /// ```
    pub fn stream(self, seed: u64, parts: &[u64]) -> Rng {
        seeded(seed, once(self as u64).chain(parts.iter().copied()))
    }
}

/// The stream of `(seed, parts..)` without a [`Purpose`], for generators that nothing else draws beside.
pub fn stream(seed: u64, parts: &[u64]) -> Rng {
    seeded(seed, parts.iter().copied())
}

/// Distinct parts give independent streams: a SplitMix64 finaliser over each part.
fn seeded(seed: u64, parts: impl Iterator<Item = u64>) -> Rng {
    let mut state = mix(seed ^ 0x9e37_79b9_7f4a_7c15);
    for part in parts {
        state = mix(state.wrapping_add(0x9e37_79b9_7f4a_7c15) ^ part);
    }
    Rng::seed_from_u64(state)
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;

    #[test]
    fn streams_repeat_and_differ() {
        let draw = |parts: &[u64]| stream(7, parts).random::<u64>();
        assert_eq!(draw(&[1, 2]), draw(&[1, 2]));
        assert_ne!(draw(&[1, 2]), draw(&[2, 1]));
        assert_ne!(draw(&[0]), draw(&[0, 0]));
    }

    #[test]
    fn the_number_of_a_purpose_is_the_first_part_of_its_stream() {
        let views = Purpose::Views.stream(7, &[1, 2]).random::<u64>();
        assert_eq!(views, stream(7, &[0x2020_2073_7765_6976, 1, 2]).random::<u64>());
        assert_ne!(views, Purpose::SamplerPairs.stream(7, &[1, 2]).random::<u64>());
    }
}
