//! Ask config: a strategy with its budget, the size of a round, and the stop rules.

use std::fmt;

use relata_oracle::Cost;
use relata_registry::{ReadError, Registry};

use super::ask_plan::AskPlan;
use super::reserved_strategies::{RE_ASK, VALIDATION};
use super::stop_rules::ValidationRule;
use crate::error::{ActiveError, Result};
use crate::inference::AnswerPolicy;
use crate::strategy::Strategy;

/// The most pairs of a round, and the most for validation.
const MOST: usize = 1_000_000;

/// Rounds, unless the pairs per round are given.
const ROUNDS: f64 = 10.0;

/// How to ask an oracle: made by [`StrategyExt::budget`](super::StrategyExt::budget).
///
/// ```
/// use relata_active::query_loop::{AskConfig, StrategyExt};
/// use relata_active::strategy::{STRATEGIES, boundary};
///
/// let config = boundary().budget(300.0).per_round(50).until_predicted(0.95);
/// config.check()?;
/// // A plan is plain data, and makes the same configuration again.
/// let plan = serde_json::to_string(config.plan())?;
/// let again = AskConfig::from_plan(serde_json::from_str(&plan)?, &STRATEGIES)?;
/// assert_eq!(again.plan(), config.plan());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct AskConfig {
    pub(super) strategy: Box<dyn Strategy>,
    pub(super) plan: AskPlan,
}

impl fmt::Debug for AskConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AskConfig").field("plan", &self.plan).finish_non_exhaustive()
    }
}

impl AskConfig {
    /// Asks until the budget is spent; every other setting has its default.
    pub(super) fn new(strategy: Box<dyn Strategy>, budget: f64) -> Self {
        let plan = AskPlan::new(strategy.describe(), budget);
        Self { strategy, plan }
    }

    /// The configuration of a plan, with a strategy of the registry.
    pub fn from_plan(plan: AskPlan, strategies: &Registry<dyn Strategy>) -> Result<Self, ReadError> {
        Ok(Self { strategy: strategies.read(&plan.strategy)?, plan })
    }

    /// The strategy and all settings, to be written down.
    pub fn plan(&self) -> &AskPlan {
        &self.plan
    }

    /// Pairs asked about in one round, after which the model is trained on; a million at most. The default is what a
    /// tenth of the budget buys.
    ///
    /// ```
    /// use relata_active::query_loop::StrategyExt;
    /// use relata_active::strategy::boundary;
    ///
    /// let config = boundary().budget(300.0).per_round(50);
    /// assert_eq!(config.plan().per_round, Some(50));
    /// ```
    pub fn per_round(mut self, pairs: usize) -> Self {
        self.plan.per_round = Some(pairs);
        self
    }

    /// How contradictions between answers are decided.
    ///
    /// ```
    /// use relata_active::inference::AnswerPolicy;
    /// use relata_active::query_loop::StrategyExt;
    /// use relata_active::strategy::boundary;
    ///
    /// let config = boundary().budget(300.0).policy(AnswerPolicy::LatestWins);
    /// assert_eq!(config.plan().policy, AnswerPolicy::LatestWins);
    /// ```
    pub fn policy(mut self, policy: AnswerPolicy) -> Self {
        self.plan.policy = policy;
        self
    }

    /// Members that both sides of a "yes" must have for it to be doubted as a bridge.
    ///
    /// ```
    /// use relata_active::query_loop::StrategyExt;
    /// use relata_active::strategy::boundary;
    ///
    /// let config = boundary().budget(300.0).bridges_from(3);
    /// assert_eq!(config.plan().bridges_from, 3);
    /// ```
    pub fn bridges_from(mut self, members: u32) -> Self {
        self.plan.bridges_from = members;
        self
    }

    /// A "yes" that is doubted as a bridge joins nothing in the graph until a second question or another chain of
    /// answers confirms it. With [`bridges_from`](Self::bridges_from)`(1)` no row is joined by a single question.
    ///
    /// ```
    /// use relata_active::query_loop::StrategyExt;
    /// use relata_active::strategy::boundary;
    ///
    /// let config = boundary().budget(300.0).bridges_from(1).confirmed();
    /// assert!(config.plan().confirmed);
    /// ```
    pub fn confirmed(mut self) -> Self {
        self.plan.confirmed = true;
        self
    }

    /// Where several annotators answer, pairs whose relation is less probable than this (Dawid and Skene's posterior)
    /// stay unknown.
    ///
    /// ```
    /// use relata_active::query_loop::StrategyExt;
    /// use relata_active::strategy::boundary;
    ///
    /// let config = boundary().budget(300.0).confidence(0.8);
    /// assert_eq!(config.plan().confidence, 0.8);
    /// ```
    pub fn confidence(mut self, probability: f64) -> Self {
        self.plan.confidence = probability;
        self
    }

    /// The weight in the graph of what follows from the answers, in (0, 1]; the default is 1.
    ///
    /// ```
    /// use relata_active::query_loop::StrategyExt;
    /// use relata_active::strategy::boundary;
    ///
    /// let config = boundary().budget(300.0).weight(0.5);
    /// assert_eq!(config.plan().weight, 0.5);
    /// ```
    pub fn weight(mut self, weight: f32) -> Self {
        self.plan.weight = weight;
        self
    }

    /// Divides the weight of a group by its size, so that big groups do not outweigh everything else.
    ///
    /// ```
    /// use relata_active::query_loop::StrategyExt;
    /// use relata_active::strategy::boundary;
    ///
    /// let config = boundary().budget(300.0).shared();
    /// assert!(config.plan().shared);
    /// ```
    pub fn shared(mut self) -> Self {
        self.plan.shared = true;
        self
    }

    /// Epochs of training after each round; the default is a fifth of the first training's.
    ///
    /// ```
    /// use relata_active::query_loop::StrategyExt;
    /// use relata_active::strategy::boundary;
    ///
    /// let config = boundary().budget(300.0).epochs(4);
    /// assert_eq!(config.epochs_after(20), 4);
    /// ```
    pub fn epochs(mut self, epochs: u64) -> Self {
        self.plan.epochs = Some(epochs);
        self
    }

    /// Trains from fresh weights after each round, for as long as the first training, instead of going on.
    ///
    /// ```
    /// use relata_active::query_loop::StrategyExt;
    /// use relata_active::strategy::boundary;
    ///
    /// let config = boundary().budget(300.0).from_scratch();
    /// assert!(config.trains_from_scratch());
    /// ```
    pub fn from_scratch(mut self) -> Self {
        self.plan.from_scratch = true;
        self
    }

    /// Stops when the answers of a round were predicted, before they were known, with at least this accuracy.
    ///
    /// ```
    /// use relata_active::query_loop::StrategyExt;
    /// use relata_active::strategy::boundary;
    ///
    /// let config = boundary().budget(300.0).until_predicted(0.95);
    /// assert_eq!(config.plan().until_predicted, Some(0.95));
    /// ```
    pub fn until_predicted(mut self, accuracy: f64) -> Self {
        self.plan.until_predicted = Some(accuracy);
        self
    }

    /// Stops when of at least this share of the pairs asked about in a round the relation followed from the answers
    /// before, each judged once and in the order of the answers. Pairs that are asked about again do not count.
    ///
    /// ```
    /// use relata_active::query_loop::StrategyExt;
    /// use relata_active::strategy::boundary;
    ///
    /// let config = boundary().budget(300.0).until_implied(0.9);
    /// assert_eq!(config.plan().until_implied, Some(0.9));
    /// ```
    pub fn until_implied(mut self, share: f64) -> Self {
        self.plan.until_implied = Some(share);
        self
    }

    /// Stops when the relations of so many pairs are predicted with at least this accuracy after a round. The pairs are
    /// drawn at random by the seed and asked about once, in the first round, in addition to its other questions and
    /// paid from the budget; nothing else is made of the answers. A relation is predicted by what follows from the
    /// answers, and where nothing does by the similarity of the embeddings. Most random pairs are unrelated: in ten
    /// classes of one size, 0.9 is reached by saying so of all.
    ///
    /// ```
    /// use relata_active::query_loop::StrategyExt;
    /// use relata_active::strategy::boundary;
    ///
    /// let config = boundary().budget(300.0).until_validated(0.95, 100);
    /// assert_eq!(config.plan().until_validated.map(|rule| rule.pairs), Some(100));
    /// ```
    pub fn until_validated(mut self, accuracy: f64, pairs: usize) -> Self {
        self.plan.until_validated = Some(ValidationRule { accuracy, pairs });
        self
    }

    /// Pairs asked about in one round of an oracle.
    pub(super) fn pairs_per_round(&self, cost: Cost) -> usize {
        // What costs nothing is asked about as if a pair cost 1.
        let price = if cost.of(1) > 0.0 { cost.of(1) } else { 1.0 };
        let share = || (self.plan.budget / price / ROUNDS).ceil().clamp(1.0, MOST as f64) as usize;
        self.plan.per_round.unwrap_or_else(share)
    }

    /// The budget.
    ///
    /// ```
    /// use relata_active::query_loop::StrategyExt;
    /// use relata_active::strategy::boundary;
    ///
    /// assert_eq!(boundary().budget(300.0).units(), 300.0);
    /// ```
    pub fn units(&self) -> f64 {
        self.plan.budget
    }

    /// Whether every round trains from fresh weights.
    pub fn trains_from_scratch(&self) -> bool {
        self.plan.from_scratch
    }

    /// Epochs after a round, for a first training of so many.
    pub fn epochs_after(&self, first: u64) -> u64 {
        match (self.plan.epochs, self.plan.from_scratch) {
            (Some(epochs), _) => epochs,
            (None, true) => first,
            (None, false) => first.div_ceil(5),
        }
    }

    /// Refuses settings that make no sense.
    ///
    /// ```
    /// use relata_active::query_loop::StrategyExt;
    /// use relata_active::strategy::boundary;
    ///
    /// assert!(boundary().budget(300.0).check().is_ok());
    /// assert!(boundary().budget(-1.0).check().is_err());
    /// ```
    pub fn check(&self) -> Result<()> {
        let refuse =
            |setting: &str, expected: &str, found: f64| Err(ActiveError::setting("ask", setting, expected, found));
        if !(self.plan.budget >= 0.0 && self.plan.budget.is_finite()) {
            return refuse("budget", "at least 0", self.plan.budget);
        }
        let validation = self.plan.until_validated.map(|rule| rule.pairs);
        for (setting, pairs) in [("per_round", self.plan.per_round), ("until_validated", validation)] {
            if let Some(pairs) = pairs.filter(|pairs| !(1..=MOST).contains(pairs)) {
                return refuse(setting, "from 1 to 1000000 pairs", pairs as f64);
            }
        }
        let name = &self.plan.strategy.name;
        if [RE_ASK, VALIDATION].iter().any(|reserved| name == reserved) {
            let expected = "a name other than those of the questions that every strategy gets";
            return Err(ActiveError::setting("ask", "strategy", expected, name));
        }
        if !(0.5..=1.0).contains(&self.plan.confidence) {
            return refuse("confidence", "in [0.5, 1]", self.plan.confidence);
        }
        if !(self.plan.weight > 0.0 && self.plan.weight <= 1.0) {
            return refuse("weight", "in (0, 1]", self.plan.weight.into());
        }
        self.plan.stop_rules().check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query_loop::StrategyExt;
    use crate::strategy::{STRATEGIES, representatives};

    #[test]
    fn every_setting_is_in_the_plan_and_comes_back() {
        let config = representatives(4).budget(90.0).per_round(7).policy(AnswerPolicy::ReAsk).bridges_from(1);
        let config = config.confirmed().confidence(0.8).weight(0.3).shared().epochs(2).from_scratch();
        let config = config.until_predicted(0.9).until_implied(0.5).until_validated(0.95, 30);
        let text = serde_json::to_string(config.plan()).unwrap();
        let again = AskConfig::from_plan(serde_json::from_str(&text).unwrap(), &STRATEGIES).unwrap();
        assert_eq!(again.plan(), config.plan());
        assert_eq!(again.strategy.describe(), config.strategy.describe());
        assert_eq!((again.epochs_after(50), again.trains_from_scratch()), (2, true));
        let debug = format!("{again:?}");
        assert!(debug.contains("representatives") && debug.contains("until_validated"), "{debug}");
    }

    #[test]
    fn plans_with_unknown_settings_or_strategies_are_refused() {
        let plan = representatives(4).budget(90.0).plan().clone();
        let text = serde_json::to_string(&plan).unwrap().replace("per_round", "each_round");
        assert!(serde_json::from_str::<AskPlan>(&text).unwrap_err().to_string().contains("each_round"));
        for (text, with) in [("own", r#""name":"own""#), ("candidates", r#""name":"boundary""#)] {
            let other = serde_json::to_string(&plan).unwrap().replace(r#""name":"representatives""#, with);
            let error = AskConfig::from_plan(serde_json::from_str(&other).unwrap(), &STRATEGIES).unwrap_err();
            assert!(error.to_string().contains(text), "{error}");
        }
    }
}
