//! Isotonic regression: probabilities that rise with a score, of whatever shape.

use serde::{Deserialize, Serialize};

use crate::error::{DecideError, Result};
use crate::labelled_score::{LabelledScore, ascending, check};

/// Isotonic calibration (Zadrozny and Elkan 2002): the non-decreasing step function of least weighted squared error, by
/// pool adjacent violators (Ayer et al. 1955). Between the centres of its blocks, which are the weighted means of their
/// scores, probabilities are interpolated; before the first and after the last centre they stay.
///
/// ```
/// use relata_decide::labelled_score::LabelledScore;
/// use relata_decide::pair_model::Isotonic;
///
/// let answers = [(0.1, false), (0.3, true), (0.4, false), (0.9, true)];
/// let model = Isotonic::fit(&answers.map(|(score, related)| LabelledScore::new(score, related)))?;
/// assert_eq!((model.probability(0.0), model.probability(0.35), model.probability(1.0)), (0.0, 0.5, 1.0));
/// # Ok::<(), relata_decide::DecideError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<(f64, f64)>", into = "Vec<(f64, f64)>")]
pub struct Isotonic {
    /// Centre and probability of each block, both ascending; at least one.
    blocks: Vec<(f64, f64)>,
}

impl Isotonic {
    /// Fits to labelled scores; pairs without weight are passed over.
    pub fn fit(pairs: &[LabelledScore]) -> Result<Self> {
        check(pairs)?;
        let mut blocks: Vec<Block> = Vec::new();
        let sorted = ascending(pairs);
        // Pairs of one score have one probability.
        for same in sorted.chunk_by(|a, b| a.score == b.score) {
            let weight = same.iter().map(|pair| pair.weight).sum();
            let related = same.iter().map(|pair| pair.weight * pair.related).sum();
            let mut block = Block { centre: same[0].score, weight, related };
            while let Some(before) = blocks.pop_if(|before| before.share() >= block.share()) {
                block = before.joined(block);
            }
            blocks.push(block);
        }
        let blocks: Vec<_> = blocks.iter().map(|block| (block.centre, block.share())).collect();
        if blocks.is_empty() { Err(DecideError::NoObservations) } else { Ok(Self { blocks }) }
    }

    /// The probability at a score; NaN at a score that is NaN.
    pub fn probability(&self, score: f64) -> f64 {
        if score.is_nan() {
            return score;
        }
        let after = self.blocks.partition_point(|block| block.0 <= score);
        let before = after.checked_sub(1).and_then(|before| self.blocks.get(before));
        match (before, self.blocks.get(after)) {
            (Some(a), Some(b)) => {
                let way = (score - a.0) / (b.0 - a.0);
                // A convex combination cannot leave the two values, whatever is rounded; an overflow is halfway.
                let way = if way.is_finite() { way.clamp(0.0, 1.0) } else { 0.5 };
                a.1 * (1.0 - way) + b.1 * way
            }
            (Some(end), None) | (None, Some(end)) => end.1,
            (None, None) => f64::NAN,
        }
    }

    /// The centre and the probability of each block, ascending.
    pub fn blocks(&self) -> &[(f64, f64)] {
        &self.blocks
    }
}

impl TryFrom<Vec<(f64, f64)>> for Isotonic {
    type Error = DecideError;

    /// Reads [`blocks`](Self::blocks) back: finite, with ascending centres and non-decreasing probabilities.
    fn try_from(blocks: Vec<(f64, f64)>) -> Result<Self> {
        for (position, &(centre, probability)) in blocks.iter().enumerate() {
            crate::error::finite("centre of a block", position, centre)?;
            crate::error::share("probability of a block", position, probability)?;
        }
        let rises = |pair: &[(f64, f64)]| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1;
        match blocks.windows(2).position(|pair| !rises(pair)) {
            Some(at) => {
                let expected = "more than the one before";
                Err(DecideError::Value { what: "block", position: at + 1, expected, found: blocks[at + 1].0 })
            }
            None if blocks.is_empty() => Err(DecideError::NoObservations),
            None => Ok(Self { blocks }),
        }
    }
}

impl From<Isotonic> for Vec<(f64, f64)> {
    fn from(model: Isotonic) -> Self {
        model.blocks
    }
}

/// Neighbouring scores of one probability.
#[derive(Debug, Clone, Copy)]
struct Block {
    centre: f64,
    weight: f64,
    related: f64,
}

impl Block {
    fn share(&self) -> f64 {
        (self.related / self.weight).clamp(0.0, 1.0)
    }

    fn joined(self, after: Self) -> Self {
        let weight = self.weight + after.weight;
        let way = after.weight / weight;
        let centre = self.centre * (1.0 - way) + after.centre * way;
        Self { centre, weight, related: self.related + after.related }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The max-min formula: the value at i is the largest over j <= i of the least over k >= i of the mean of j..=k.
    fn reference(sorted: &[LabelledScore]) -> Vec<f64> {
        let mean = |part: &[LabelledScore]| {
            part.iter().map(|o| o.weight * o.related).sum::<f64>() / part.iter().map(|o| o.weight).sum::<f64>()
        };
        let least = |j: usize, i: usize| (i..sorted.len()).map(|k| mean(&sorted[j..=k])).fold(f64::INFINITY, f64::min);
        (0..sorted.len()).map(|i| (0..=i).map(|j| least(j, i)).fold(0.0, f64::max)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_is_the_max_min_formula(rows in prop::collection::vec((0.0..1.0f64, 0.1..3.0f64), 1..40)) {
            // Distinct scores, so that each row has a value of its own.
            let score = |at: usize| at as f64;
            let pairs: Vec<_> = rows.iter().enumerate()
                .map(|(at, &(related, weight))| LabelledScore { score: score(at), related, weight })
                .collect();
            let model = Isotonic::fit(&pairs).unwrap();
            let expected = reference(&pairs);
            for &(centre, probability) in model.blocks() {
                // A centre lies between the scores of its block, which all have its value.
                let inside = expected[centre.floor() as usize];
                prop_assert!((probability - inside).abs() < 1e-9, "{} {}", probability, inside);
            }
            let distinct = expected.chunk_by(|a, b| (a - b).abs() < 1e-9).count();
            prop_assert_eq!(model.blocks().len(), distinct);
        }

        #[test]
        fn it_never_falls(
            rows in prop::collection::vec((-5i32..5, any::<bool>(), 0u8..3), 1..40),
            scores in prop::collection::vec(-9.0..9.0f64, 20),
        ) {
            let pairs: Vec<_> = rows.iter()
                .map(|&(score, related, weight)| LabelledScore {
                    weight: f64::from(weight), ..LabelledScore::new(f64::from(score), related)
                })
                .collect();
            if let Ok(model) = Isotonic::fit(&pairs) {
                let mut scores = scores;
                scores.sort_by(f64::total_cmp);
                let found: Vec<_> = scores.iter().map(|&score| model.probability(score)).collect();
                prop_assert!(found.is_sorted() && found.iter().all(|p| (0.0..=1.0).contains(p)));
                let text = serde_json::to_string(&model).unwrap();
                prop_assert_eq!(serde_json::from_str::<Isotonic>(&text).unwrap(), model);
            } else {
                prop_assert!(rows.iter().all(|row| row.2 == 0));
            }
        }
    }

    #[test]
    fn degenerate_input() {
        assert_eq!(Isotonic::fit(&[]), Err(DecideError::NoObservations));
        assert!(Isotonic::fit(&[LabelledScore::new(f64::NAN, true)]).is_err());
        let one = Isotonic::fit(&[LabelledScore::new(0.5, true)]).unwrap();
        assert_eq!((one.probability(-1e308), one.probability(f64::INFINITY)), (1.0, 1.0));
        assert!(one.probability(f64::NAN).is_nan());
        assert!(serde_json::from_str::<Isotonic>("[]").is_err());
        assert!(serde_json::from_str::<Isotonic>("[[0.5, 0.2], [0.4, 0.3]]").is_err());
        let wide = Isotonic::fit(&[LabelledScore::new(-1.7e308, false), LabelledScore::new(1.7e308, true)]).unwrap();
        assert!((0.0..=1.0).contains(&wide.probability(0.0)));
    }
}
