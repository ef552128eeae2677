//! Strategy extension: the method that gives a strategy its budget.

use super::ask_config::AskConfig;
use crate::strategy::Strategy;

/// Gives every strategy a budget.
pub trait StrategyExt: Strategy + Sized + 'static {
    /// Asks until this much is spent, in the units of the oracle's cost (a pair costs 1 unless the oracle says
    /// otherwise). That takes ten rounds, or more if the oracle charges less than its price.
    ///
    /// A round is planned so that it cannot cost more than is left, at the oracle's
    /// [`cost`](relata_oracle::Oracle::cost). The budget is exceeded, by no more than the last round's answers, only if
    /// an oracle charges more than that: `replay` repeats the costs in its file, a crowd states the average of
    /// annotators of different prices, and a page for people may get more answers about a candidate than were asked
    /// for.
    ///
    /// ```
    /// use relata_active::query_loop::StrategyExt;
    /// use relata_active::strategy::uncertain_pairs;
    ///
    /// let config = uncertain_pairs().budget(500.0);
    /// assert_eq!(config.plan().budget, 500.0);
    /// ```
    fn budget(self, units: f64) -> AskConfig {
        AskConfig::new(Box::new(self), units)
    }
}

impl<S: Strategy + 'static> StrategyExt for S {}
