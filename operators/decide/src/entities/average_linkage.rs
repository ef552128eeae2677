//! Average linkage: clusters are merged while the mean log-odds between them stay above a threshold.

use serde::{Deserialize, Serialize};

use super::agglomeration::{Linkage, agglomerate};
use super::clustering::Clustering;
use super::evidence::Evidence;
use super::subproblem::solve_components;
use crate::error::{self, Result};

/// Agglomerative clustering by average linkage (UPGMA, Sokal and Michener 1958): merges the two clusters with the
/// highest mean log-odds over all pairs between them, unseen ones included, while that is at least the threshold.
///
/// ```
/// use relata_decide::entities::{AverageLinkage, Clustering, Evidence, ScoredPair};
///
/// let pair = |a, b, log_odds| ScoredPair { a, b, log_odds };
/// let evidence = Evidence::new(3, vec![pair(0, 1, 2.0), pair(1, 2, 3.0)])?.with_unseen(-4.0)?;
/// assert_eq!(AverageLinkage::new(0.0)?.entities(&evidence)?, [0, 1, 1]);
/// # Ok::<(), relata_decide::DecideError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AverageLinkage {
    threshold: f64,
}

impl AverageLinkage {
    /// The least mean log-odds, which has to be above those of an unseen pair: otherwise rows that were never compared
    /// would be merged.
    pub fn new(threshold: f64) -> Result<Self> {
        error::setting("threshold", threshold.is_finite(), "a finite number", threshold)?;
        Ok(Self { threshold })
    }
}

impl Clustering for AverageLinkage {
    fn entities(&self, evidence: &Evidence) -> Result<Vec<u32>> {
        let threshold = self.threshold;
        let expected = "more than the log-odds of an unseen pair";
        error::setting("threshold", threshold > evidence.unseen, expected, threshold)?;
        Ok(solve_components(
            evidence,
            |log_odds| log_odds >= threshold,
            |problem| {
                let alone: Vec<u32> = (0..problem.rows.len() as u32).collect();
                agglomerate(problem, &alone, Linkage::Average(threshold))
            },
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::super::evidence::ScoredPair;
    use super::*;

    #[test]
    fn the_threshold_is_one_of_the_mean() {
        let pair = |a, b, log_odds| ScoredPair { a, b, log_odds };
        let pairs = vec![pair(0, 1, 5.0), pair(0, 2, 3.0), pair(1, 2, -1.0)];
        let evidence = Evidence::new(4, pairs).unwrap().with_unseen(-2.0).unwrap();
        let at = |threshold| AverageLinkage::new(threshold).unwrap().entities(&evidence);
        assert_eq!(at(1.0).unwrap(), [0, 0, 0, 3]);
        assert_eq!(at(1.1).unwrap(), [0, 0, 2, 3]);
        assert!(at(-2.0).is_err() && AverageLinkage::new(f64::NAN).is_err());
    }

    #[test]
    fn constraints_hold() {
        let pair = |a, b, log_odds| ScoredPair { a, b, log_odds };
        let evidence = Evidence::new(4, vec![pair(0, 1, 5.0), pair(2, 3, 5.0)]).unwrap();
        let evidence = evidence.with_cannot_links(vec![(0, 1)]).unwrap().with_must_links(vec![(1, 2)]).unwrap();
        assert_eq!(AverageLinkage::new(0.5).unwrap().entities(&evidence).unwrap(), [0, 1, 1, 1]);
    }
}
