//! Questions in the ledger: stored before they are asked, in the order of round, priority and number.

use std::collections::BTreeSet;

use relata_data::index::SampleId;
use relata_oracle::Question;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Params, Row, Transaction, params};

use super::error::{LedgerError, Refusal};
use super::last_seal;
use super::seals::{self, Sealed};
use super::sqlite_ledger::Ledger;
use crate::error::Result;

pub(super) const OPEN: &str = "
    SELECT q.question, q.round, q.anchor, q.candidates, q.strategy, q.priority
    FROM progress AS p CROSS JOIN questions AS q ON q.question = p.question
    WHERE p.least < ?1 ORDER BY p.round, p.rank, p.question";
const OPEN_OF_ROUND: &str = "
    SELECT q.* FROM questions AS q JOIN progress AS p ON p.question = q.question
    WHERE q.round = ?1 AND p.least < ?2 ORDER BY p.rank, p.question";

impl Ledger {
    /// Stores questions. A question that is there already is passed over; another question under the same number, a
    /// question without candidates, with one twice or with its own anchor, is [`ActiveError::Ledger`], and then none
    /// is stored.
    ///
    /// [`ActiveError::Ledger`]: crate::ActiveError::Ledger
    pub fn ask(&self, questions: &[Question]) -> Result<()> {
        self.write(|transaction| questions.iter().try_for_each(|question| insert(transaction, question).map(drop)))?;
        last_seal::write(self.seal()?, self.folder())
    }

    /// All questions, by number.
    pub fn questions(&self) -> Result<Vec<Question>> {
        self.read(|transaction| all(transaction))
    }

    /// The questions of a round, by number.
    pub fn questions_of(&self, round: u32) -> Result<Vec<Question>> {
        self.read(|transaction| {
            select(transaction, "SELECT * FROM questions WHERE round = ?1 ORDER BY question", [round])
        })
    }

    /// The question of a number.
    pub fn question(&self, number: u64) -> Result<Option<Question>> {
        self.read(|transaction| Ok(find(transaction, number)?))
    }

    /// A number that no question has yet: one more than the largest.
    pub fn next_question(&self) -> Result<u64> {
        let largest = "SELECT COALESCE(MAX(question), 0) FROM questions";
        self.read(|transaction| Ok(transaction.query_row(largest, [], |row| row.get::<_, u64>(0))? + 1))
    }

    /// The questions with a candidate that has standing answers of fewer than so many annotators, by round, priority
    /// (largest first) and number.
    pub fn unanswered(&self, annotators: usize) -> Result<Vec<Question>> {
        self.read(|transaction| select(transaction, OPEN, [wanted(annotators)]))
    }

    /// Those of a round.
    pub fn unanswered_of(&self, round: u32, annotators: usize) -> Result<Vec<Question>> {
        self.read(|transaction| select(transaction, OPEN_OF_ROUND, params![round, wanted(annotators)]))
    }
}

fn wanted(annotators: usize) -> i64 {
    i64::try_from(annotators).unwrap_or(i64::MAX)
}

/// All questions, by number.
pub(super) fn all(connection: &Connection) -> Result<Vec<Question>, LedgerError> {
    select(connection, "SELECT * FROM questions ORDER BY question", [])
}

/// The last round of which there are questions.
pub(super) fn last_round(connection: &Connection) -> rusqlite::Result<Option<u32>> {
    connection.query_row("SELECT MAX(round) FROM questions", [], |row| row.get(0))
}

/// The question of a number.
pub(super) fn find(connection: &Connection, number: u64) -> rusqlite::Result<Option<Question>> {
    let mut statement = connection.prepare_cached("SELECT * FROM questions WHERE question = ?1")?;
    statement.query_row([number.cast_signed()], read).optional()
}

/// Stores a question; false if it is there already.
pub(super) fn insert(transaction: &Transaction<'_>, question: &Question) -> Result<bool, LedgerError> {
    check(question)?;
    if let Some(stored) = find(transaction, question.question)? {
        return match stored == *question {
            true => Ok(false),
            false => Err(refused(
                question,
                "the question that has this number already",
                format!("another one, about {} instead of {}", about(question), about(&stored)),
                "Number new questions from `next_question()` on.",
            )),
        };
    }
    let candidates = serde_json::to_string(&question.candidates).expect("a list of numbers is JSON");
    transaction.prepare_cached("INSERT INTO questions VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?.execute(params![
        question.question.cast_signed(),
        question.round,
        question.anchor.0.cast_signed(),
        candidates,
        question.strategy,
        f64::from(question.priority),
    ])?;
    transaction.prepare_cached("INSERT INTO progress VALUES (?1, ?2, ?3, ?4, 0)")?.execute(params![
        question.question.cast_signed(),
        question.round,
        -f64::from(question.priority),
        question.candidates.len() as i64,
    ])?;
    seals::append(transaction, Sealed::Question, question.question.cast_signed())?;
    Ok(true)
}

fn check(question: &Question) -> Result<(), LedgerError> {
    let distinct: BTreeSet<SampleId> = question.candidates.iter().copied().collect();
    let (expected, found) = if question.question > i64::MAX.cast_unsigned() - 1 {
        ("a number below 2^63 - 1".to_owned(), question.question.to_string())
    } else if !question.priority.is_finite() {
        ("a finite priority".to_owned(), question.priority.to_string())
    } else if distinct.is_empty() || distinct.len() < question.candidates.len() {
        ("one or more candidates, each once".to_owned(), format!("the candidates {:?}", question.candidates))
    } else if distinct.contains(&question.anchor) {
        ("candidates other than the anchor".to_owned(), format!("the anchor {} among them", question.anchor))
    } else {
        return Ok(());
    };
    Err(refused(question, &expected, found, "The strategy that proposed it is at error."))
}

fn refused(question: &Question, expected: &str, found: String, hint: &'static str) -> LedgerError {
    Refusal { oracle: None, question: question.question, expected: expected.to_owned(), found, hint }.into()
}

fn about(question: &Question) -> String {
    let Question { round, anchor, candidates, strategy, priority, .. } = question;
    format!("anchor {anchor} and candidates {candidates:?} (round {round}, {strategy}, priority {priority})")
}

fn select(connection: &Connection, query: &str, parameters: impl Params) -> Result<Vec<Question>, LedgerError> {
    let mut statement = connection.prepare_cached(query)?;
    Ok(statement.query_map(parameters, read)?.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Question> {
    let candidates: String = row.get(3)?;
    Ok(Question {
        question: row.get(0)?,
        round: row.get(1)?,
        anchor: SampleId(row.get::<_, i64>(2)?.cast_unsigned()),
        candidates: serde_json::from_str(&candidates)
            .map_err(|error| rusqlite::Error::FromSqlConversionFailure(3, Type::Text, error.into()))?,
        strategy: row.get(4)?,
        priority: row.get::<_, f64>(5)? as f32,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::LedgerEntry as Entry;
    use super::super::fixture::{answer, answers, ledger, question};
    use super::*;

    #[test]
    fn questions_come_back_as_they_were() {
        let mut asked = vec![question(1, 0.1, 3), question(2, -7.25, 1)];
        asked[1].anchor = SampleId(u64::MAX);
        asked[1].candidates = [1 << 63, 0, u64::MAX - 1].map(SampleId).to_vec();
        let (_folder, ledger) = ledger(&asked);
        ledger.ask(&asked).unwrap();
        assert_eq!(ledger.questions().unwrap(), asked);
        assert_eq!(ledger.question(2).unwrap().as_ref(), Some(&asked[1]));
        assert_eq!(ledger.question(3).unwrap(), None);
        assert_eq!(ledger.question(u64::MAX).unwrap(), None);
        assert_eq!(ledger.next_question().unwrap(), 3);
    }

    #[test]
    fn unsound_questions_are_refused_as_a_whole() {
        let (_folder, ledger) = ledger(&[question(1, 1.0, 2)]);
        let good = question(5, 1.0, 2);
        let refusal = |change: &dyn Fn(&mut Question)| {
            let mut bad = question(2, 1.0, 2);
            change(&mut bad);
            ledger.ask(&[good.clone(), bad]).unwrap_err().to_string()
        };
        for (text, error) in [
            ("question 1: expected the question that has this number already", refusal(&|q| q.question = 1)),
            ("question 2: expected one or more candidates", refusal(&|q| q.candidates.clear())),
            ("found the candidates [201, 201]", refusal(&|q| q.candidates[1] = SampleId(201))),
            ("found the anchor 200 among them", refusal(&|q| q.candidates[1] = SampleId(200))),
            ("expected a finite priority, found NaN", refusal(&|q| q.priority = f32::NAN)),
            ("expected a number below 2^63", refusal(&|q| q.question = u64::MAX)),
        ] {
            assert!(error.contains(text), "{error}");
        }
        assert_eq!(ledger.questions().unwrap().len(), 1);
        assert_eq!(ledger.next_question().unwrap(), 2);
    }

    #[test]
    fn unanswered_questions_come_by_round_priority_and_number() {
        let mut asked = vec![question(1, 0.5, 2), question(2, 2.0, 2), question(3, 0.5, 2), question(4, 9.0, 1)];
        asked[3].round = 2;
        let (_folder, ledger) = ledger(&asked);
        let numbers = |annotators| -> Vec<u64> {
            ledger.unanswered(annotators).unwrap().into_iter().map(|q| q.question).collect()
        };
        assert_eq!(numbers(1), [2, 1, 3, 4]);
        ledger.record(&answers(&asked[1], "ann")).unwrap();
        ledger.record(&[answer(1, 101, None, "ann"), answer(1, 101, None, "ben")]).unwrap();
        assert_eq!(numbers(1), [1, 3, 4]);
        ledger.record(&[answer(1, 102, Some(false), "cat")]).unwrap();
        assert_eq!((numbers(1), numbers(2)), (vec![3, 4], vec![2, 1, 3, 4]));
        assert_eq!(ledger.unanswered_of(1, 2).unwrap(), [&asked[1..2], &asked[..1], &asked[2..3]].concat());
        assert_eq!(
            (ledger.unanswered_of(1, 1).unwrap(), ledger.unanswered_of(3, 1).unwrap()),
            (asked[2..3].to_vec(), vec![])
        );
        assert_eq!(
            (ledger.questions_of(1).unwrap(), ledger.questions_of(2).unwrap()),
            (asked[..3].to_vec(), asked[3..].to_vec())
        );
        assert_eq!(numbers(0), [0; 0]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        /// Against the definition, computed from nothing but the rows.
        #[test]
        fn unanswered_is_what_the_rows_say(
            steps in prop::collection::vec((1u64..6, 1u64..4, 0usize..3, 0u8..5), 1..60)
        ) {
            let asked: Vec<_> = (1..6).map(|number| question(number, (number % 3) as f32, 3)).collect();
            let (_folder, ledger) = ledger(&asked);
            for (number, candidate, annotator, action) in steps {
                let annotator = ["ann", "ben", "cat"][annotator];
                match action {
                    0 => drop(ledger.undo(number, annotator).unwrap()),
                    _ => ledger.record(&[answer(number, 100 * number + candidate, None, annotator)]).unwrap(),
                }
            }
            let rows = ledger.since(0).unwrap();
            let undone: Vec<u64> = rows.iter().filter_map(|row| row.undoes).collect();
            let stands = |row: &&Entry| row.undoes.is_none() && !undone.contains(&row.sequence);
            for annotators in 0..4 {
                let mut naive: Vec<&Question> = asked.iter().filter(|q| q.candidates.iter().any(|&c| {
                    let here = |row: &&Entry| (row.answer.question, row.answer.candidate) == (q.question, c);
                    rows.iter().filter(stands).filter(here).count() < annotators
                })).collect();
                naive.sort_by(|a, b| b.priority.total_cmp(&a.priority).then(a.question.cmp(&b.question)));
                let found = ledger.unanswered(annotators).unwrap();
                prop_assert_eq!(found.iter().collect::<Vec<_>>(), naive);
            }
        }
    }
}
