//! PairTally on pairs, as badges.

use std::collections::BTreeMap;

use super::html::escaped;
use crate::audit::PairVote;
use relata_data::index::SampleId;

/// What annotators say in the end about the pairs that were asked about.
pub(super) struct VotesByPair(BTreeMap<(SampleId, SampleId), PairTally>);

#[derive(Default)]
struct PairTally {
    yes: Vec<String>,
    no: Vec<String>,
    passed: Vec<String>,
}

impl VotesByPair {
    /// From all votes.
    pub fn new(votes: Vec<PairVote>) -> Self {
        let mut pairs: BTreeMap<_, PairTally> = BTreeMap::new();
        for PairVote { low, high, annotator, related, .. } in votes {
            let said = pairs.entry((low, high)).or_default();
            match related {
                Some(true) => said.yes.push(annotator),
                Some(false) => said.no.push(annotator),
                None => said.passed.push(annotator),
            }
        }
        Self(pairs)
    }

    /// The style class of a pair: what most say.
    pub fn class(&self, a: SampleId, b: SampleId) -> &'static str {
        match self.said(a, b) {
            Some(said) if said.yes.len() > said.no.len() => "yes",
            Some(said) if said.yes.len() < said.no.len() => "no",
            Some(said) if !said.yes.is_empty() => "torn",
            Some(_) => "pass",
            None => "open",
        }
    }

    /// What was said about a pair in a few words; of several annotators, how many said it. Who it was, and who passed,
    /// is a hint.
    pub fn badge(&self, a: SampleId, b: SampleId) -> String {
        let Some(said) = self.said(a, b) else { return "<span class=\"badge\">no answer</span>".to_owned() };
        let text = match (&said.yes[..], &said.no[..]) {
            ([], []) => "– passed".to_owned(),
            ([_], []) if said.passed.is_empty() => "✓ alike".to_owned(),
            ([], [_]) if said.passed.is_empty() => "✗ different".to_owned(),
            (yes, []) => format!("✓ {}", yes.len()),
            ([], no) => format!("✗ {}", no.len()),
            (yes, no) => format!("✓ {} ✗ {}", yes.len(), no.len()),
        };
        let who = [("alike", &said.yes), ("different", &said.no), ("passed", &said.passed)];
        let who =
            who.iter().filter(|(_, who)| !who.is_empty()).map(|(word, who)| format!("{word}: {}", who.join(", ")));
        let title = who.collect::<Vec<_>>().join("; ");
        format!("<span class=\"badge\" title=\"{}\">{text}</span>", escaped(&title))
    }

    fn said(&self, a: SampleId, b: SampleId) -> Option<&PairTally> {
        self.0.get(&(a.min(b), a.max(b)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_annotator_is_quoted_and_several_are_counted() {
        let vote = |low, high, annotator: &str, related| PairVote {
            low: SampleId(low),
            high: SampleId(high),
            annotator: annotator.to_owned(),
            related,
            confidence: 1.0,
        };
        let votes = VotesByPair::new(vec![
            vote(1, 2, "a<b", Some(true)),
            vote(1, 3, "ann", Some(true)),
            vote(1, 3, "bob", Some(false)),
            vote(1, 4, "ann", None),
            vote(1, 5, "ann", Some(false)),
            vote(1, 5, "bob", None),
        ]);
        let classes = [2, 3, 4, 5, 6].map(|other| votes.class(SampleId(other), SampleId(1)));
        assert_eq!(classes, ["yes", "torn", "pass", "no", "open"]);
        assert_eq!(
            votes.badge(SampleId(2), SampleId(1)),
            "<span class=\"badge\" title=\"alike: a&lt;b\">✓ alike</span>"
        );
        assert_eq!(
            votes.badge(SampleId(1), SampleId(3)),
            "<span class=\"badge\" title=\"alike: ann; different: bob\">✓ 1 ✗ 1</span>"
        );
        assert_eq!(
            votes.badge(SampleId(1), SampleId(5)),
            "<span class=\"badge\" title=\"different: ann; passed: bob\">✗ 1</span>"
        );
        assert_eq!(
            votes.badge(SampleId(1), SampleId(4)),
            "<span class=\"badge\" title=\"passed: ann\">– passed</span>"
        );
        assert_eq!(votes.badge(SampleId(1), SampleId(6)), "<span class=\"badge\">no answer</span>");
    }
}
