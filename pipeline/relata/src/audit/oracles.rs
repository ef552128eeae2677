//! Oracle summaries: how much of what was asked each speaks about, and how often they contradict each other.

use serde::{Deserialize, Serialize};

use super::audited::Audit;
use crate::error::Result;
use crate::sql::views;

/// The query behind [`Audit::oracles`]:
///
/// ```sql
#[doc = include_str!("../sql/oracles.sql")]
/// ```
pub const ORACLES: &str = views::ORACLES;

/// What an oracle says about the pairs that were asked about, as Snorkel's `LFAnalysis` counts it (Ratner et al. 2017):
/// all shares are of the pairs of all questions.
///
/// An oracle that was asked says of a pair what most of its annotators say in the end, and nothing if they are tied or
/// pass. An oracle that stated relations unasked says what the edges (as the policy kept them, by the names in `rel`)
/// and the groups of the graph say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OracleSummary {
    /// The oracle.
    pub oracle: String,
    /// Whether it was asked; otherwise it stated relations unasked.
    pub active: bool,
    /// The pairs that it says something about.
    pub pairs: u64,
    /// Those that it calls related.
    pub yes: u64,
    /// The share that it says something about.
    pub coverage: f64,
    /// The share that it and at least one other oracle say something about.
    pub overlap: f64,
    /// The share about which another oracle says the opposite.
    pub conflict: f64,
}

impl Audit {
    /// The oracles that were asked, then the others, by name.
    pub async fn oracles(&self) -> Result<Vec<OracleSummary>> {
        self.rows(ORACLES).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{answer, asked, edges, memberships};

    #[tokio::test]
    async fn asked_and_unasked_oracles_are_compared_over_the_asked_pairs() {
        let (_folder, run) = asked(&[(1, 1, &[2, 3, 4, 5])]);
        let said = |candidate, related, annotator| answer(1, 1, candidate, related, annotator);
        let tied = [said(4, Some(true), "ann"), said(4, Some(false), "bob")];
        run.ledger().unwrap().record(&[said(2, Some(true), "ann"), said(3, Some(false), "ann")]).unwrap();
        run.ledger().unwrap().record(&tied).unwrap();
        // Two oracles agree on (1, 2); one of them contradicts the answer about (1, 3); (7, 8) was not asked about.
        edges(&run, &[(1, 2, 0.5, "nearest(5),rule(x)"), (1, 3, 1.0, "rule(x)"), (7, 8, 1.0, "rule(x)")]);
        // A group says that 1 and 5 are apart, as its groups exclude each other; what follows from the answers is none
        // of the oracles.
        let member = |id, group, rel, exclusive| (id, group, rel, exclusive);
        let groups = [
            member(1, 0, "same_label(label)", true),
            member(5, 1, "same_label(label)", true),
            member(1, 0, "cluster", false),
            member(4, 1, "cluster", false),
            member(1, 0, "answers", false),
            member(2, 0, "answers", false),
        ];
        memberships(&run, &groups);
        let found = Audit::open(&run).await.unwrap().oracles().await.unwrap();
        let numbers: Vec<_> = found
            .iter()
            .map(|o| (o.oracle.as_str(), o.active, o.pairs, o.yes, o.coverage, o.overlap, o.conflict))
            .collect();
        let expected = [
            ("test", true, 2, 1, 0.5, 0.5, 0.25),
            ("nearest(5)", false, 1, 1, 0.25, 0.25, 0.0),
            ("rule(x)", false, 2, 2, 0.5, 0.5, 0.25),
            ("same_label(label)", false, 1, 0, 0.25, 0.0, 0.0),
        ];
        assert_eq!(numbers, expected);
    }
}
