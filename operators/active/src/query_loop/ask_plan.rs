//! Ask plan: the settings of an [`AskConfig`](super::AskConfig), as a run writes them down.

use relata_registry::Description;
use serde::{Deserialize, Serialize};

use super::stop_rules::{StopRules, ValidationRule};
use crate::inference::{AnswerPolicy, BeliefSettings};

/// The strategy and all settings of asking. The setters of [`AskConfig`](super::AskConfig) say what each of them does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskPlan {
    /// The strategy that chooses the questions.
    pub strategy: Description,
    /// What may be spent.
    pub budget: f64,
    /// Pairs asked about in one round; what a tenth of the budget buys if it is not given.
    pub per_round: Option<usize>,
    /// How contradictions between answers are decided.
    pub policy: AnswerPolicy,
    /// Members that both sides of a "yes" must have for it to be doubted as a bridge.
    pub bridges_from: u32,
    /// The least probability of a relation that several annotators' answers establish.
    pub confidence: f64,
    /// The weight in the graph of what follows from the answers.
    pub weight: f32,
    /// Whether the weight of a group is divided by its size.
    pub shared: bool,
    /// Whether a bridge joins nothing in the graph until it is confirmed.
    pub confirmed: bool,
    /// Epochs of training after each round.
    pub epochs: Option<u64>,
    /// Whether every round trains from fresh weights.
    pub from_scratch: bool,
    /// Stops at this accuracy of the predicted answers of a round.
    pub until_predicted: Option<f64>,
    /// Stops at this share of answers that followed from those before.
    pub until_implied: Option<f64>,
    /// Stops when so many validation pairs are predicted right.
    pub until_validated: Option<ValidationRule>,
}

impl AskPlan {
    /// The default settings with this strategy and budget.
    pub fn new(strategy: Description, budget: f64) -> Self {
        let BeliefSettings { policy, bridges_from } = BeliefSettings::default();
        Self {
            strategy,
            budget,
            per_round: None,
            policy,
            bridges_from,
            confidence: 0.9,
            weight: 1.0,
            shared: false,
            confirmed: false,
            epochs: None,
            from_scratch: false,
            until_predicted: None,
            until_implied: None,
            until_validated: None,
        }
    }

    pub(super) fn belief_settings(&self) -> BeliefSettings {
        BeliefSettings { policy: self.policy, bridges_from: self.bridges_from }
    }

    pub(super) fn stop_rules(&self) -> StopRules {
        StopRules { predicted: self.until_predicted, implied: self.until_implied, validated: self.until_validated }
    }
}
