//! Stop rules beside the budget, and the reason why no more questions are asked.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::round_progress::RoundProgress;
use crate::error::{ActiveError, Result};

/// Rules of stopping beside the budget.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct StopRules {
    pub predicted: Option<f64>,
    pub implied: Option<f64>,
    pub validated: Option<ValidationRule>,
}

/// Stops when enough validation pairs are predicted right.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidationRule {
    /// The share of the pairs that are predicted right.
    pub accuracy: f64,
    /// The number of pairs that it is measured on.
    pub pairs: usize,
}

/// Why no more questions are asked.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// The next question would cost more than is left.
    Budget,
    /// The strategy has no useful question left.
    NoQuestion,
    /// Every question of the round was passed.
    Passed(u64),
    /// The share of a round's answers that were predicted right reached the rule's.
    Predicted(f64),
    /// The share of a round's answers that followed already reached the rule's.
    Implied(f64),
    /// The share of the validation pairs that are predicted right reached the rule's.
    Validated(f64),
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Budget => write!(f, "the budget is spent"),
            Self::NoQuestion => write!(f, "no useful question is left"),
            Self::Passed(1) => write!(f, "the only question of the round was passed: nobody knew an answer"),
            Self::Passed(many) => write!(f, "all {many} questions of the round were passed: nobody knew an answer"),
            Self::Predicted(share) => write!(f, "{:.1}% of the last answers were predicted", 100.0 * share),
            Self::Implied(share) => write!(f, "{:.1}% of the last answers followed already", 100.0 * share),
            Self::Validated(share) => write!(f, "{:.1}% of the validation pairs are predicted", 100.0 * share),
        }
    }
}

impl StopRules {
    pub fn check(&self) -> Result<()> {
        let validated = self.validated.map(|rule| rule.accuracy);
        let rules =
            [("until_predicted", self.predicted), ("until_implied", self.implied), ("until_validated", validated)];
        for (setting, value) in rules {
            if let Some(value) = value.filter(|value| !(0.0..=1.0).contains(value)) {
                return Err(ActiveError::setting("ask", setting, "in [0, 1]", value));
            }
        }
        Ok(())
    }

    /// The reason to stop after a round, if there is one.
    pub fn reason(&self, progress: &RoundProgress) -> Option<StopReason> {
        let reached = |rule: Option<f64>, count: u64, of: u64| {
            let share = count as f64 / of as f64;
            (of > 0 && rule.is_some_and(|rule| share >= rule)).then_some(share)
        };
        let validated = self.validated.map(|rule| rule.accuracy);
        let validated = reached(validated, progress.validated, progress.validation).map(StopReason::Validated);
        let predicted = reached(self.predicted, progress.predicted, progress.answers).map(StopReason::Predicted);
        let implied = reached(self.implied, progress.implied, progress.judged).map(StopReason::Implied);
        let passed = (progress.answers == 0 && progress.passed > 0).then_some(StopReason::Passed(progress.passed));
        validated.or(predicted).or(implied).or(passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_that_holds_is_the_reason() {
        let progress = RoundProgress { answers: 10, predicted: 9, judged: 10, implied: 4, ..RoundProgress::default() };
        let rules = |predicted, implied| StopRules { predicted, implied, validated: None }.reason(&progress);
        assert_eq!(rules(Some(0.9), Some(0.1)), Some(StopReason::Predicted(0.9)));
        assert_eq!(rules(Some(0.95), Some(0.4)), Some(StopReason::Implied(0.4)));
        assert_eq!(rules(None, Some(0.5)), None);
        let all = StopRules {
            predicted: Some(0.0),
            implied: Some(0.0),
            validated: Some(ValidationRule { accuracy: 0.75, pairs: 4 }),
        };
        assert_eq!(all.reason(&RoundProgress::default()), None);
        let validated = RoundProgress { validation: 4, validated: 3, ..progress };
        assert_eq!(all.reason(&validated), Some(StopReason::Validated(0.75)));
        let passed = RoundProgress { passed: 3, ..RoundProgress::default() };
        assert_eq!(StopRules::default().reason(&passed), Some(StopReason::Passed(3)));
        assert_eq!(StopRules::default().reason(&RoundProgress { answers: 1, ..passed }), None);
    }
}
