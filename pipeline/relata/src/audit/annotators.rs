//! Annotators: how much and how well each answers.

use relata_active::dawid_skene::{Vote, dawid_skene};
use relata_data::index::SampleId;
use serde::{Deserialize, Serialize};

use super::audited::Audit;
use crate::error::Result;
use crate::sql::views;

/// The query behind [`Audit::annotators`], without the two estimates:
///
/// ```sql
#[doc = include_str!("../sql/annotators.sql")]
/// ```
pub const ANNOTATORS: &str = views::ANNOTATORS;

/// What each annotator says in the end about each pair that was asked about.
const VOTES: &str = "
SELECT least(a.anchor, a.candidate) AS low, greatest(a.anchor, a.candidate) AS high, a.annotator,
       last_value(a.related ORDER BY a.sequence) AS related,
       last_value(a.confidence ORDER BY a.sequence) AS confidence
FROM answers a LEFT JOIN (SELECT DISTINCT undoes FROM answers) u ON u.undoes = a.sequence
WHERE a.undoes IS NULL AND u.undoes IS NULL
GROUP BY least(a.anchor, a.candidate), greatest(a.anchor, a.candidate), a.annotator
ORDER BY low, high, annotator";

/// What an annotator said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnnotatorSummary {
    /// The annotator's name.
    pub annotator: String,
    /// The oracles that the annotator answered for, with commas between them.
    pub oracles: String,
    /// Answers in force that are not passes.
    pub answers: u64,
    /// Those that are "yes".
    pub yes: u64,
    /// Passes in force.
    pub passes: u64,
    /// Answers taken back.
    pub undone: u64,
    /// What all answers cost, those taken back too.
    pub cost: f64,
    /// Answers of others about the same pairs.
    pub compared: u64,
    /// The share of those that say the same; none if there are none.
    pub agreement: Option<f64>,
    /// The estimated probability of calling a related pair related (Dawid and Skene 1979); none if nobody else answered
    /// about the same pairs.
    #[serde(default)]
    pub sensitivity: Option<f64>,
    /// The estimated probability of calling an unrelated pair unrelated; none likewise.
    #[serde(default)]
    pub specificity: Option<f64>,
}

/// What an annotator says in the end about a pair, the smaller id first.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct PairVote {
    pub low: SampleId,
    pub high: SampleId,
    pub annotator: String,
    pub related: Option<bool>,
    pub confidence: f32,
}

impl Audit {
    /// All annotators, by name.
    pub async fn annotators(&self) -> Result<Vec<AnnotatorSummary>> {
        let mut annotators: Vec<AnnotatorSummary> = self.rows(ANNOTATORS).await?;
        if annotators.iter().all(|annotator| annotator.compared == 0) {
            return Ok(annotators);
        }
        let (mut votes, mut pairs) = (Vec::new(), 0);
        let mut last = None;
        for vote in self.votes().await? {
            let place = annotators.binary_search_by(|known| known.annotator.cmp(&vote.annotator));
            let (Some(related), Ok(annotator)) = (vote.related, place) else { continue };
            pairs += usize::from(last.replace((vote.low, vote.high)) != Some((vote.low, vote.high)));
            votes.push(Vote { item: pairs - 1, annotator, related, weight: vote.confidence });
        }
        let model = dawid_skene(&votes);
        let estimates = model.sensitivity.into_iter().zip(model.specificity);
        for (annotator, (sensitivity, specificity)) in annotators.iter_mut().zip(estimates) {
            if annotator.compared > 0 {
                (annotator.sensitivity, annotator.specificity) = (Some(sensitivity), Some(specificity));
            }
        }
        Ok(annotators)
    }

    /// What each annotator says in the end about each pair, by pair and annotator.
    pub(crate) async fn votes(&self) -> Result<Vec<PairVote>> {
        self.rows(VOTES).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{answer, asked};

    #[tokio::test]
    async fn answers_are_counted_and_compared_pair_by_pair() {
        let (_folder, run) = asked(&[(1, 10, &[11, 12, 13]), (2, 11, &[10, 14])]);
        let ledger = run.ledger().unwrap();
        let said = [
            answer(1, 10, 11, Some(true), "ann"),
            answer(1, 10, 12, Some(false), "ann"),
            answer(1, 10, 13, None, "ann"),
            answer(1, 10, 11, Some(true), "bob"),
            answer(1, 10, 12, Some(true), "bob"),
            answer(1, 10, 13, Some(true), "bob"),
            answer(2, 11, 14, Some(true), "cat"),
        ];
        ledger.record(&said).unwrap();
        assert_eq!(ledger.undo(2, "cat").unwrap(), 1);
        // The same pair from the other side: the later answer counts.
        ledger.record(&[answer(2, 11, 10, Some(false), "bob")]).unwrap();
        let found = Audit::open(&run).await.unwrap().annotators().await.unwrap();
        let numbers: Vec<_> = found
            .iter()
            .map(|a| (a.annotator.as_str(), a.answers, a.yes, a.passes, a.undone, a.cost, a.compared, a.agreement))
            .collect();
        let expected = [
            ("ann", 2, 1, 1, 0, 1.5, 2, Some(0.0)),
            ("bob", 4, 3, 0, 0, 2.0, 2, Some(0.0)),
            ("cat", 0, 0, 0, 1, 0.5, 0, None),
        ];
        assert_eq!(numbers, expected);
        assert_eq!(found[0].oracles, "test");
        assert!(found[0].sensitivity.is_some() && found[2].sensitivity.is_none());
    }

    #[tokio::test]
    async fn an_annotator_who_errs_is_estimated_to_err() {
        let questions: Vec<(u64, u64, Vec<u64>)> = (1..=40).map(|q| (q, 1000 + q, vec![q])).collect();
        let questions: Vec<(u64, u64, &[u64])> = questions.iter().map(|(q, a, c)| (*q, *a, c.as_slice())).collect();
        let (_folder, run) = asked(&questions);
        let ledger = run.ledger().unwrap();
        for question in 1..=40 {
            let truth = question % 2 == 0;
            for (name, wrong) in [("ann", false), ("bob", false), ("eve", question % 8 == 0)] {
                ledger.record(&[answer(question, 1000 + question, question, Some(truth != wrong), name)]).unwrap();
            }
        }
        let found = Audit::open(&run).await.unwrap().annotators().await.unwrap();
        // Eve misses 5 of the 20 related pairs, and none of the unrelated ones.
        let eve = &found[2];
        assert!((eve.sensitivity.unwrap() - 0.75).abs() < 0.06, "{eve:?}");
        assert!(found[0].sensitivity.unwrap() > 0.95 && eve.specificity.unwrap() > 0.95, "{found:?}");
        assert_eq!((eve.compared, eve.agreement), (80, Some(70.0 / 80.0)));
    }
}
