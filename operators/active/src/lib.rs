//! Questions to oracles: the strategies that choose them, the ledger that keeps the answers, and what follows from them.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod ask;
pub mod belief;
pub mod crowd;
pub mod ledger;
pub mod oracle;
pub mod predict;
pub mod spread;
pub mod strategy;
