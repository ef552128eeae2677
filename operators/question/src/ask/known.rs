//! What follows from the answers, as relations of the graph.

use std::collections::BTreeMap;

use async_trait::async_trait;
use relata_operators::Result;
use relata_operators::oracle::{Conflict, Context, Oracle, Relations};
use serde_json::{Value, json};

use crate::belief::{Belief, Relation};

/// A passive oracle that states a belief: its components as groups, and which of them are apart. Nothing of quadratic
/// size is written, however much is implied.
pub struct Known {
    members: Vec<(u64, u64, f32)>,
    apart: Vec<(u64, u64)>,
    conflicts: Vec<Conflict>,
    weight: f32,
}

impl Known {
    /// The relations of a belief about the rows of `ids`: each of the same weight or, if `shared`, each group's weight
    /// divided by its size, so that a row is drawn to its group with the same force however big that is.
    pub fn new(belief: &Belief, ids: &[u64], weight: f32, shared: bool) -> Self {
        let numbers: BTreeMap<u32, u64> = belief.known().zip(0..).collect();
        let (mut members, mut apart) = (Vec::new(), Vec::new());
        for (&component, &group) in &numbers {
            let rows = belief.members(component);
            let weight = if shared { weight / rows.len() as f32 } else { weight };
            members.extend(rows.iter().map(|&row| (ids[row as usize], group, weight)));
            let others = belief.apart(component).filter_map(|other| numbers.get(&other));
            apart.extend(others.filter(|&&other| other > group).map(|&other| (group, other)));
        }
        members.sort_unstable_by_key(|member| (member.0, member.1));
        apart.sort_unstable();
        let conflicts = belief.contradictions().iter().map(|found| {
            let chain: Vec<String> = found.chain.iter().map(u64::to_string).collect();
            let sides = (format!("answer {}", found.number), format!("answers {}", chain.join(" > ")));
            let (positive, negative) = if found.said { sides } else { (sides.1, sides.0) };
            let kept = match found.kept {
                Some(Relation::Positive) => weight,
                Some(Relation::Negative) => -weight,
                None => 0.0,
            };
            Conflict { a: ids[found.a as usize], b: ids[found.b as usize], positive, negative, kept }
        });
        Self { conflicts: conflicts.collect(), members, apart, weight }
    }
}

#[async_trait]
impl Oracle for Known {
    fn describe(&self) -> Value {
        json!({ "oracle": "answers", "weight": self.weight })
    }

    async fn relate(&self, _: &Context<'_>, out: &mut Relations) -> Result<()> {
        self.conflicts.iter().for_each(|conflict| out.conflict(conflict.clone()));
        if self.members.is_empty() {
            return Ok(());
        }
        let rel = out.weighted_members("answers", &self.members, false)?;
        let apart: Vec<_> = self.apart.iter().map(|&(a, b)| (a, b, self.weight)).collect();
        out.apart(&rel, &apart)
    }
}
