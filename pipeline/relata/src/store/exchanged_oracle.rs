//! Exchanged oracle: a run goes on with another oracle, or the same one with other settings, while nothing was answered.

use super::artifact::Artifact;
use super::error::Result;
use super::plan::{Input, OracleAskPlan, Plan};
use super::run::Run;

impl Run {
    /// Whether the new plan differs from the old one only by what is asked, and no answer is lost: none was given yet. If
    /// questions wait for answers, only the oracle may differ, not how it is asked: they are asked to the new one.
    pub(super) fn takes_another_oracle(&self, old: &Plan, new: &Plan) -> Result<bool> {
        let (Some(before), Some(after)) = (&old.ask, &new.ask) else { return Ok(false) };
        let (inputs, exchanged) = (old.inputs.clone(), Plan { ask: new.ask.clone(), inputs: vec![], ..old.clone() });
        let others = Plan { inputs: vec![], ..new.clone() };
        if !exchanged.difference(&others).is_empty() || !same_elsewhere(&inputs, &new.inputs, [before, after]) {
            return Ok(false);
        }
        if self.is_finished() {
            return Ok(false);
        }
        if !self.path(Artifact::Ledger).is_file() {
            return Ok(true);
        }
        let ledger = self.ledger()?;
        let is_free = before.config == after.config || ledger.questions()?.is_empty();
        Ok(is_free && ledger.since(0)?.is_empty())
    }
}

/// Whether files that are in both plans have not changed, and those in one only are read by one of the oracles.
fn same_elsewhere(old: &[Input], new: &[Input], oracles: [&OracleAskPlan; 2]) -> bool {
    let described = oracles.map(|ask| serde_json::to_string(&ask.oracle).unwrap_or_default());
    let of_oracle = |input: &Input| {
        let path = serde_json::to_string(&input.path).unwrap_or_default();
        described.iter().any(|text| text.contains(&path))
    };
    let kept = |all: &[Input]| all.iter().filter(|input| !of_oracle(input)).cloned().collect::<Vec<_>>();
    kept(old) == kept(new)
}
