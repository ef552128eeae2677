//! Belief oracle: what follows from the answers, as relations of the graph.

use std::collections::BTreeMap;

use async_trait::async_trait;
use relata_data::index::{SampleId, TrainingRow};
use relata_oracle::{Conflict, Context, Oracle, Relations, Result};
use relata_registry::Description;

use crate::inference::{Belief, Relation};

/// A passive oracle that states a belief: its components as must-link groups, and the cannot-links between them.
/// Nothing of quadratic size is written, however much is implied.
#[derive(Debug)]
pub struct BeliefOracle {
    pub(super) members: Vec<(SampleId, u64, f32)>,
    apart: Vec<(u64, u64)>,
    conflicts: Vec<Conflict>,
    weight: f32,
}

impl BeliefOracle {
    /// The relations of a belief about the rows of `ids`. A group's weight is `weight` times how far the answers that
    /// hold it together are to be trusted on average; if `shared`, divided by its size, so that a row is drawn to its
    /// group with the same force however big that is.
    pub fn new(belief: &Belief, ids: &[SampleId], weight: f32, shared: bool) -> Self {
        let numbers: BTreeMap<u32, u64> = belief.components().zip(0..).collect();
        let trust = trust(belief);
        let (mut members, mut apart) = (Vec::new(), Vec::new());
        for (&component, &group) in &numbers {
            let rows = belief.members(component);
            let trusted = weight * trust.get(&component).copied().unwrap_or(1.0);
            let weight = if shared { trusted / rows.len() as f32 } else { trusted };
            members.extend(rows.iter().map(|&row| (ids[row.index()], group, weight)));
            let others = belief.cannot_links(component).filter_map(|other| numbers.get(&other));
            apart.extend(others.filter(|&&other| other > group).map(|&other| (group, other)));
        }
        members.sort_unstable_by_key(|member| (member.0, member.1));
        apart.sort_unstable();
        Self { conflicts: vec![], members, apart, weight }.with_conflicts(belief, belief, ids)
    }

    /// With the contradictions of a belief, of which only a part may be stated; what is kept is what that part says
    /// now, which answers after the contradiction may have changed.
    pub(super) fn with_conflicts(mut self, belief: &Belief, stated: &Belief, ids: &[SampleId]) -> Self {
        let weight = self.weight;
        let policy = belief.policy().name();
        let conflicts = belief.contradictions().iter().map(|found| {
            let chain: Vec<String> = found.chain.iter().map(u64::to_string).collect();
            let sides = (format!("answer {}", found.number), format!("answers {}", chain.join(" > ")));
            let (positive, negative) = if found.said { sides } else { (sides.1, sides.0) };
            let kept = match stated.relation(found.a, found.b) {
                Some(Relation::Positive) => weight,
                Some(Relation::Negative) => -weight,
                None => 0.0,
            };
            Conflict { a: ids[found.a.index()], b: ids[found.b.index()], positive, negative, kept, policy }
        });
        self.conflicts = conflicts.collect();
        self
    }
}

/// The mean weight of the pairs that stand as related in each component.
fn trust(belief: &Belief) -> BTreeMap<u32, f32> {
    let mut pairs: BTreeMap<(TrainingRow, TrainingRow), f32> = BTreeMap::new();
    for said in belief.standing().filter(|said| said.related) {
        *pairs.entry((said.a.min(said.b), said.a.max(said.b))).or_default() += said.weight;
    }
    let mut sums: BTreeMap<u32, (f32, f32)> = BTreeMap::new();
    for ((row, _), weight) in pairs {
        let sum = sums.entry(belief.component(row)).or_default();
        *sum = (sum.0 + weight.min(1.0), sum.1 + 1.0);
    }
    sums.into_iter().map(|(component, (sum, count))| (component, sum / count)).collect()
}

#[async_trait]
impl Oracle for BeliefOracle {
    fn describe(&self) -> Description {
        Description::new("answers").with("weight", self.weight)
    }

    async fn relate(&self, _: &Context<'_>, out: &mut Relations) -> Result<()> {
        self.conflicts.iter().for_each(|conflict| out.conflict(conflict.clone()));
        if self.members.is_empty() {
            return Ok(());
        }
        let rel = out.weighted_members("answers", &self.members, false)?;
        out.known(&rel);
        let apart: Vec<_> = self.apart.iter().map(|&(a, b)| (a, b, self.weight)).collect();
        Ok(out.cannot_link(&rel, &apart)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inference::{BeliefSettings, Constraint};

    #[test]
    fn groups_weigh_what_their_answers_are_worth() {
        let mut belief = Belief::new(5, BeliefSettings::default());
        for (number, (a, b, weight)) in (1..).zip([(0, 1, 0.5), (1, 2, 1.0), (1, 0, 0.25), (3, 4, 1.0)]) {
            let (a, b) = (TrainingRow(a), TrainingRow(b));
            belief.add(Constraint { number, a, b, related: true, weight });
        }
        let weights = |shared| {
            let known = BeliefOracle::new(&belief, SampleId::slice(&[10, 11, 12, 13, 14]), 0.8, shared);
            known.members.iter().map(|member| member.2).collect::<Vec<_>>()
        };
        let close = |found: Vec<f32>, expected: [f32; 5]| found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-6);
        assert!(close(weights(false), [0.7, 0.7, 0.7, 0.8, 0.8]), "{:?}", weights(false));
        assert!(close(weights(true), [0.7 / 3.0, 0.7 / 3.0, 0.7 / 3.0, 0.4, 0.4]), "{:?}", weights(true));
    }
}
