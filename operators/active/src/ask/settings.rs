//! A strategy with its budget, the size of a round, and the rules of stopping.

use relata_data::{OperatorError, Result};
use relata_oracle::Cost;
use relata_registry::Description;

use super::agenda::{RE_ASK, VALIDATION};
use super::stop::Stopping;
use crate::belief::{AnswerPolicy, BeliefSettings};
use crate::strategy::Strategy;

/// The most pairs of a round, and the most for validation.
const MOST: usize = 1_000_000;

/// Rounds, unless the pairs per round are given.
const ROUNDS: f64 = 5.0;

/// How to ask an oracle: see [`Budget::budget`].
pub struct Asking {
    pub(super) strategy: Box<dyn Strategy>,
    pub(super) budget: f64,
    per_round: Option<usize>,
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
    /// otherwise), in five rounds or, of an oracle that charges less than its price, more.
    ///
    /// A round is planned so that it cannot cost more than is left, at the oracle's [`cost`](relata_oracle::Oracle::cost). The budget is
    /// exceeded, by no more than the last round's answers, only where an oracle charges more than that: `replay` repeats
    /// the costs in its file, a crowd names the average of annotators that have different prices, and a page for people
    /// may get more answers about a candidate than were asked for.
    fn budget(self, units: f64) -> Asking {
        Asking {
            strategy: Box::new(self),
            budget: units,
            per_round: None,
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
    /// Pairs asked about in one round, after which the model is trained on; a million at most. The default is what a
    /// fifth of the budget buys.
    pub fn per_round(mut self, pairs: usize) -> Self {
        self.per_round = Some(pairs);
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

    /// Stops when of at least this share of the pairs asked about in a round the relation followed from the answers
    /// before, each judged once and in the order of the answers. Pairs that are asked about again do not count.
    pub fn until_implied(mut self, share: f64) -> Self {
        self.stopping.implied = Some(share);
        self
    }

    /// Stops when the relations of so many pairs are predicted with at least this accuracy after a round. The pairs are
    /// drawn at random by the seed and asked about once, in the first round, in addition to its other questions and paid
    /// from the budget; nothing else is made of the answers. A relation is predicted by what follows from the answers,
    /// and where nothing does by the similarity of the embeddings. Most random pairs are unrelated: in ten classes of one
    /// size, 0.9 is reached by saying so of all.
    pub fn until_validated(mut self, accuracy: f64, pairs: usize) -> Self {
        self.stopping.validated = Some((accuracy, pairs));
        self
    }

    /// Pairs asked about in one round of an oracle.
    pub(super) fn pairs_per_round(&self, cost: Cost) -> usize {
        // What costs nothing is asked about as if a pair cost 1.
        let price = if cost.of(1) > 0.0 { cost.of(1) } else { 1.0 };
        let share = || (self.budget / price / ROUNDS).ceil().clamp(1.0, MOST as f64) as usize;
        self.per_round.unwrap_or_else(share)
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
    pub fn describe(&self) -> Description {
        Description::new("ask")
            .with("strategy", self.strategy.describe())
            .with("budget", &self.budget)
            .with("per_round", &self.per_round)
            .with("policy", &self.belief.policy)
            .with("bridges_from", &self.belief.big)
            .with("confidence", &self.confidence)
            .with("weight", &self.weight)
            .with("shared", &self.shared)
            .with("confirmed", &self.confirmed)
            .with("epochs", &self.epochs)
            .with("from_scratch", &self.from_scratch)
            .with("until_predicted", &self.stopping.predicted)
            .with("until_implied", &self.stopping.implied)
            .with("until_validated", &self.stopping.validated)
    }

    /// Refuses settings that make no sense.
    pub fn check(&self) -> Result<()> {
        let refuse =
            |setting: &str, expected: &str, found: f64| Err(OperatorError::setting("ask", setting, expected, found));
        if !(self.budget > 0.0 && self.budget.is_finite()) {
            return refuse("budget", "above 0", self.budget);
        }
        let validation = self.stopping.validated.map(|(_, pairs)| pairs);
        for (setting, pairs) in [("per_round", self.per_round), ("until_validated", validation)] {
            if let Some(pairs) = pairs.filter(|pairs| !(1..=MOST).contains(pairs)) {
                return refuse(setting, "from 1 to 1000000 pairs", pairs as f64);
            }
        }
        let name = self.strategy.describe().name;
        if [RE_ASK, VALIDATION].iter().any(|reserved| name == *reserved) {
            let expected = "a name other than those of the questions that every strategy gets";
            return Err(OperatorError::setting("ask", "strategy", expected, name));
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
