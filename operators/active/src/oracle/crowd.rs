//! Crowd of annotators, a few of whom answer each question.

use std::collections::BTreeSet;

use async_trait::async_trait;
use futures::future::join_all;
use relata_data::index::SampleId;
use relata_oracle::{Context, Cost, Oracle, OracleError, Question, Record, Result};
use relata_registry::{Component, Description, ReadError, Registry};

use super::inner_oracles::{InnerOracles, OF};

/// The name under which people answer; at a page with a name it is `person(left)`.
const PERSON: &str = "person";

/// See [`crowd`].
#[derive(Debug)]
pub struct Crowd {
    oracles: InnerOracles,
    each: Option<usize>,
    at_once: bool,
}

/// Every annotator answers every question, or [`each`](Crowd::each) question goes to some of them. They need different
/// names: [`named`](relata_oracle::OracleExt::named). The votes are only collected here; what they are worth is estimated from how the
/// annotators agree ([`dawid_skene`](crate::dawid_skene::dawid_skene)).
///
/// ```
/// use relata_active::oracle::crowd;
/// use relata_oracle::{Oracle, OracleExt, labels, noisy};
///
/// let annotators = ["anna", "ben", "cleo"].map(|name| noisy(labels("digit"), 0.1).named(name));
/// let oracle = crowd(annotators).each(2);
/// oracle.check()?;
/// assert_eq!(oracle.annotators(), 2);
/// # Ok::<(), relata_oracle::OracleError>(())
/// ```
pub fn crowd<O: Oracle + 'static>(oracles: impl IntoIterator<Item = O>) -> Crowd {
    Crowd { oracles: InnerOracles::new(oracles), each: None, at_once: false }
}

impl Crowd {
    /// Each question goes to so many annotators: question q to those numbered q, q + 1, .. modulo their number, so that
    /// any two neighbours meet and all have the same work.
    ///
    /// ```
    /// use relata_active::oracle::crowd;
    /// use relata_oracle::{Oracle, OracleExt, labels};
    ///
    /// let oracle = crowd(["anna", "ben", "cleo"].map(|name| labels("label").named(name)));
    /// assert_eq!(oracle.annotators(), 3);
    /// assert_eq!(oracle.each(2).annotators(), 2);
    /// ```
    pub fn each(mut self, annotators: usize) -> Self {
        self.each = Some(annotators);
        self
    }

    /// Asks the annotators at the same time instead of one after the other, for those that one has to wait for. The
    /// order in which their answers are written down then depends on who is faster.
    ///
    /// ```
    /// use relata_active::oracle::crowd;
    /// use relata_oracle::{Oracle, OracleExt, labels};
    ///
    /// let oracle = crowd(["anna", "ben"].map(|name| labels("label").named(name))).at_once();
    /// assert_eq!(oracle.describe()["at_once"], true);
    /// ```
    pub fn at_once(mut self) -> Self {
        self.at_once = true;
        self
    }

    fn asked_each(&self) -> usize {
        self.each.unwrap_or(self.oracles.len())
    }

    /// The questions of one annotator, without what it has answered already.
    fn share(&self, at: usize, questions: &[Question], out: &dyn Record) -> Result<Vec<Question>> {
        let annotators = self.oracles.len();
        let name = self.oracles[at].name();
        let mut share = questions.to_vec();
        share.retain(|question| {
            let first = (question.question % annotators as u64) as usize;
            (at + annotators - first) % annotators < self.asked_each()
        });
        for question in &mut share {
            let heard = out.heard(question.question)?;
            let said = |candidate: SampleId| heard.iter().any(|(about, by)| *about == candidate && *by == name);
            question.candidates.retain(|&candidate| !said(candidate));
        }
        share.retain(|question| !question.candidates.is_empty());
        Ok(share)
    }

    async fn ask(
        &self,
        annotator: usize,
        context: &Context<'_>,
        questions: &[Question],
        out: &dyn Record,
    ) -> Result<()> {
        let share = self.share(annotator, questions, out)?;
        if share.is_empty() {
            return Ok(());
        }
        self.oracles[annotator].answer(context, &share, out).await
    }
}

impl Component<dyn Oracle> for Crowd {
    const NAME: &'static str = "crowd";
    const SUMMARY: &'static str = "several annotators, a few of whom answer each question";

    fn defaults() -> Option<Description> {
        None
    }

    fn read(description: &Description, registry: &Registry<dyn Oracle>) -> Result<Self, ReadError> {
        let oracles = InnerOracles::read(description, registry, &["each", "at_once"])?;
        let setting = |name| description.get(name).is_some();
        let each = if setting("each") { description.setting("each")? } else { None };
        let at_once = setting("at_once") && description.setting("at_once")?;
        Ok(Self { oracles, each, at_once })
    }
}

#[async_trait]
impl Oracle for Crowd {
    fn describe(&self) -> Description {
        Description::new("crowd")
            .with("each", self.asked_each())
            .with("at_once", self.at_once)
            .with(OF, self.oracles.descriptions())
    }

    fn inner(&self) -> Vec<&dyn Oracle> {
        self.oracles.all()
    }

    fn name(&self) -> String {
        "crowd".to_owned()
    }

    fn check(&self) -> Result<()> {
        let (annotators, each) = (self.oracles.len(), self.asked_each());
        if each == 0 || each > annotators {
            let expected = format!("from 1 to the number of annotators, {annotators}");
            return Err(OracleError::setting("crowd", "each", expected, each));
        }
        let mut names = BTreeSet::new();
        for oracle in self.oracles.iter() {
            let name = oracle.name();
            if let Some(twice) = names.replace(name) {
                let expected = "annotators of different names, such as `oracle.named(\"anna\")`";
                return Err(OracleError::setting("crowd", "oracles", expected, format!("`{twice}` twice")));
            }
            oracle.check()?;
        }
        let mut pages = BTreeSet::new();
        for oracle in self.oracles.iter() {
            let mut own = BTreeSet::new();
            pages_of(&**oracle, &mut own);
            if let Some(twice) = own.iter().find(|page| pages.contains(*page)) {
                // People have names of their own, so that only the page's name tells whose question was answered.
                let expected = "people at pages of different names, such as `person(..).page(\"left\")`";
                return Err(OracleError::setting("crowd", "oracles", expected, format!("`{twice}` twice")));
            }
            pages.extend(own);
        }
        Ok(())
    }

    fn check_relate(&self) -> Result<()> {
        Err(OracleError::cannot_relate(self.describe().name))
    }

    /// An annotator that fails does not keep the others from answering; the first failure is the result then.
    async fn answer(&self, context: &Context<'_>, questions: &[Question], out: &dyn Record) -> Result<()> {
        let asking = (0..self.oracles.len()).map(|annotator| self.ask(annotator, context, questions, out));
        let results = if self.at_once {
            join_all(asking).await
        } else {
            let mut results = Vec::new();
            for one in asking {
                results.push(one.await);
            }
            results
        };
        results.into_iter().collect()
    }

    /// As many as answer a question at most, since one oracle may be several people.
    fn annotators(&self) -> usize {
        let (all, each) = (self.oracles.len(), self.asked_each());
        let of = |first: usize| (first..first + each).map(|at| self.oracles[at % all].annotators()).sum();
        (0..all).map(of).max().unwrap_or_default()
    }

    /// What the annotators of a question cost together, on average over the questions.
    fn cost(&self) -> Cost {
        let share = self.asked_each() as f64 / self.oracles.len().max(1) as f64;
        let costs: Vec<Cost> = self.oracles.iter().map(|oracle| oracle.cost()).collect();
        Cost {
            per_question: costs.iter().map(|cost| cost.per_question).sum::<f64>() * share,
            per_candidate: costs.iter().map(|cost| cost.per_candidate).sum::<f64>() * share,
        }
    }
}

/// The names under which people answer at a page, within an oracle and those that it holds.
fn pages_of(oracle: &dyn Oracle, pages: &mut BTreeSet<String>) {
    let name = oracle.name();
    if oracle.inner().is_empty() && (name == PERSON || name.starts_with(&format!("{PERSON}("))) {
        pages.insert(name);
    }
    oracle.inner().into_iter().for_each(|inner| pages_of(inner, pages));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use relata_oracle::{OracleExt, labels, noisy, rule};

    use super::super::fixture::{Fixture, Scripted, question};
    use super::*;
    use crate::ledger::Ledger;

    #[tokio::test]
    async fn every_question_goes_to_so_many_annotators_in_turn() {
        let fixture = Fixture::new().await;
        let names = ["anna", "ben", "carla", "dan"];
        let oracle = crowd(names.map(|name| Scripted::new(name, |_, _| Some(true)).priced(2.0, 1.0))).each(3);
        let questions: Vec<_> = (0..8).map(|number| question(number, 0, &[1, 2])).collect();
        let answers = fixture.ask(&oracle, &questions).await.unwrap();
        let mut votes: BTreeMap<(u64, u64), Vec<&str>> = BTreeMap::new();
        let mut work: BTreeMap<&str, usize> = BTreeMap::new();
        for answer in &answers {
            votes.entry((answer.question, answer.candidate.0)).or_default().push(&answer.annotator);
            *work.entry(&answer.annotator).or_default() += 1;
        }
        assert_eq!(votes.len(), 16);
        assert_eq!(votes[&(0, 1)], ["anna", "ben", "carla"]);
        assert_eq!(votes[&(3, 2)], ["anna", "ben", "dan"]);
        assert!(work.values().all(|&n| n == 12), "{work:?}");
        // Three annotators for (2 + 1 * 2) each.
        assert_eq!((oracle.cost().of(2), oracle.annotators()), (12.0, 3));
        assert_eq!(answers.iter().map(|a| a.cost).sum::<f32>(), 8.0 * 12.0);
        let at_once = fixture.ask(&oracle.at_once(), &questions).await.unwrap();
        assert_eq!(at_once.len(), answers.len());
    }

    #[tokio::test]
    async fn the_others_answer_if_one_fails_and_are_not_asked_again() {
        let fixture = Fixture::new().await;
        let anna = Scripted::new("anna", |_, _| Some(true)).failing_after(1).mending();
        let ben = Scripted::new("ben", |_, _| Some(false));
        let (asked_anna, asked_ben) = (anna.asked(), ben.asked());
        let oracle = crowd([anna, ben]);
        let questions = [question(1, 0, &[1, 2])];
        let ledger = Ledger::open(fixture.folder()).unwrap();
        ledger.ask(&questions).unwrap();
        assert!(fixture.ask_into(&oracle, &questions, &ledger).await.is_err());
        assert_eq!(ledger.since(0).unwrap().len(), 3);
        // Another process, after a crash: the ledger knows who has answered.
        fixture.ask_into(&oracle, &questions, &ledger).await.unwrap();
        let rest = ledger.since(3).unwrap();
        assert_eq!(
            rest.iter().map(|r| (r.answer.candidate.0, &*r.answer.annotator)).collect::<Vec<_>>(),
            [(2, "anna")]
        );
        assert_eq!(*asked_anna.lock().unwrap(), [(1, 1), (1, 2), (1, 2)]);
        assert_eq!(*asked_ben.lock().unwrap(), [(1, 1), (1, 2)]);
    }

    #[test]
    fn annotators_need_different_names() {
        let boxed = |oracle: Box<dyn Oracle>| oracle;
        let anna = || boxed(Box::new(noisy(labels("label"), 0.1).named("anna").priced(0.0, 2.0)));
        let ben = || boxed(Box::new(noisy(labels("label").named("ben"), 0.1)));
        let city = || boxed(Box::new(rule("city", "a.city = b.city")));
        let day = || boxed(Box::new(rule("day", "a.day = b.day")));
        crowd([anna(), ben(), city(), day()]).check().unwrap();
        let error = crowd([anna(), ben(), anna()]).check().unwrap_err().to_string();
        assert!(error.contains("`anna` twice"), "{error}");
        assert!(crowd([city(), city()]).check().is_err());
        assert!(crowd([anna(), ben()]).each(3).check().is_err());
        assert!(crowd([anna(), ben()]).each(0).check().is_err());
        assert!(crowd(Vec::<Box<dyn Oracle>>::new()).check().is_err());
    }

    #[test]
    fn pages_of_people_need_names_of_their_own() {
        let people = |page: &'static str, name: &str| Scripted::new(page, |_, _| Some(true)).named(name);
        crowd([people("person(left)", "a"), people("person(right)", "b"), people("person", "c")]).check().unwrap();
        let error = crowd([people("person", "a"), people("person", "b")]).check().unwrap_err().to_string();
        assert!(error.contains("page(\"left\")") && error.contains("`person` twice"), "{error}");
    }
}
