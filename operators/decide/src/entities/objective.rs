//! The objective of correlation clustering: the total log-odds within entities.

use std::collections::BTreeMap;

use super::evidence::Evidence;
use crate::error::{self, Result};

/// The sum of log-odds over all pairs of rows in one entity, a pair that was not scored with the weight of unseen ones
/// (correlation clustering: Bansal, Blum and Chawla 2004). `entities` numbers the entity of each row, in any way. If
/// pairs were independent, this would be the log-likelihood of the partition but for a constant.
///
/// ```
/// use relata_decide::entities::{Evidence, ScoredPair, total_log_odds};
///
/// let evidence = Evidence::new(3, vec![ScoredPair { a: 0, b: 1, log_odds: 2.0 }])?.with_unseen(-0.5)?;
/// assert_eq!(total_log_odds(&evidence, &[0, 0, 0])?, 1.0);
/// assert_eq!(total_log_odds(&evidence, &[0, 0, 2])?, 2.0);
/// # Ok::<(), relata_decide::DecideError>(())
/// ```
pub fn total_log_odds(evidence: &Evidence, entities: &[u32]) -> Result<f64> {
    error::same_length("entities of rows", evidence.rows, entities.len())?;
    let together = |a: u32, b: u32| entities[a as usize] == entities[b as usize];
    let seen = evidence.pairs.iter().filter(|pair| together(pair.a, pair.b));
    let (log_odds, pairs) = seen.fold((0.0, 0.0), |(sum, count), pair| (sum + pair.log_odds, count + 1.0));
    let mut sizes = BTreeMap::<u32, f64>::new();
    entities.iter().for_each(|&entity| *sizes.entry(entity).or_default() += 1.0);
    let all: f64 = sizes.values().map(|size| size * (size - 1.0) / 2.0).sum();
    Ok(log_odds + evidence.unseen * (all - pairs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_to_fit() {
        let evidence = Evidence::new(2, vec![]).unwrap();
        assert!(total_log_odds(&evidence, &[0]).is_err());
        assert_eq!(total_log_odds(&evidence, &[9, 9]), Ok(-1.0));
        assert_eq!(total_log_odds(&Evidence::new(0, vec![]).unwrap(), &[]), Ok(0.0));
    }
}
