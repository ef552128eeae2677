//! Active-learning loop (query loop): round by round, a strategy chooses questions, an oracle answers them, and what
//! follows joins the graph, until the budget is spent or a stop rule holds.

mod active_loop;
mod answer_replay;
mod ask_config;
mod ask_plan;
mod belief_oracle;
mod budget;
#[cfg(test)]
mod fixture;
mod missing_answers;
mod pair_questions;
mod pairs;
mod planner;
mod prior;
mod re_ask;
mod reserved_strategies;
mod round;
mod round_progress;
#[cfg(test)]
mod scenarios;
mod stop_rules;
mod strategy_ext;
mod validation;
mod votes;

pub use active_loop::QueryLoop;
pub use ask_config::AskConfig;
pub use ask_plan::AskPlan;
pub use belief_oracle::BeliefOracle;
pub use pair_questions::ask_pairs;
pub use prior::prior_constraints;
pub use round::Round;
pub use round_progress::RoundProgress;
pub use stop_rules::{StopReason, ValidationRule};
pub use strategy_ext::StrategyExt;
