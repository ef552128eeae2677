//! Average precision: how well scores rank related pairs before unrelated ones.

use crate::error::Result;
use crate::labelled_score::{LabelledScore, ascending, check};

/// Average precision, `sum((recall_k - recall_(k-1)) precision_k)` over falling thresholds, without interpolation.
/// Pairs of one score enter together, so that their order does not matter. Nothing if no pair is related. Related pairs
/// that were never scored are not counted: it says how good the ranking is, not what blocking lost.
///
/// ```
/// use relata_decide::evaluation::average_precision;
/// use relata_decide::labelled_score::LabelledScore;
///
/// let pairs = [(0.9, true), (0.8, false), (0.7, true)];
/// let found = average_precision(&pairs.map(|(score, related)| LabelledScore::new(score, related)))?;
/// assert!((found.unwrap() - (1.0 + 2.0 / 3.0) / 2.0).abs() < 1e-12);
/// # Ok::<(), relata_decide::DecideError>(())
/// ```
pub fn average_precision(pairs: &[LabelledScore]) -> Result<Option<f64>> {
    check(pairs)?;
    let mut sorted = ascending(pairs);
    sorted.reverse();
    let (mut all, mut related, mut sum) = (0.0, 0.0, 0.0);
    for same in sorted.chunk_by(|a, b| a.score == b.score) {
        all += same.iter().map(|pair| pair.weight).sum::<f64>();
        let more: f64 = same.iter().map(|pair| pair.weight * pair.related).sum();
        related += more;
        sum += more * related / all;
    }
    Ok((related > 0.0).then(|| sum / related))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_is_the_mean_precision_at_related_pairs(
            rows in prop::collection::vec((0i32..8, any::<bool>(), 1u8..4), 1..40),
        ) {
            let pairs: Vec<_> = rows.iter()
                .map(|&(score, related, weight)| LabelledScore {
                    weight: f64::from(weight), ..LabelledScore::new(f64::from(score), related)
                })
                .collect();
            let at_least = |score: f64| {
                let above = pairs.iter().filter(|pair| pair.score >= score);
                let sums = above.fold((0.0, 0.0), |(hits, all), p| (hits + p.weight * p.related, all + p.weight));
                sums.0 / sums.1
            };
            let total: f64 = pairs.iter().map(|pair| pair.weight * pair.related).sum();
            let sum: f64 = pairs.iter().map(|pair| pair.weight * pair.related * at_least(pair.score)).sum();
            let found = average_precision(&pairs).unwrap();
            prop_assert_eq!(found.is_none(), total == 0.0);
            prop_assert!(found.is_none_or(|found| (found - sum / total).abs() < 1e-9));
        }
    }

    #[test]
    fn degenerate_input() {
        assert_eq!(average_precision(&[]), Ok(None));
        assert_eq!(average_precision(&[LabelledScore::new(0.3, true)]), Ok(Some(1.0)));
        assert!(average_precision(&[LabelledScore::new(f64::NAN, true)]).is_err());
    }
}
