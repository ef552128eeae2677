//! A strategy with its budget, the size of a round, and the rules of stopping.

use relata_operators::{OperatorError, Result};
use serde_json::{Value, json};

use super::stop::Stopping;
use crate::belief::{AnswerPolicy, BeliefSettings};
use crate::strategy::Strategy;

/// How to ask an oracle: see [`Budget::budget`].
pub struct Asking {
    pub(super) strategy: Box<dyn Strategy>,
    pub(super) budget: f64,
    pub(super) per_round: usize,
    pub(super) belief: BeliefSettings,
    pub(super) confidence: f64,
    pub(super) stopping: Stopping,
    pub(super) weight: f32,
    pub(super) shared: bool,
    pub(super) confirmed: bool,
    epochs: Option<u64>,
    from_scratch: bool,
}

/// Turns a strategy into a plan to ask.
pub trait Budget: Strategy + Sized + 'static {
    /// Asks until this much is spent, in the units of the oracle's cost (a pair costs 1 unless the oracle says
    /// otherwise), in five rounds.
    fn budget(self, units: f64) -> Asking {
        Asking {
            strategy: Box::new(self),
            budget: units,
            per_round: (units / 5.0).ceil().clamp(1.0, 1e6) as usize,
            belief: BeliefSettings::default(),
            confidence: 0.9,
            stopping: Stopping::default(),
            weight: 1.0,
            shared: false,
            confirmed: false,
            epochs: None,
            from_scratch: false,
        }
    }
}

impl<S: Strategy + 'static> Budget for S {}

impl Asking {
    /// Pairs asked about in one round, after which the model is trained on.
    pub fn per_round(mut self, pairs: usize) -> Self {
        self.per_round = pairs;
        self
    }

    /// How contradictions between answers are decided.
    pub fn policy(mut self, policy: AnswerPolicy) -> Self {
        self.belief.policy = policy;
        self
    }

    /// Members that both sides of a "yes" must have for it to be doubted as a bridge.
    pub fn bridges_from(mut self, members: u32) -> Self {
        self.belief.big = members;
        self
    }

    /// A "yes" that is doubted as a bridge joins nothing in the graph until a second question or another chain of
    /// answers confirms it. With [`bridges_from`](Self::bridges_from)`(1)` no row is joined by a single question.
    pub fn confirmed(mut self) -> Self {
        self.confirmed = true;
        self
    }

    /// Where several annotators answer, pairs whose relation is less probable than this (Dawid and Skene's posterior)
    /// stay unknown.
    pub fn confidence(mut self, probability: f64) -> Self {
        self.confidence = probability;
        self
    }

    /// The weight in the graph of what follows from the answers, in (0, 1]; the default is 1.
    pub fn weight(mut self, weight: f32) -> Self {
        self.weight = weight;
        self
    }

    /// Divides the weight of a group by its size, so that big groups do not outweigh everything else.
    pub fn shared(mut self) -> Self {
        self.shared = true;
        self
    }

    /// Epochs of training after each round; the default is a fifth of the first training's.
    pub fn epochs(mut self, epochs: u64) -> Self {
        self.epochs = Some(epochs);
        self
    }

    /// Trains from fresh weights after each round, for as long as the first training, instead of going on.
    pub fn from_scratch(mut self) -> Self {
        self.from_scratch = true;
        self
    }

    /// Stops when the answers of a round were predicted, before they were known, with at least this accuracy.
    pub fn until_predicted(mut self, accuracy: f64) -> Self {
        self.stopping.predicted = Some(accuracy);
        self
    }

    /// Stops when at least this share of a round's answers followed from the answers before them.
    pub fn until_implied(mut self, share: f64) -> Self {
        self.stopping.implied = Some(share);
        self
    }

    /// The budget.
    pub fn units(&self) -> f64 {
        self.budget
    }

    /// Whether every round trains from fresh weights.
    pub fn trains_from_scratch(&self) -> bool {
        self.from_scratch
    }

    /// Epochs after a round, for a first training of so many.
    pub fn epochs_after(&self, first: u64) -> u64 {
        match (self.epochs, self.from_scratch) {
            (Some(epochs), _) => epochs,
            (None, true) => first,
            (None, false) => first.div_ceil(5),
        }
    }

    /// The strategy and all settings, for the plan.
    pub fn describe(&self) -> Value {
        json!({
            "strategy": self.strategy.describe(), "budget": self.budget, "per_round": self.per_round,
            "policy": self.belief.policy, "bridges_from": self.belief.big, "confidence": self.confidence,
            "weight": self.weight, "shared": self.shared, "confirmed": self.confirmed, "epochs": self.epochs, "from_scratch": self.from_scratch,
            "until_predicted": self.stopping.predicted, "until_implied": self.stopping.implied,
        })
    }

    /// Refuses settings that make no sense.
    pub fn check(&self) -> Result<()> {
        let refuse =
            |setting: &str, expected: &str, found: f64| Err(OperatorError::setting("ask", setting, expected, found));
        if !(self.budget > 0.0 && self.budget.is_finite()) {
            return refuse("budget", "above 0", self.budget);
        }
        if self.per_round == 0 {
            return refuse("per_round", "above 0", 0.0);
        }
        if !(0.5..=1.0).contains(&self.confidence) {
            return refuse("confidence", "in [0.5, 1]", self.confidence);
        }
        if !(self.weight > 0.0 && self.weight <= 1.0) {
            return refuse("weight", "in (0, 1]", self.weight.into());
        }
        self.stopping.check()
    }
}
