//! Leases: a question is lent to as many annotators as are wanted, until they have answered or their time is up.

use relata_oracle::Question;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::answer_writer::COMPLETE;
use super::error::LedgerError;
use super::sqlite_ledger::Ledger;
use super::{questions, timestamp};
use crate::error::Result;

/// A question that is kept for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// For whom: an annotator, or what a page of questions of its own calls its people.
    pub holder: String,
    /// The question.
    pub question: u64,
}

impl Ledger {
    /// The next question for an annotator: the first, by round, priority and number, that this annotator has not
    /// answered, and that has fewer than `wanted` standing answers and live leases of others. It is theirs for so many
    /// seconds from now. An annotator has at most one lease, and as long as it lives the same question is given again.
    pub fn lease(&self, annotator: &str, wanted: usize, seconds: u64) -> Result<Option<Question>> {
        self.lease_at(annotator, wanted, seconds, timestamp::now())
    }

    /// Like [`lease`](Self::lease), for whoever knows better than the ledger which questions may be given: `choose`
    /// sees all live leases, and what it chooses is the holder's for so many seconds from now. Nobody else can choose
    /// meanwhile. A holder for whom nothing is chosen has nothing any more.
    pub fn lease_chosen(
        &self,
        holder: &str,
        seconds: u64,
        choose: impl FnOnce(&[Lease]) -> Option<u64>,
    ) -> Result<Option<u64>> {
        self.lease_chosen_at(holder, seconds, timestamp::now(), choose)
    }

    /// Who has a live lease of a question.
    pub fn leased_to(&self, question: u64) -> Result<Vec<String>> {
        self.read(|transaction| {
            let live = "SELECT annotator FROM holds WHERE question = ?1 AND until > ?2 AND granted <= ?3 ORDER BY 1";
            let (mut statement, now) = (transaction.prepare_cached(live)?, timestamp::now());
            let holders = statement.query_map(params![question.cast_signed(), now, now + AHEAD], |row| row.get(0))?;
            Ok(holders.collect::<Result<_, _>>()?)
        })
    }

    /// Gives a lease back, so that others may have the question.
    pub fn release(&self, question: u64, annotator: &str) -> Result<()> {
        self.write(|transaction| {
            let release = "DELETE FROM holds WHERE annotator = ?1 AND question = ?2";
            transaction.prepare_cached(release)?.execute(params![annotator, question.cast_signed()])?;
            Ok(())
        })
    }

    fn lease_at(&self, annotator: &str, wanted: usize, seconds: u64, now: i64) -> Result<Option<Question>> {
        let until = end(now, seconds);
        self.write(|transaction| {
            transaction.prepare_cached(ENDED)?.execute([now, now.saturating_add(AHEAD)])?;
            let own = "SELECT question FROM holds WHERE annotator = ?1";
            let own = transaction.prepare_cached(own)?.query_row([annotator], |row| row.get(0)).optional()?;
            let Some(number) = own.map_or_else(|| next(transaction, annotator, wanted), |own| Ok(Some(own)))? else {
                return Ok(None);
            };
            transaction.prepare_cached(KEEP)?.execute(params![annotator, number, until, now])?;
            Ok(questions::find(transaction, number.cast_unsigned())?)
        })
    }

    fn lease_chosen_at(
        &self,
        holder: &str,
        seconds: u64,
        now: i64,
        choose: impl FnOnce(&[Lease]) -> Option<u64>,
    ) -> Result<Option<u64>> {
        self.write(|transaction| {
            transaction.prepare_cached(ENDED)?.execute([now, now.saturating_add(AHEAD)])?;
            let mut all = transaction.prepare_cached("SELECT annotator, question FROM holds ORDER BY annotator")?;
            let lease =
                |row: &Row<'_>| Ok(Lease { holder: row.get(0)?, question: row.get::<_, i64>(1)?.cast_unsigned() });
            let live: Vec<Lease> = all.query_map([], lease)?.collect::<Result<_, _>>()?;
            let chosen = choose(&live);
            match chosen {
                Some(question) => {
                    let until = end(now, seconds);
                    transaction.prepare_cached(KEEP)?.execute(params![holder, question.cast_signed(), until, now])?
                }
                None => transaction.prepare_cached("DELETE FROM holds WHERE annotator = ?1")?.execute([holder])?,
            };
            Ok(chosen)
        })
    }
}

const KEEP: &str = "INSERT OR REPLACE INTO holds VALUES (?1, ?2, ?3, ?4)";
/// Leases whose time is up, and those from a future that a clock has come back from: they might last for days.
const ENDED: &str = "DELETE FROM holds WHERE until <= ?1 OR granted > ?2";
/// How far ahead of one process another may be, in microseconds: each looks at the clock before it waits for the other.
const AHEAD: i64 = 60_000_000;

/// When a lease ends.
fn end(now: i64, seconds: u64) -> i64 {
    now.saturating_add(seconds.saturating_mul(1_000_000).min(i64::MAX.cast_unsigned()).cast_signed())
}

/// A question's place in the order: round, negated priority, number.
#[derive(Debug, Clone, Copy, PartialEq)]
struct QueuePlace {
    round: i64,
    rank: f64,
    question: i64,
}

impl QueuePlace {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { round: row.get(0)?, rank: row.get(1)?, question: row.get(2)? })
    }
}

/// The first question that an annotator may have. What is passed on the way for good is not looked at again.
fn next(transaction: &Transaction<'_>, annotator: &str, wanted: usize) -> Result<Option<i64>, LedgerError> {
    let most: i64 = transaction.query_row("SELECT COALESCE(MAX(least), 0) FROM progress", [], |row| row.get(0))?;
    let wanted = i64::try_from(wanted).unwrap_or(i64::MAX);
    if wanted == 0 {
        return Ok(None);
    }
    let seen = "SELECT round, rank, question FROM cursors WHERE annotator = ?1 AND wanted = ?2";
    let key = params![annotator, wanted];
    let start = transaction.prepare_cached(seen)?.query_row(key, QueuePlace::read).optional()?;
    let mut complete = transaction.prepare_cached(COMPLETE)?;
    let mut leased =
        transaction.prepare_cached("SELECT COUNT(*) FROM holds WHERE question = ?1 AND annotator <> ?2")?;

    let mut statement = transaction.prepare_cached(&in_order(wanted.min(most + 1)))?;
    let after = start.unwrap_or(QueuePlace { round: i64::MIN, rank: f64::NEG_INFINITY, question: i64::MIN });
    let mut rows = statement.query(params![after.round, after.rank, after.question])?;
    let (mut passed, mut waiting, mut found) = (None, false, None);
    while let Some(row) = rows.next()? {
        let (place, least) = (QueuePlace::read(row)?, row.get::<_, i64>(3)?);
        let key = params![place.question, annotator];
        if complete.query_row(key, |row| row.get(0))? {
            // Nothing may be passed for good behind a question that only waits for somebody else.
            passed = if waiting { passed } else { Some(place) };
        } else if least + leased.query_row(key, |row| row.get::<_, i64>(0))? < wanted {
            found = Some(place.question);
            break;
        } else {
            waiting = true;
        }
    }
    if let Some(QueuePlace { round, rank, question }) = passed {
        let keep = "INSERT OR REPLACE INTO cursors VALUES (?1, ?2, ?3, ?4, ?5)";
        transaction.prepare_cached(keep)?.execute(params![annotator, wanted, round, rank, question])?;
    }
    Ok(found)
}

/// The questions after a place whose least answered candidate has fewer than so many answers. One index range for each
/// number of answers, merged in order, so that the first is found without a look at the others.
pub(super) fn in_order(answers: i64) -> String {
    let range = |least| {
        format!(
            "SELECT round, rank, question, least FROM progress
             WHERE least = {least} AND (round, rank, question) > (?1, ?2, ?3)"
        )
    };
    format!("{} ORDER BY 1, 2, 3", (0..answers).map(range).collect::<Vec<_>>().join(" UNION ALL "))
}

#[cfg(test)]
mod tests {

    use super::super::fixture::{answer, answers, ledger, question};
    use super::*;

    const SECOND: i64 = 1_000_000;

    /// The number of the question that is leased at a moment, in seconds, for 10 seconds.
    fn lease(ledger: &Ledger, annotator: &str, wanted: usize, seconds: i64) -> Option<u64> {
        ledger.lease_at(annotator, wanted, 10, seconds * SECOND).unwrap().map(|question| question.question)
    }

    #[test]
    fn annotators_get_different_questions_by_priority_and_their_own_again() {
        let (_folder, ledger) = ledger(&[question(1, 0.0, 2), question(2, 5.0, 2)]);
        assert_eq!(lease(&ledger, "ann", 1, 0), Some(2));
        assert_eq!(lease(&ledger, "ben", 1, 0), Some(1));
        assert_eq!(lease(&ledger, "cat", 1, 0), None);
        assert_eq!(lease(&ledger, "ann", 1, 1), Some(2));
        assert_eq!(ledger.lease("ann", 1, 10).unwrap(), Some(question(2, 5.0, 2)));
    }

    #[test]
    fn a_lease_ends_with_its_time_and_is_renewed_by_asking() {
        let (_folder, ledger) = ledger(&[question(1, 0.0, 2)]);
        assert_eq!(lease(&ledger, "ann", 1, 0), Some(1));
        assert_eq!(lease(&ledger, "ben", 1, 9), None);
        assert_eq!(lease(&ledger, "ann", 1, 9), Some(1));
        assert_eq!(lease(&ledger, "ben", 1, 18), None);
        assert_eq!(lease(&ledger, "ben", 1, 19), Some(1));
        assert_eq!(lease(&ledger, "ann", 1, 19), None);
    }

    #[test]
    fn a_clock_that_steps_back_strands_no_question() {
        let (_folder, ledger) = ledger(&[question(1, 0.0, 2)]);
        assert_eq!(lease(&ledger, "ann", 1, 100_000), Some(1));
        assert_eq!(lease(&ledger, "ben", 1, 100_001), None);
        assert_eq!(lease(&ledger, "ben", 1, 50), Some(1));
        assert_eq!((lease(&ledger, "ann", 1, 51), lease(&ledger, "ann", 1, 60)), (None, Some(1)));
        // Another process has looked at the clock a moment before.
        assert_eq!(lease(&ledger, "ben", 1, 59), None);
    }

    #[test]
    fn as_many_annotators_get_a_question_as_are_wanted() {
        let (_folder, ledger) = ledger(&[question(1, 0.0, 2)]);
        assert_eq!(lease(&ledger, "ann", 2, 0), Some(1));
        ledger.record(&answers(&question(1, 0.0, 2), "ann")).unwrap();
        assert_eq!(lease(&ledger, "ann", 2, 0), None);
        assert_eq!(lease(&ledger, "ben", 2, 0), Some(1));
        assert_eq!(lease(&ledger, "cat", 2, 0), None);
        assert_eq!(lease(&ledger, "cat", 3, 0), Some(1));
        assert_eq!(lease(&ledger, "dan", 0, 0), None);
    }

    #[test]
    fn a_lease_lasts_until_every_candidate_is_answered() {
        let (_folder, ledger) = ledger(&[question(1, 0.0, 2)]);
        assert_eq!(lease(&ledger, "ann", 1, 0), Some(1));
        ledger.record(&[answer(1, 101, Some(true), "ann")]).unwrap();
        assert_eq!((lease(&ledger, "ann", 1, 0), lease(&ledger, "ben", 1, 0)), (Some(1), None));
        ledger.record(&[answer(1, 102, None, "ann")]).unwrap();
        assert_eq!((lease(&ledger, "ann", 1, 0), lease(&ledger, "ben", 1, 0)), (None, None));
    }

    #[test]
    fn undo_and_release_open_a_question_again() {
        let asked = [question(1, 2.0, 2), question(2, 1.0, 2), question(3, 0.0, 2)];
        let (_folder, ledger) = ledger(&asked);
        for number in 1..=2 {
            assert_eq!(lease(&ledger, "ann", 1, 0), Some(number));
            ledger.record(&answers(&asked[number as usize - 1], "ann")).unwrap();
        }
        assert_eq!(lease(&ledger, "ann", 1, 0), Some(3));
        ledger.undo(1, "ann").unwrap();
        assert_eq!(lease(&ledger, "ben", 1, 0), Some(1));
        assert_eq!(lease(&ledger, "cat", 1, 0), None);
        ledger.release(1, "cat").unwrap();
        assert_eq!(lease(&ledger, "cat", 1, 0), None);
        ledger.release(1, "ben").unwrap();
        assert_eq!(lease(&ledger, "cat", 1, 0), Some(1));
    }

    #[test]
    fn a_page_chooses_for_its_people_and_sees_who_has_what() {
        let (_folder, ledger) = ledger(&[question(1, 1.0, 2), question(2, 0.0, 2)]);
        let choose = |holder: &str, at: i64, wanted: Option<u64>| {
            let mut seen = Vec::new();
            let chosen = ledger.lease_chosen_at(holder, 10, at * SECOND, |live| {
                seen.extend(live.iter().map(|lease| (lease.holder.clone(), lease.question)));
                wanted
            });
            assert_eq!(chosen.unwrap(), wanted);
            seen
        };
        let of = |holder: &str, question| (holder.to_owned(), question);
        assert_eq!(choose("left/ann", 0, Some(1)), []);
        assert_eq!(choose("right/ann", 5, Some(1)), [of("left/ann", 1)]);
        assert_eq!(choose("left/ann", 8, Some(2)), [of("left/ann", 1), of("right/ann", 1)]);
        assert_eq!(choose("right/ann", 15, None), [of("left/ann", 2)], "ended with its time");
        assert_eq!(choose("left/ann", 16, None), [of("left/ann", 2)]);
        assert_eq!(choose("left/ben", 16, None), []);
        ledger.lease_chosen("left/ben", 10, |_| Some(2)).unwrap();
        assert_eq!((ledger.leased_to(2).unwrap(), ledger.leased_to(1).unwrap()), (vec!["left/ben".to_owned()], vec![]));
        ledger.release(2, "left/ben").unwrap();
        assert!(ledger.leased_to(2).unwrap().is_empty());
    }

    #[test]
    fn new_questions_of_a_higher_priority_come_first() {
        let asked = [question(1, 1.0, 2), question(2, 0.0, 2)];
        let (_folder, ledger) = ledger(&asked);
        for question in &asked {
            ledger.record(&answers(question, "ann")).unwrap();
        }
        assert_eq!(lease(&ledger, "ann", 2, 0), None);
        ledger.ask(&[question(3, 0.5, 2)]).unwrap();
        assert_eq!(lease(&ledger, "ann", 2, 0), Some(3));
    }

    /// Random steps of three annotators, against a walk over all questions that remembers nothing.
    #[test]
    fn a_lease_is_what_a_walk_over_everything_finds() {
        use rand::RngExt;
        let mut random = relata_data::seed::stream(5, &[]);
        for wanted in 1..=3 {
            let (_folder, ledger) = ledger(&[]);
            let mut asked: Vec<Question> = Vec::new();
            for step in 0..300 {
                let annotator = ["ann", "ben", "cat"][random.random_range(0..3)];
                match random.random_range(0..10) {
                    0..2 => {
                        asked.push(question(asked.len() as u64 + 1, random.random_range(0..5) as f32, 2));
                        ledger.ask(&asked[asked.len() - 1..]).unwrap();
                    }
                    2 if !asked.is_empty() => {
                        ledger.undo(random.random_range(1..=asked.len() as u64), annotator).unwrap();
                    }
                    _ => {
                        let naive = walk(&ledger, &asked, annotator, wanted, step);
                        assert_eq!(lease(&ledger, annotator, wanted, step), naive, "step {step}");
                        if let Some(number) = naive.filter(|_| random.random_bool(0.7)) {
                            ledger.record(&answers(&asked[number as usize - 1], annotator)).unwrap();
                        }
                    }
                }
            }
        }
    }

    fn walk(ledger: &Ledger, asked: &[Question], annotator: &str, wanted: usize, seconds: i64) -> Option<u64> {
        let rows = ledger.since(0).unwrap();
        let undone: Vec<u64> = rows.iter().filter_map(|row| row.undoes).collect();
        let answered = |question: u64| -> Vec<&str> {
            let standing = rows.iter().filter(|row| row.undoes.is_none() && !undone.contains(&row.sequence));
            let of = standing.filter(|row| row.answer.question == question && row.answer.candidate.0 % 100 == 1);
            of.map(|row| row.answer.annotator.as_str()).collect()
        };
        let live = "SELECT annotator, question FROM holds WHERE until > ?1";
        let leases: Vec<(String, u64)> = ledger
            .read(|transaction| {
                let mut statement = transaction.prepare(live)?;
                let rows = statement.query_map([seconds * SECOND], |row| Ok((row.get(0)?, row.get(1)?)))?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .unwrap();
        if let Some(own) = leases.iter().find(|lease| lease.0 == annotator) {
            return Some(own.1);
        }
        let mut order: Vec<_> = asked.iter().collect();
        order.sort_by(|a, b| b.priority.total_cmp(&a.priority).then(a.question.cmp(&b.question)));
        let free = |question: &&&Question| {
            let (by, number) = (answered(question.question), question.question);
            !by.contains(&annotator) && by.len() + leases.iter().filter(|lease| lease.1 == number).count() < wanted
        };
        order.iter().find(free).map(|question| question.question)
    }
}
