//! Votes: what each oracle says about the pairs about which several speak, counted by pattern. Memory is that of the
//! patterns, not of the pairs.

use std::collections::{BTreeMap, BTreeSet};

use relata_data::id_index::IdIndex;
use relata_data::index::{GroupNumber, Row, SampleId};

use super::group_pairs::group_pairs;
use super::label_model::{VotePattern, label_model};
use super::oracle_accuracy::OracleAccuracy;
use crate::must_link::{Group, Groups};
use crate::policy::Opinion;

/// The most patterns that are kept.
const MOST_PATTERNS: usize = 1 << 16;

/// The votes of all oracles. What groups imply is counted pair by pair where an oracle states the pair, and for a sample
/// of their other pairs.
#[derive(Debug)]
pub(crate) struct Votes {
    oracles: Vec<OracleAccuracy>,
    numbers: BTreeMap<String, u32>,
    /// By relation of groups: its oracle; none if it is known to be true.
    speakers: Vec<Option<u32>>,
    patterns: BTreeMap<VotePattern, u64>,
    /// Pairs of groups that are still to be counted.
    drawn: BTreeSet<(Row, Row)>,
    uncounted: u64,
}

impl Votes {
    /// Starts with the groups; what those of the relations `known` say is true.
    pub fn new(groups: &Groups, known: &BTreeSet<String>, seed: u64) -> Self {
        let mut votes = Self {
            oracles: vec![],
            numbers: BTreeMap::new(),
            speakers: vec![],
            patterns: BTreeMap::new(),
            drawn: group_pairs(groups, seed),
            uncounted: 0,
        };
        for (relation, name) in (0u32..).zip(groups.relations()) {
            let speaker = (!known.contains(name)).then(|| votes.number(name));
            if let Some(oracle) = speaker {
                let (positives, negatives) = implied(groups, relation);
                let oracle = &mut votes.oracles[oracle as usize];
                (oracle.positives, oracle.negatives) = (oracle.positives + positives, oracle.negatives + negatives);
            }
            votes.speakers.push(speaker);
        }
        votes
    }

    /// Counts a pair and what is stated about it. Ids that the dataset does not have are another's error.
    pub fn count(&mut self, groups: &Groups, ids: &IdIndex, a: SampleId, b: SampleId, opinions: &[Opinion]) {
        let (Some(a), Some(b)) = (ids.row(a), ids.row(b)) else { return };
        let mut leans: BTreeMap<u32, f32> = BTreeMap::new();
        for opinion in opinions {
            *leans.entry(self.number(&opinion.rel)).or_default() += opinion.weight * opinion.confidence;
        }
        for (&oracle, &lean) in &leans {
            let oracle = &mut self.oracles[oracle as usize];
            oracle.positives += u64::from(lean > 0.0);
            oracle.negatives += u64::from(lean < 0.0);
        }
        self.drawn.remove(&(a.min(b), a.max(b)));
        self.add(groups, a, b, leans);
    }

    /// Counts the pairs of groups that nobody stated by themselves. It comes after [`count`](Self::count).
    pub fn count_groups(&mut self, groups: &Groups) {
        for (a, b) in std::mem::take(&mut self.drawn) {
            self.add(groups, a, b, BTreeMap::new());
        }
    }

    /// What was found about each oracle, by name, with weights of 1.
    pub fn accuracies(&self) -> Vec<OracleAccuracy> {
        let mut oracles = self.oracles.clone();
        for (pattern, pairs) in &self.patterns {
            let said = pattern.votes.iter().map(|vote| vote.1).chain(pattern.known);
            let yes = said.clone().filter(|yes| *yes).count() as u64;
            let all = said.count() as u64;
            for &(oracle, related) in &pattern.votes {
                let oracle = &mut oracles[oracle as usize];
                oracle.compared += pairs * (all - 1);
                let same = if related { yes } else { all - yes };
                oracle.agreed += pairs * (same - 1);
            }
        }
        let found = label_model(&self.patterns, oracles.len());
        oracles.iter_mut().zip(found).for_each(|(oracle, accuracy)| oracle.accuracy = accuracy);
        oracles.sort_by(|a, b| a.oracle.cmp(&b.oracle));
        oracles
    }

    /// Pairs that were left out because there were too many patterns already.
    pub fn uncounted(&self) -> u64 {
        self.uncounted
    }

    fn number(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let number = self.oracles.len() as u32;
        self.oracles.push(OracleAccuracy::unknown(name));
        self.numbers.insert(name.to_owned(), number);
        number
    }

    /// Counts the votes about a pair, those of groups included.
    fn add(&mut self, groups: &Groups, a: Row, b: Row, mut leans: BTreeMap<u32, f32>) {
        let mut truth = 0.0;
        groups.each_relation(a, b, |relation, weight| match self.speakers[relation as usize] {
            Some(oracle) => *leans.entry(oracle).or_default() += weight,
            None => truth += weight,
        });
        let votes: Vec<(u32, bool)> =
            leans.into_iter().filter(|(_, lean)| *lean != 0.0).map(|(oracle, lean)| (oracle, lean > 0.0)).collect();
        let known = (truth != 0.0).then_some(truth > 0.0);
        // A vote that nothing is compared with says nothing about accuracies.
        if votes.is_empty() || votes.len() + usize::from(known.is_some()) < 2 {
            return;
        }
        let pattern = VotePattern { votes, known };
        if let Some(pairs) = self.patterns.get_mut(&pattern) {
            *pairs += 1;
        } else if self.patterns.len() < MOST_PATTERNS {
            self.patterns.insert(pattern, 1);
        } else {
            self.uncounted += 1;
        }
    }
}

/// The positive and the negative pairs of a relation of groups.
fn implied(groups: &Groups, relation: u32) -> (u64, u64) {
    let (mut positives, mut negatives) = (0, 0);
    let (mut members, mut squares) = (0, 0);
    let of_relation = |group: &&Group| group.rel == relation;
    for group in groups.iter().iter().filter(of_relation) {
        let size = group.members.len() as u64;
        let within = size * size.saturating_sub(1) / 2;
        if group.weight > 0.0 {
            positives += within
        } else {
            negatives += within
        }
        if group.exclusive {
            (members, squares) = (members + size, squares + size * size);
        }
    }
    negatives += (members * members - squares) / 2;
    let numbered = (0..).map(GroupNumber).zip(groups.iter());
    for (number, group) in numbered.filter(|(_, group)| group.rel == relation) {
        for (other, _) in groups.cannot_links(number).iter().filter(|(other, _)| *other > number) {
            negatives += (group.members.len() * groups.iter()[other.index()].members.len()) as u64;
        }
    }
    (positives, negatives)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups_builder::GroupsBuilder;

    #[test]
    fn explicit_and_implied_votes_about_a_pair_are_one_pattern() {
        let mut builder = GroupsBuilder::default();
        // Rows 0 to 3 of two classes; an answer says that 0 and 1 are related and apart from 2.
        (0..4).for_each(|row| builder.member("label", row / 2, SampleId(row), 1.0, true));
        for (row, group) in [(0, 0), (1, 0), (2, 1)] {
            builder.member("answers", group, SampleId(row), 1.0, false);
        }
        builder.cannot_link("answers", 0, 1, 1.0);
        let ids = IdIndex::RowNumbers(4);
        let groups = builder.build(&ids).unwrap();
        let mut votes = Votes::new(&groups, &BTreeSet::from(["answers".to_owned()]), 7);
        let says = |rel: &str, weight| Opinion { weight, confidence: 1.0, round: 0, inferred: false, rel: rel.into() };
        votes.count(&groups, &ids, SampleId(0), SampleId(1), &[says("a", -1.0), says("b", 0.5)]);
        votes.count(&groups, &ids, SampleId(2), SampleId(3), &[says("a", 1.0), says("b", 1.0), says("b", -1.0)]);
        votes.count(&groups, &ids, SampleId(2), SampleId(9), &[says("a", 1.0)]);
        votes.count_groups(&groups);
        let found = votes.accuracies();
        let counts = |at: usize| {
            let oracle: &OracleAccuracy = &found[at];
            (oracle.oracle.as_str(), oracle.positives, oracle.negatives, oracle.compared, oracle.agreed)
        };
        // `a` is compared with `b`, `label` and the answer on 0-1, and with `label` on 2-3, where `b` is undecided.
        assert_eq!(counts(0), ("a", 1, 1, 4, 1));
        assert_eq!(counts(1), ("b", 1, 0, 3, 2));
        // The label implies 2 positives and 4 negatives, of which answers speak about 0-2 and 1-2.
        assert_eq!(counts(2), ("label", 2, 4, 6, 5));
        assert_eq!((found.len(), votes.uncounted()), (3, 0));
    }
}
