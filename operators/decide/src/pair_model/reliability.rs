//! Reliability diagram and expected calibration error: do pairs of probability 0.8 turn out related in 80 %?

use serde::{Deserialize, Serialize};

use crate::error::{self, DecideError, Result};
use crate::labelled_score::{LabelledScore, check};

/// How far predicted probabilities can be believed (Naeini, Cooper and Hauskrecht 2015; Guo et al. 2017).
///
/// ```
/// use relata_decide::labelled_score::LabelledScore;
/// use relata_decide::pair_model::Reliability;
///
/// let answers = [(0.9, true), (0.9, false), (0.1, false), (0.1, false)];
/// let found = Reliability::of(&answers.map(|(p, related)| LabelledScore::new(p, related)), 10)?;
/// assert!((found.expected_calibration_error - (0.5 * 0.4 + 0.5 * 0.1)).abs() < 1e-12);
/// # Ok::<(), relata_decide::DecideError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    /// The bins of the diagram, ascending, those without pairs among them.
    pub bins: Vec<ReliabilityBin>,
    /// The mean over pairs of the distance between mean probability and share of related ones in their bin.
    pub expected_calibration_error: f64,
    /// The largest of these distances over all bins.
    pub maximum_calibration_error: f64,
    /// The mean squared distance of probabilities from labels (Brier 1950).
    pub brier_score: f64,
}

/// The pairs of a range of probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// The least probability of the range.
    pub lower: f64,
    /// The end of the range, which belongs to the next one but for the last.
    pub upper: f64,
    /// The weight of its pairs.
    pub weight: f64,
    /// Their mean probability; nothing without pairs.
    pub mean_probability: Option<f64>,
    /// The share of them that is related; nothing without pairs.
    pub related: Option<f64>,
}

impl Reliability {
    /// Sorts pairs, whose scores are probabilities, into `bins` ranges of equal width.
    pub fn of(pairs: &[LabelledScore], bins: usize) -> Result<Self> {
        error::setting("bins", (1..=1_000_000).contains(&bins), "a number from 1 to 10^6", bins as f64)?;
        check(pairs)?;
        pairs.iter().enumerate().try_for_each(|(at, pair)| error::share("probability", at, pair.score))?;
        // Weight, and sums of probability and of label.
        let mut sums = vec![[0.0; 3]; bins];
        let (mut total, mut squares) = (0.0, 0.0);
        for pair in pairs {
            let bin = ((pair.score * bins as f64) as usize).min(bins - 1);
            let terms = [pair.weight, pair.weight * pair.score, pair.weight * pair.related];
            sums[bin].iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
            total += pair.weight;
            squares += pair.weight * (pair.score - pair.related).powi(2);
        }
        if total == 0.0 {
            return Err(DecideError::NoObservations);
        }
        let gaps = sums.iter().filter(|[weight, ..]| *weight > 0.0).map(|[w, p, related]| (w, (p - related).abs() / w));
        let expected_calibration_error = gaps.clone().map(|(weight, gap)| weight * gap).sum::<f64>() / total;
        let maximum_calibration_error = gaps.map(|(_, gap)| gap).fold(0.0, f64::max);
        let edge = |at: usize| at as f64 / bins as f64;
        let bins = sums.iter().enumerate().map(|(at, &[weight, probability, related])| {
            let mean = |sum: f64| (weight > 0.0).then(|| sum / weight);
            let (mean_probability, related) = (mean(probability), mean(related));
            ReliabilityBin { lower: edge(at), upper: edge(at + 1), weight, mean_probability, related }
        });
        let bins = bins.collect();
        Ok(Self { bins, expected_calibration_error, maximum_calibration_error, brier_score: squares / total })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calibrated_probabilities_have_no_error() {
        let pairs: Vec<_> = (0..100).map(|at| LabelledScore::new(0.25, at % 4 == 0)).collect();
        let found = Reliability::of(&pairs, 5).unwrap();
        assert!(found.expected_calibration_error < 1e-12 && found.maximum_calibration_error < 1e-12);
        assert!((found.brier_score - 0.1875).abs() < 1e-12);
        assert_eq!(found.bins[1].related, Some(0.25));
        assert_eq!(found.bins[0].mean_probability, None);
        assert_eq!(found.bins.iter().map(|bin| bin.weight).sum::<f64>(), 100.0);
    }

    #[test]
    fn weights_and_edges() {
        let at = |score, related, weight| LabelledScore { weight, ..LabelledScore::new(score, related) };
        let found = Reliability::of(&[at(1.0, true, 3.0), at(0.0, true, 1.0), at(0.5, true, 0.0)], 2).unwrap();
        assert!((found.expected_calibration_error - 0.25).abs() < 1e-12);
        assert_eq!(found.maximum_calibration_error, 1.0);
        assert_eq!((found.bins[0].weight, found.bins[1].weight), (1.0, 3.0));
    }

    #[test]
    fn what_is_no_probability_is_refused() {
        assert_eq!(Reliability::of(&[], 3), Err(DecideError::NoObservations));
        assert!(Reliability::of(&[LabelledScore::new(1.2, true)], 3).is_err());
        assert!(Reliability::of(&[LabelledScore::new(f64::NAN, true)], 3).is_err());
        assert!(Reliability::of(&[LabelledScore::new(0.2, true)], 0).is_err());
    }
}
