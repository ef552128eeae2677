//! Cascade of oracles: what the first cannot say is asked of the next.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use relata_data::index::SampleId;
use relata_oracle::{Answer, Context, Cost, Oracle, OracleError, Question, Record, Result, check_inner};
use relata_registry::{Component, Description, ReadError, Registry};

use super::inner_oracles::{InnerOracles, OF};

/// See [`cascade`].
#[derive(Debug)]
pub struct Cascade {
    oracles: InnerOracles,
}

/// Asks the first oracle; asks the next one about what the first passed or did not answer because of an error; and so
/// on. Cheap oracles come first.
///
/// A pass is an answer only if every oracle passed. What the earlier oracles were paid for passing is part of the cost
/// of the answer that came at last. The cascade fails if candidates are left because oracles failed.
///
/// A pass that goes on to the next oracle is not in the ledger: in a run that is killed before the next one has
/// answered, the question goes through all of them again. An oracle that knows its own earlier answers, such as people
/// at a page, only repeats them.
///
/// ```
/// use relata_active::oracle::{cascade, replay};
/// use relata_oracle::{Oracle, OracleExt, labels};
///
/// let earlier: Box<dyn Oracle> = Box::new(replay("earlier.jsonl"));
/// let oracle = cascade([earlier, Box::new(labels("digit").priced(0.0, 5.0))]);
/// assert_eq!(oracle.cost().of(1), 6.0); // one unit for the first, five for the second
/// ```
pub fn cascade<O: Oracle + 'static>(oracles: impl IntoIterator<Item = O>) -> Cascade {
    Cascade { oracles: InnerOracles::new(oracles) }
}

impl Component<dyn Oracle> for Cascade {
    const NAME: &'static str = "cascade";
    const SUMMARY: &'static str = "asks the next oracle what the one before could not say";

    fn defaults() -> Option<Description> {
        None
    }

    fn read(description: &Description, registry: &Registry<dyn Oracle>) -> Result<Self, ReadError> {
        Ok(Self { oracles: InnerOracles::read(description, registry, &[])? })
    }
}

#[async_trait]
impl Oracle for Cascade {
    fn describe(&self) -> Description {
        Description::new("cascade").with(OF, self.oracles.descriptions())
    }

    fn inner(&self) -> Vec<&dyn Oracle> {
        self.oracles.all()
    }

    fn name(&self) -> String {
        "cascade".to_owned()
    }

    fn check(&self) -> Result<()> {
        if self.oracles.is_empty() {
            return Err(OracleError::setting("cascade", "oracles", "at least one", 0));
        }
        check_inner(self)
    }

    fn check_relate(&self) -> Result<()> {
        Err(OracleError::cannot_relate(self.describe().name))
    }

    async fn answer(&self, context: &Context<'_>, questions: &[Question], out: &dyn Record) -> Result<()> {
        let mut left = questions.to_vec();
        let mut failures: Vec<(String, OracleError)> = Vec::new();
        let mut paid = BTreeMap::new();
        for (at, oracle) in self.oracles.iter().enumerate() {
            if left.is_empty() {
                return Ok(());
            }
            let last = at + 1 == self.oracles.len();
            let step = CascadeStep { out, paid, last, heard: Mutex::default() };
            if let Err(error) = oracle.answer(context, &left, &step).await {
                failures.push((oracle.name(), error));
            }
            paid = step.finish(&mut left)?;
        }
        match (left.first(), failures.len()) {
            (None, _) => Ok(()),
            (Some(_), 1) if self.oracles.len() == 1 => Err(failures.remove(0).1),
            (Some(question), _) => Err(unanswered(question, &failures)),
        }
    }

    /// All oracles together, since each may be asked.
    fn cost(&self) -> Cost {
        self.oracles.iter().map(|oracle| oracle.cost()).fold(
            Cost { per_question: 0.0, per_candidate: 0.0 },
            |sum, cost| Cost {
                per_question: sum.per_question + cost.per_question,
                per_candidate: sum.per_candidate + cost.per_candidate,
            },
        )
    }
}

/// A pair of question and candidate.
type AskedPair = (u64, SampleId);

/// Records the answers of one oracle, and holds its passes back unless it is the last one.
struct CascadeStep<'a> {
    out: &'a dyn Record,
    /// What earlier oracles were paid for passing.
    paid: BTreeMap<AskedPair, f32>,
    last: bool,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    /// Of the last oracle, this has also what it passed: nobody else is asked about that.
    answered: BTreeSet<AskedPair>,
    /// The passes that were held back.
    passes: Vec<Answer>,
}

impl CascadeStep<'_> {
    /// Reduces `left` to the candidates that are still to be asked about, and gives what their passes have cost.
    fn finish(self, left: &mut Vec<Question>) -> Result<BTreeMap<AskedPair, f32>> {
        let Heard { answered, passes } = self.heard.into_inner().unwrap_or_else(PoisonError::into_inner);
        // Of several annotators some may have passed where others answered: nobody else is asked then.
        let (settled, open): (Vec<_>, Vec<_>) =
            passes.into_iter().partition(|pass| answered.contains(&(pass.question, pass.candidate)));
        self.out.record(&settled)?;
        let mut paid = self.paid;
        for pass in open {
            *paid.entry((pass.question, pass.candidate)).or_default() += pass.cost;
        }
        for question in left.iter_mut() {
            let number = question.question;
            question.candidates.retain(|&candidate| !answered.contains(&(number, candidate)));
        }
        left.retain(|question| !question.candidates.is_empty());
        Ok(paid)
    }
}

impl Record for CascadeStep<'_> {
    fn record(&self, answers: &[Answer]) -> Result<()> {
        // There is nobody to ask after the last one, so that its passes are answers, and durable as such.
        let (said, passes): (Vec<Answer>, Vec<Answer>) =
            answers.iter().cloned().partition(|answer| self.last || answer.related.is_some());
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let said = priced(&said, |asked| if heard.answered.contains(&asked) { 0.0 } else { owed(&self.paid, asked) });
        self.out.record(&said)?;
        heard.answered.extend(said.iter().map(|answer| (answer.question, answer.candidate)));
        heard.passes.extend(passes);
        Ok(())
    }

    fn folder(&self) -> &Path {
        self.out.folder()
    }

    fn heard(&self, question: u64) -> Result<Vec<(SampleId, String)>> {
        self.out.heard(question)
    }
}

fn owed(paid: &BTreeMap<AskedPair, f32>, asked: AskedPair) -> f32 {
    paid.get(&asked).copied().unwrap_or_default()
}

/// The answers with `extra` added to the cost of the first one about each candidate.
fn priced(answers: &[Answer], extra: impl Fn(AskedPair) -> f32) -> Vec<Answer> {
    let mut seen = BTreeSet::new();
    let price = |answer: &Answer| {
        let asked = (answer.question, answer.candidate);
        let extra = if seen.insert(asked) { extra(asked) } else { 0.0 };
        Answer { cost: answer.cost + extra, ..answer.clone() }
    };
    answers.iter().map(price).collect()
}

fn unanswered(question: &Question, failures: &[(String, OracleError)]) -> OracleError {
    let found = match failures {
        [] => format!("nothing about candidate {}", question.candidates[0]),
        _ => failures.iter().map(|(oracle, error)| format!("{oracle}: {error}")).collect::<Vec<_>>().join("; "),
    };
    OracleError::Answer {
        oracle: "cascade".to_owned(),
        question: question.question,
        expected: "an answer or a pass from one of its oracles".to_owned(),
        found,
        hint: "Answers that came are kept: mend an oracle and run again.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, Scripted, question};
    use super::super::{ORACLES, crowd, replay};
    use relata_oracle::OracleExt;

    use super::*;

    #[tokio::test]
    async fn passes_go_to_the_next_and_are_paid_for_once() {
        let fixture = Fixture::new().await;
        let cheap = Scripted::new("cheap", |_, c| (c < 2).then_some(true));
        let dear = Scripted::new("dear", |_, c| (c < 4).then_some(false));
        let (asked_cheap, asked_dear) = (cheap.asked(), dear.asked());
        let oracle = cascade([cheap.priced(0.0, 1.0), dear.priced(0.0, 10.0)]);
        let answers = fixture.ask(&oracle, &[question(1, 0, &[1, 2]), question(2, 0, &[3, 4])]).await.unwrap();
        let said: Vec<_> = answers.iter().map(|a| (a.candidate.0, a.related, &*a.annotator, a.cost)).collect();
        let expected = [
            (1, Some(true), "cheap", 1.0),
            (2, Some(false), "dear", 11.0),
            (3, Some(false), "dear", 11.0),
            (4, None, "dear", 11.0),
        ];
        assert_eq!(said, expected);
        assert_eq!(*asked_cheap.lock().unwrap(), [(1, 1), (1, 2), (2, 3), (2, 4)]);
        assert_eq!(*asked_dear.lock().unwrap(), [(1, 2), (2, 3), (2, 4)]);
        assert_eq!(oracle.cost().of(2), 22.0);
    }

    #[test]
    fn as_many_annotators_answer_as_of_the_largest_crowd_inside() {
        let one = |name| Scripted::new(name, |_, _| Some(true));
        let people: Box<dyn Oracle> = Box::new(crowd([one("ann"), one("ben"), one("cid")]));
        assert_eq!(cascade([Box::new(one("rule")), people]).annotators(), 3);
    }

    #[test]
    fn a_cascade_is_read_back_with_the_oracles_inside() {
        let inner = || crowd([replay("a.jsonl"), replay("b.jsonl")]).each(1).at_once();
        let outer = cascade([Box::new(replay("c.jsonl")) as Box<dyn Oracle>, Box::new(inner())]);
        let description = outer.describe();
        assert_eq!(ORACLES.read(&description).unwrap().describe(), description);
        let error = ORACLES.read(&description.with("order", 1)).err().unwrap().to_string();
        assert!(error.contains("`order`"), "{error}");
    }

    #[tokio::test]
    async fn a_failure_goes_to_the_next_and_only_the_last_one_shows() {
        let fixture = Fixture::new().await;
        let yes = |_, _| Some(true);
        // The first fails after one answer, which counts.
        let broken = || Scripted::new("broken", yes).failing_after(1);
        let answers = fixture.ask(&cascade([broken(), Scripted::new("good", yes)]), &[question(1, 0, &[1, 2])]).await;
        let answers = answers.unwrap();
        let by: Vec<_> = answers.iter().map(|a| (a.candidate.0, &*a.annotator)).collect();
        assert_eq!(by, [(1, "broken"), (2, "good")]);

        let dead = Scripted::new("dead", yes).failing_after(0);
        let (result, kept) = fixture.try_ask(&cascade([broken(), dead]), &[question(1, 0, &[1, 2])]).await;
        let error = result.unwrap_err().to_string();
        assert!(error.contains("broken: ") && error.contains("dead: ") && error.contains("question 1"), "{error}");
        assert_eq!(kept.len(), 1);
        let (result, _) = fixture.try_ask(&cascade([broken()]), &[question(1, 0, &[1, 2])]).await;
        assert!(!result.unwrap_err().to_string().contains("cascade"));
    }

    #[tokio::test]
    async fn an_oracle_that_forgets_candidates_is_no_answer() {
        let fixture = Fixture::new().await;
        let forgetful = || Scripted::new("forgetful", |_, _| Some(true)).forgetting(2);
        let (result, kept) = fixture.try_ask(&cascade([forgetful()]), &[question(1, 0, &[1, 2])]).await;
        assert!(result.unwrap_err().to_string().contains("candidate 2"));
        assert_eq!(kept.len(), 1);
        assert!(cascade(Vec::<Scripted>::new()).check().is_err());
    }
}
