//! Noise (label noise): mistakes in what oracles state. What becomes of a relation depends on the seed and the relation
//! alone, so that it is the same in whatever order a join delivers pairs.

use rand::RngExt;
use relata_data::index::SampleId;
use relata_data::seed::{Purpose, Rng};
use twox_hash::XxHash64;

/// Mistakes with a certain probability.
#[derive(Debug, Clone, Copy)]
pub(super) struct Noise {
    /// The probability, in [0, 1].
    pub rate: f64,
    /// The seed.
    pub seed: u64,
    /// How many others surround it: they make mistakes of their own.
    pub depth: u64,
}

/// What a mistake is about.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Edge,
    Member,
    CannotLink,
}

impl Noise {
    /// Whether the sign of this edge is wrong.
    pub fn edge(&self, rel: &str, a: SampleId, b: SampleId) -> bool {
        self.stream(Kind::Edge, rel, a.min(b).0, a.max(b).0).random_bool(self.rate)
    }

    /// The group that a member is wrongly put into, if it is.
    pub fn member(&self, rel: &str, id: SampleId, groups: &[u64]) -> Option<u64> {
        let mut rng = self.stream(Kind::Member, rel, id.0, 0);
        (rng.random_bool(self.rate) && !groups.is_empty()).then(|| groups[rng.random_range(0..groups.len())])
    }

    /// The groups of a cannot-link (the smaller first), one of which may be another instead.
    pub fn cannot_link(&self, rel: &str, a: u64, b: u64, groups: &[u64]) -> (u64, u64) {
        let mut rng = self.stream(Kind::CannotLink, rel, a, b);
        if !rng.random_bool(self.rate) || groups.is_empty() {
            return (a, b);
        }
        let drawn = groups[rng.random_range(0..groups.len())];
        if rng.random_bool(0.5) { (drawn, b) } else { (a, drawn) }
    }

    fn stream(&self, kind: Kind, rel: &str, a: u64, b: u64) -> Rng {
        let rel = XxHash64::oneshot(0, rel.as_bytes());
        Purpose::NoisyRelations.stream(self.seed, &[self.depth, kind as u64, rel, a, b])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOISE: Noise = Noise { rate: 0.3, seed: 5, depth: 0 };

    fn edge(noise: &Noise, rel: &str, a: u64, b: u64) -> bool {
        noise.edge(rel, SampleId(a), SampleId(b))
    }

    #[test]
    fn mistakes_have_their_rate_and_depend_on_the_pair_alone() {
        let wrong: Vec<bool> = (0..10_000).map(|at| edge(&NOISE, "rule", at, at + 7)).collect();
        // Four standard deviations are 0.018.
        let share = wrong.iter().filter(|wrong| **wrong).count() as f64 / 1e4;
        assert!((share - 0.3).abs() < 0.018, "{share}");
        assert!((0..10_000).rev().all(|at| edge(&NOISE, "rule", at + 7, at) == wrong[at as usize]));
        let others = [("other", NOISE), ("rule", Noise { depth: 1, ..NOISE }), ("rule", Noise { seed: 6, ..NOISE })];
        for (rel, noise) in others {
            let same = (0..10_000).filter(|&at| edge(&noise, rel, at, at + 7) == wrong[at as usize]).count();
            // Independent mistakes agree in 0.3^2 + 0.7^2 of the pairs.
            assert!((same as f64 / 1e4 - 0.58).abs() < 0.02, "{same}");
        }
    }

    #[test]
    fn groups_are_drawn_among_those_there_are() {
        let certain = Noise { rate: 1.0, ..NOISE };
        assert!((0..100).all(|id| matches!(certain.member("label", SampleId(id), &[3, 8]), Some(3 | 8))));
        assert_eq!(
            (certain.member("label", SampleId(1), &[]), certain.cannot_link("label", 1, 2, &[])),
            (None, (1, 2))
        );
        let never = Noise { rate: 0.0, ..NOISE };
        assert_eq!((never.member("label", SampleId(1), &[3]), never.cannot_link("label", 1, 2, &[9])), (None, (1, 2)));
        let (a, b) = certain.cannot_link("label", 1, 2, &[9]);
        assert!((a, b) == (9, 2) || (a, b) == (1, 9));
    }
}
