//! Threshold: from which score on two records are decided to be the same entity.

use serde::{Deserialize, Serialize};

use crate::error::{self, Result};
use crate::evaluation::Interval;
use crate::labelled_score::{LabelledScore, ascending, check};

/// What a threshold is chosen for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ThresholdRule {
    /// As much recall as there is while the precision on the labelled pairs is at least this. With few pairs, new ones
    /// can turn out worse: [`ConfidentPrecision`](Self::ConfidentPrecision) is the promise.
    Precision(f64),
    /// The same with the lower end of the 95 % interval of the precision (Wilson, with the effective number of pairs
    /// where they are weighted). It is an interval for one threshold that was fixed beforehand: looking for the best of
    /// many still favours lucky ones a little.
    ConfidentPrecision(f64),
    /// The greatest F1, the harmonic mean of precision and recall.
    MaximumF1,
    /// The least total cost of mistakes.
    LeastCost {
        /// What it costs to join two records that are different, at least 0.
        false_match: f64,
        /// What it costs to leave two records apart that are the same, at least 0.
        missed_match: f64,
    },
}

/// A threshold, and what it does to the labelled pairs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// Pairs of this score or more are decided to be the same entity. It is a score that a labelled pair has.
    pub score: f64,
    /// The share of the decided pairs that is related.
    pub precision: Interval,
    /// The share of the related pairs that is decided; 0 if there are none.
    pub recall: f64,
    /// The harmonic mean of both.
    pub f1: f64,
}

impl Threshold {
    /// Chooses a threshold from labelled, weighted pairs. Nothing if it is best to decide that no two records are the
    /// same, as where no threshold is precise enough. Of thresholds that are equally good, the highest is chosen; for a
    /// precision, the lowest that has it.
    ///
    /// ```
    /// use relata_decide::labelled_score::LabelledScore;
    /// use relata_decide::threshold::{Threshold, ThresholdRule};
    ///
    /// let answers = [(0.9, true), (0.8, true), (0.7, false), (0.6, true), (0.1, false)];
    /// let pairs = answers.map(|(score, related)| LabelledScore::new(score, related));
    /// let score = |rule| Threshold::choose(&pairs, rule).map(|found| found.map(|threshold| threshold.score));
    /// assert_eq!(score(ThresholdRule::Precision(0.9))?, Some(0.8));
    /// assert_eq!(score(ThresholdRule::ConfidentPrecision(0.9))?, None, "two pairs promise little");
    /// assert_eq!(score(ThresholdRule::MaximumF1)?, Some(0.6));
    /// # Ok::<(), relata_decide::DecideError>(())
    /// ```
    pub fn choose(pairs: &[LabelledScore], rule: ThresholdRule) -> Result<Option<Self>> {
        check(pairs)?;
        rule.check()?;
        let mut sorted = ascending(pairs);
        sorted.reverse();
        let true_weight: f64 = sorted.iter().map(|pair| pair.weight * pair.related).sum();
        let mut decided = Decided::default();
        // To decide nothing gains nothing.
        let mut best = rule.gain(&decided, true_weight, 0.0).map(|gain| (gain, None));
        for same in sorted.chunk_by(|a, b| a.score == b.score) {
            same.iter().for_each(|pair| decided.add(pair));
            let precision = decided.precision()?;
            let bound =
                if let ThresholdRule::ConfidentPrecision(_) = rule { precision.lower } else { precision.estimate };
            let Some(gain) = rule.gain(&decided, true_weight, bound) else { continue };
            let prefers_low = matches!(rule, ThresholdRule::Precision(_) | ThresholdRule::ConfidentPrecision(_));
            if best.is_none_or(|(before, _)| gain > before || (prefers_low && gain == before)) {
                let recall = if true_weight > 0.0 { (decided.related / true_weight).min(1.0) } else { 0.0 };
                let f1 = decided.f1(true_weight);
                best = Some((gain, Some(Self { score: same[0].score, precision, recall, f1 })));
            }
        }
        Ok(best.and_then(|(_, threshold)| threshold))
    }
}

impl ThresholdRule {
    /// Refuses precisions outside of [0, 1] and costs below 0.
    pub fn check(self) -> Result<()> {
        let cost = |name, cost: f64| error::setting(name, cost >= 0.0 && cost.is_finite(), "a finite cost", cost);
        match self {
            Self::Precision(least) | Self::ConfidentPrecision(least) => {
                error::setting("precision", (0.0..=1.0).contains(&least), "a number from 0 to 1", least)
            }
            Self::MaximumF1 => Ok(()),
            Self::LeastCost { false_match, missed_match } => {
                cost("false_match", false_match)?;
                cost("missed_match", missed_match)
            }
        }
    }

    /// How good it is to decide these pairs; nothing if that breaks the rule.
    fn gain(self, decided: &Decided, true_weight: f64, precision: f64) -> Option<f64> {
        match self {
            Self::Precision(least) | Self::ConfidentPrecision(least) => {
                (decided.weight == 0.0 || precision >= least).then_some(decided.related)
            }
            Self::MaximumF1 => Some(decided.f1(true_weight)),
            Self::LeastCost { false_match, missed_match } => {
                let missed = true_weight - decided.related;
                Some(-(false_match * (decided.weight - decided.related) + missed_match * missed))
            }
        }
    }
}

/// The pairs above a threshold.
#[derive(Debug, Clone, Copy, Default)]
struct Decided {
    weight: f64,
    related: f64,
    squares: f64,
}

impl Decided {
    fn add(&mut self, pair: &LabelledScore) {
        self.weight += pair.weight;
        self.related += pair.weight * pair.related;
        self.squares += pair.weight * pair.weight;
    }

    fn precision(&self) -> Result<Interval> {
        Interval::wilson((self.related / self.weight).min(1.0), Interval::effective_size(self.weight, self.squares))
    }

    /// 0 if nothing is decided or related.
    fn f1(&self, true_weight: f64) -> f64 {
        let both = self.weight + true_weight;
        if both > 0.0 { 2.0 * self.related / both } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn choose(pairs: &[LabelledScore], rule: ThresholdRule) -> Option<Threshold> {
        Threshold::choose(pairs, rule).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_other_threshold_is_better(
            rows in prop::collection::vec((0i32..9, any::<bool>(), 0u8..4), 0..40),
            least in 0.0..=1.0f64,
            false_match in 0.0..5.0f64,
        ) {
            let pairs: Vec<_> = rows.iter()
                .map(|&(score, related, weight)| LabelledScore {
                    weight: f64::from(weight), ..LabelledScore::new(f64::from(score), related)
                })
                .collect();
            // (weight, related, missed) above each score.
            let at = |score: f64| {
                let sum = |above: bool, related: bool| pairs.iter()
                    .filter(|pair| (pair.score >= score) == above && (!related || pair.related == 1.0))
                    .map(|pair| pair.weight).sum::<f64>();
                (sum(true, false), sum(true, true), sum(false, true))
            };
            let score = |found: Option<Threshold>| found.map_or(f64::INFINITY, |found| found.score);
            let f1 = |score| { let (all, hits, missed) = at(score); 2.0 * hits / (all + hits + missed).max(1e-9) };
            let cost = |score| { let (all, hits, missed) = at(score); false_match * (all - hits) + 2.0 * missed };
            let costs = ThresholdRule::LeastCost { false_match, missed_match: 2.0 };
            let (best_f1, cheapest) = (score(choose(&pairs, ThresholdRule::MaximumF1)), score(choose(&pairs, costs)));
            let precise = choose(&pairs, ThresholdRule::Precision(least));
            if let Some(precise) = precise {
                let (all, hits, missed) = at(precise.score);
                prop_assert!(hits / all >= least - 1e-12 && (precise.precision.estimate - hits / all).abs() < 1e-12);
                prop_assert!((precise.recall - hits / (hits + missed).max(1e-9)).abs() < 1e-9);
            }
            for other in (0..10).map(f64::from) {
                prop_assert!(f1(best_f1) >= f1(other) - 1e-12);
                prop_assert!(cost(cheapest) <= cost(other) + 1e-12);
                let (all, hits, _) = at(other);
                prop_assert!(all == 0.0 || hits / all < least || hits <= at(score(precise)).1 + 1e-12);
            }
        }
    }

    #[test]
    fn a_promise_needs_more_pairs() {
        let pairs: Vec<_> = (0..400).map(|at| LabelledScore::new(f64::from(at), at >= 200)).collect();
        assert_eq!(choose(&pairs, ThresholdRule::Precision(0.98)).unwrap().score, 196.0);
        let confident = choose(&pairs, ThresholdRule::ConfidentPrecision(0.98)).unwrap();
        assert!(confident.score == 200.0 && confident.precision.lower >= 0.98, "{confident:?}");
        // As many pairs of very different weights are worth less.
        let weighted: Vec<_> = pairs
            .iter()
            .map(|pair| LabelledScore { weight: if pair.score == 399.0 { 1e4 } else { 1.0 }, ..*pair })
            .collect();
        assert_eq!(choose(&weighted, ThresholdRule::ConfidentPrecision(0.98)), None);
    }

    #[test]
    fn degenerate_input() {
        for rule in [ThresholdRule::MaximumF1, ThresholdRule::Precision(0.0)] {
            assert_eq!(choose(&[], rule), None);
            assert!(Threshold::choose(&[LabelledScore::new(f64::NAN, true)], rule).is_err());
        }
        assert_eq!(choose(&[LabelledScore::new(0.9, false)], ThresholdRule::MaximumF1), None);
        let free = ThresholdRule::LeastCost { false_match: 0.0, missed_match: 1.0 };
        let pairs = [LabelledScore::new(0.9, true), LabelledScore::new(0.2, false)];
        assert_eq!(choose(&pairs, free).unwrap().score, 0.9);
        assert!(Threshold::choose(&pairs, ThresholdRule::Precision(f64::NAN)).is_err());
        let negative = ThresholdRule::LeastCost { false_match: -1.0, missed_match: 1.0 };
        assert!(Threshold::choose(&pairs, negative).is_err());
    }
}
