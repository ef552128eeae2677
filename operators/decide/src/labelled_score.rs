//! Labelled scores: what a model says about pairs, beside what is known of them.

use serde::{Deserialize, Serialize};

use crate::error::{self, Result};

/// A scored pair of which it is known whether its records are the same entity. Calibration, thresholds and average
/// precision are learned from these.
///
/// ```
/// use relata_decide::labelled_score::LabelledScore;
///
/// let answer = LabelledScore::new(0.8, true);
/// assert_eq!((answer.score, answer.related, answer.weight), (0.8, 1.0, 1.0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LabelledScore {
    /// What the model says, a probability or any other finite number that is larger the more alike two records are.
    pub score: f64,
    /// Whether the records are the same entity: 0 or 1, or a share where annotators disagree.
    pub related: f64,
    /// How much the pair counts, at least 0, such as the number of pairs that it stands for in a sample.
    pub weight: f64,
}

impl LabelledScore {
    /// A pair that counts once.
    pub fn new(score: f64, related: bool) -> Self {
        Self { score, related: f64::from(u8::from(related)), weight: 1.0 }
    }
}

/// Refuses scores that are not finite, labels outside of [0, 1], and weights that are negative or not finite.
pub(crate) fn check(pairs: &[LabelledScore]) -> Result<()> {
    pairs.iter().enumerate().try_for_each(|(position, pair)| {
        error::finite("score", position, pair.score)?;
        error::share("label", position, pair.related)?;
        error::weight(position, pair.weight)
    })
}

/// The pairs that count, by ascending score; pairs of one score stay in their order.
pub(crate) fn ascending(pairs: &[LabelledScore]) -> Vec<LabelledScore> {
    let mut sorted: Vec<_> = pairs.iter().copied().filter(|pair| pair.weight > 0.0).collect();
    sorted.sort_by(|a, b| a.score.total_cmp(&b.score));
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_refused_with_its_position() {
        let good = LabelledScore::new(0.5, true);
        let check_second = |bad| check(&[good, bad]).map_err(|problem| problem.to_string());
        assert_eq!(check_second(good), Ok(()));
        let score = check_second(LabelledScore { score: f64::NAN, ..good });
        assert_eq!(score, Err("score 1: expected a finite number, found NaN".to_owned()));
        assert!(check_second(LabelledScore { related: 1.5, ..good }).is_err());
        assert!(check_second(LabelledScore { related: f64::NAN, ..good }).is_err());
        assert!(check_second(LabelledScore { weight: -1.0, ..good }).is_err());
        assert!(check_second(LabelledScore { weight: f64::INFINITY, ..good }).is_err());
    }

    #[test]
    fn pairs_without_weight_are_left_out() {
        let pairs =
            [(0.7, 1.0), (0.2, 0.0), (0.1, 2.0)].map(|(score, weight)| LabelledScore { score, related: 1.0, weight });
        assert_eq!(ascending(&pairs), [pairs[2], pairs[0]]);
    }
}
