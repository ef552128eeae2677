//! Round summaries: what each round asked, cost and gained.

use serde::{Deserialize, Serialize};

use super::audited::Audit;
use crate::error::Result;
use crate::sql::views;

/// The query behind [`Audit::rounds`]:
///
/// ```sql
#[doc = include_str!("../sql/rounds.sql")]
/// ```
pub const ROUNDS: &str = views::ROUNDS;

/// A round of questions. What is an option is not there before the round is learned from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoundSummary {
    /// Its number, from 1.
    pub round: u32,
    /// The strategies that proposed its questions, with commas between them.
    pub strategies: String,
    /// Questions.
    pub questions: u64,
    /// Pairs asked about.
    pub pairs: u64,
    /// What its answers cost, those taken back too.
    pub spent: f64,
    /// Answers in force that are not passes; of several annotators, all of them.
    pub answers: u64,
    /// Those that are "yes".
    pub yes: u64,
    /// Passes in force.
    pub passes: u64,
    /// The share of the answers that the model predicted before they were known.
    pub predicted: Option<f64>,
    /// Answers that contradicted what followed from the answers before them.
    pub contradictions: Option<f64>,
    /// Pairs known to be related after the round.
    pub known_positives: Option<f64>,
    /// Pairs known not to be related after the round.
    pub known_negatives: Option<f64>,
    /// Components of at least two samples after the round.
    pub components: Option<f64>,
    /// Answers that are doubted after the round: a "yes" that alone holds two big sides of a component together.
    #[serde(default)]
    pub bridges: Option<f64>,
}

impl Audit {
    /// The rounds, in order.
    pub async fn rounds(&self) -> Result<Vec<RoundSummary>> {
        self.rows(ROUNDS).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{answer, asked, metrics, question};

    #[tokio::test]
    async fn a_round_counts_what_stands_and_pays_for_what_does_not() {
        let (_folder, run) = asked(&[(1, 1, &[2, 3]), (2, 4, &[5])]);
        let ledger = run.ledger().unwrap();
        let mut again = question(3, 1, &[6]);
        (again.round, again.strategy) = (2, "re_ask".to_owned());
        ledger.ask(&[again]).unwrap();
        let said =
            [answer(1, 1, 2, Some(true), "ann"), answer(1, 1, 3, None, "ann"), answer(2, 4, 5, Some(true), "bob")];
        ledger.record(&said).unwrap();
        ledger.undo(2, "bob").unwrap();
        metrics(
            &run,
            &[
                (0, "knn.test", 0.5),
                (1, "ask.answers", 2.0),
                (1, "ask.predicted", 1.0),
                (1, "ask.contradictions", 0.0),
                (1, "ask.known_positives", 7.0),
                (1, "ask.bridges", 2.0),
            ],
        );
        let found = Audit::open(&run).await.unwrap().rounds().await.unwrap();
        let numbers: Vec<_> = found
            .iter()
            .map(|r| (r.round, r.strategies.as_str(), r.questions, r.pairs, r.spent, r.answers, r.yes, r.passes))
            .collect();
        assert_eq!(numbers, [(1, "fixture", 2, 3, 1.5, 1, 1, 1), (2, "re_ask", 1, 1, 0.0, 0, 0, 0)]);
        let first = &found[0];
        assert_eq!((first.predicted, first.contradictions, first.known_positives), (Some(0.5), Some(0.0), Some(7.0)));
        assert_eq!((first.bridges, found[1].bridges), (Some(2.0), None));
        assert_eq!((first.components, found[1].predicted), (None, None));
    }
}
