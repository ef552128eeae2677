//! The answer index: every answer given at this page, by question and person. It follows the rows of the ledger that
//! carry the page's name, and keeps what people answered here even where an oracle around the page changed it on its way
//! into the ledger.

use std::collections::{BTreeMap, BTreeSet};

use relata_active::ledger::{Ledger, LedgerEntry};
use relata_data::index::SampleId;
use relata_oracle::{Answer, Question, Result};

/// A person's answers to a question, by candidate.
pub(crate) type CandidateAnswers = BTreeMap<SampleId, Answer>;

/// The answers at one page. [`AnswerIndex::catch_up`] reads new ones from the ledger.
pub(crate) struct AnswerIndex {
    /// The oracle whose answers count here.
    oracle: String,
    /// The last row of the ledger that was read.
    read: u64,
    /// The number of the next question when questions were read last.
    next: u64,
    /// The round of each question.
    rounds: BTreeMap<u64, u32>,
    /// By question and person.
    answers: BTreeMap<u64, BTreeMap<String, CandidateAnswers>>,
    /// The questions that each person has answered, the last one at the end.
    order: BTreeMap<String, Vec<u64>>,
    /// Who gave answers here, by question and moment.
    given: BTreeMap<(u64, i64), String>,
    /// Rows that stand.
    rows: BTreeMap<u64, IndexedRow>,
    /// Candidates about which an answer was taken back, and no other one was given since.
    reopened: BTreeMap<u64, BTreeSet<SampleId>>,
}

/// A row as it came into the ledger.
struct IndexedRow {
    name: String,
    annotator: String,
    question: u64,
    candidate: SampleId,
}

impl AnswerIndex {
    /// An index of the answers that carry this name as their oracle.
    pub(crate) fn new(oracle: String) -> Self {
        Self {
            oracle,
            read: 0,
            next: 0,
            rounds: BTreeMap::new(),
            answers: BTreeMap::new(),
            order: BTreeMap::new(),
            given: BTreeMap::new(),
            rows: BTreeMap::new(),
            reopened: BTreeMap::new(),
        }
    }

    /// Reads what is new in the ledger, whoever wrote it.
    pub(crate) fn catch_up(&mut self, ledger: &Ledger) -> Result<()> {
        let next = ledger.next_question()?;
        if next != self.next {
            self.rounds = ledger.questions()?.iter().map(|question| (question.question, question.round)).collect();
            self.next = next;
        }
        ledger.since(self.read)?.into_iter().for_each(|row| self.add(row));
        Ok(())
    }

    fn add(&mut self, row: LedgerEntry) {
        self.read = row.sequence;
        let LedgerEntry { sequence, answer, undoes } = row;
        if answer.oracle != self.oracle {
            return;
        }
        if let Some(IndexedRow { name, question, candidate, .. }) = undoes.and_then(|undone| self.rows.remove(&undone))
        {
            self.retract(&name, question, |about| about == candidate);
            self.reopened.entry(question).or_default().insert(candidate);
            return;
        }
        let given = self.given.get(&(answer.question, answer.answered_at)).cloned();
        let is_given = given.is_some();
        let name = given.unwrap_or_else(|| answer.annotator.clone());
        let (question, candidate, annotator) = (answer.question, answer.candidate, answer.annotator.clone());
        if !is_given {
            self.insert(&name, answer);
        }
        self.rows.insert(sequence, IndexedRow { name, annotator, question, candidate });
    }

    /// Answers of this person are about to be recorded; what becomes of them in the ledger is known by their moment.
    pub(crate) fn announce(&mut self, name: &str, answers: &[Answer]) {
        self.given.extend(answers.iter().map(|answer| ((answer.question, answer.answered_at), name.to_owned())));
    }

    /// Answers of this person were recorded.
    pub(crate) fn confirm(&mut self, name: &str, answers: &[Answer]) {
        answers.iter().for_each(|answer| self.insert(name, answer.clone()));
    }

    fn insert(&mut self, name: &str, answer: Answer) {
        let (question, candidate) = (answer.question, answer.candidate);
        if let Some(candidates) = self.reopened.get_mut(&question) {
            candidates.remove(&candidate);
        }
        let order = self.order.entry(name.to_owned()).or_default();
        if order.last() != Some(&question) {
            order.retain(|&other| other != question);
            order.push(question);
        }
        self.answers.entry(question).or_default().entry(name.to_owned()).or_default().insert(candidate, answer);
    }

    /// Forgets a person's answers about these candidates of a question.
    pub(crate) fn retract(&mut self, name: &str, question: u64, which: impl Fn(SampleId) -> bool) {
        let Some(people) = self.answers.get_mut(&question) else { return };
        let Some(answers) = people.get_mut(name) else { return };
        answers.retain(|&candidate, _| !which(candidate));
        if answers.is_empty() {
            people.remove(name);
            self.order.entry(name.to_owned()).or_default().retain(|&other| other != question);
        }
        if people.is_empty() {
            self.answers.remove(&question);
        }
    }

    /// The annotators in the ledger whose answers to a question are a person's.
    pub(crate) fn annotators(&self, name: &str, question: u64) -> BTreeSet<String> {
        let own = self.rows.values().filter(|row| row.question == question && row.name == name);
        own.map(|row| row.annotator.clone()).collect()
    }

    /// A person's last answer that stands, with its question.
    pub(crate) fn last(&self, name: &str) -> Option<(u64, &CandidateAnswers)> {
        let &question = self.order.get(name)?.last()?;
        Some((question, self.answers.get(&question)?.get(name)?))
    }

    /// Whether a person's answer to a question stands.
    pub(crate) fn has_answered(&self, name: &str, question: u64) -> bool {
        self.answers.get(&question).is_some_and(|people| people.contains_key(name))
    }

    /// Whether a person has answered about every candidate.
    pub(crate) fn has_answered_all(&self, name: &str, question: &Question) -> bool {
        let answers = self.answers.get(&question.question).and_then(|people| people.get(name));
        answers.is_some_and(|answers| question.candidates.iter().all(|candidate| answers.contains_key(candidate)))
    }

    /// Whether a person has answered about a candidate.
    pub(crate) fn has_answered_about(&self, name: &str, question: u64, candidate: SampleId) -> bool {
        self.answers
            .get(&question)
            .and_then(|people| people.get(name))
            .is_some_and(|answers| answers.contains_key(&candidate))
    }

    /// Whether a person's answers to a question differ from these.
    pub(crate) fn differs(&self, name: &str, question: u64, now: impl Fn(SampleId) -> Option<bool>) -> bool {
        let answers = self.answers.get(&question).and_then(|people| people.get(name));
        answers.into_iter().flatten().any(|(&candidate, answer)| now(candidate) != answer.related)
    }

    /// How many people have answered about every candidate: the fewest over the candidates.
    pub(crate) fn annotator_count(&self, question: &Question) -> usize {
        let about = |&candidate: &SampleId| self.annotators_about(question.question, candidate);
        question.candidates.iter().map(about).min().unwrap_or_default()
    }

    fn annotators_about(&self, question: u64, candidate: SampleId) -> usize {
        let people = self.answers.get(&question).into_iter().flat_map(BTreeMap::values);
        people.filter(|answers| answers.contains_key(&candidate)).count()
    }

    /// The questions without the candidates about which enough people have answered.
    pub(crate) fn remaining(&self, questions: &[Question], people: usize) -> BTreeMap<u64, Question> {
        let left = questions.iter().map(|question| {
            let mut left = question.clone();
            left.candidates.retain(|&candidate| self.annotators_about(question.question, candidate) < people);
            (question.question, left)
        });
        left.filter(|(_, question)| !question.candidates.is_empty()).collect()
    }

    /// Answers to these questions, except those given at moments that are known.
    pub(crate) fn unreported(&self, questions: &[Question], heard: &BTreeSet<(u64, i64)>) -> Vec<Answer> {
        let people = |question: &Question| self.answers.get(&question.question).into_iter().flat_map(BTreeMap::values);
        let answers = questions.iter().flat_map(|question| {
            let about = people(question).flat_map(|answers| answers.values());
            about.filter(|answer| question.candidates.contains(&answer.candidate))
        });
        answers.filter(|answer| !heard.contains(&(answer.question, answer.answered_at))).cloned().collect()
    }

    /// Questions to which an answer was taken back, with the candidates that it was about.
    pub(crate) fn reopened(&self) -> impl Iterator<Item = (u64, &BTreeSet<SampleId>)> {
        self.reopened.iter().map(|(&question, candidates)| (question, candidates)).filter(|open| !open.1.is_empty())
    }

    /// How many questions a person answered.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.order.get(name).map_or(0, Vec::len)
    }

    /// The round of every question of the ledger.
    pub(crate) fn rounds(&self) -> &BTreeMap<u64, u32> {
        &self.rounds
    }

    /// The questions that somebody answered here.
    pub(crate) fn answered(&self) -> impl Iterator<Item = u64> {
        self.answers.keys().copied()
    }
}

#[cfg(test)]
mod tests {
    use relata_oracle::Cost;

    use super::*;

    fn question(question: u64, round: u32) -> Question {
        Question {
            question,
            round,
            anchor: SampleId(9),
            candidates: vec![SampleId(1), SampleId(2)],
            strategy: "s".to_owned(),
            priority: 0.5,
        }
    }

    fn answers(number: u64, oracle: &str, annotator: &str, related: [Option<bool>; 2]) -> Vec<Answer> {
        let question = question(number, 1);
        let answers = question.candidates.iter().zip(related).map(|(&candidate, related)| Answer {
            annotator: annotator.to_owned(),
            ..Answer::now(&question, candidate, related, oracle, Cost::default())
        });
        answers.collect()
    }

    fn related(said: Option<(u64, &CandidateAnswers)>) -> Option<(u64, Vec<Option<bool>>)> {
        said.map(|(question, said)| (question, said.values().map(|answer| answer.related).collect()))
    }

    fn index(asked: &[Question]) -> (tempfile::TempDir, Ledger, AnswerIndex) {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(folder.path()).unwrap();
        ledger.ask(asked).unwrap();
        (folder, ledger, AnswerIndex::new("person".to_owned()))
    }

    #[test]
    fn it_follows_answers_and_what_is_taken_back() {
        let asked = [question(1, 1), question(2, 1), question(3, 2)];
        let (_folder, ledger, mut index) = index(&asked[..2]);
        index.catch_up(&ledger).unwrap();
        assert_eq!((index.rounds().len(), index.last("ada")), (2, None));
        let yes = [Some(true), Some(false)];
        for (number, oracle, annotator, said) in [
            (2, "person", "ada", yes),
            (1, "person", "ada", [None, None]),
            (1, "person", "bob", yes),
            (2, "labels", "bob", yes),
            (2, "person(other)", "eve", yes),
        ] {
            ledger.record(&answers(number, oracle, annotator, said)).unwrap();
        }
        ledger.ask(&asked[2..]).unwrap();
        index.catch_up(&ledger).unwrap();
        index.catch_up(&ledger).unwrap();
        assert_eq!(related(index.last("ada")), Some((1, vec![None, None])));
        assert_eq!(related(index.last("bob")), Some((1, yes.to_vec())));
        assert_eq!(["ada", "bob", "eve"].map(|name| index.count(name)), [2, 1, 0]);
        assert_eq!([1, 2, 3].map(|number| index.annotator_count(&question(number, 1))), [2, 1, 0]);
        assert_eq!(index.remaining(&asked, 2).into_keys().collect::<Vec<_>>(), [2, 3]);
        assert!(index.reopened().next().is_none());

        ledger.undo(1, "ada").unwrap();
        index.catch_up(&ledger).unwrap();
        assert_eq!(related(index.last("ada")), Some((2, yes.to_vec())));
        assert!(
            index.has_answered("ada", 2) && !index.has_answered("ada", 1) && index.has_answered_all("bob", &asked[0])
        );
        assert_eq!(index.reopened().collect::<Vec<_>>(), [(1, &BTreeSet::from([1, 2].map(SampleId)))]);
    }

    #[test]
    fn answers_given_here_are_known_whatever_became_of_them() {
        let (_folder, ledger, mut index) = index(&[question(1, 1)]);
        let mut given = answers(1, "person", "ada", [Some(true), None]);
        given.iter_mut().for_each(|answer| answer.answered_at = 5);
        index.announce("ada", &given);
        // Turned round and renamed on its way, and the pass was kept back.
        let written = Answer { related: Some(false), annotator: "team".to_owned(), ..given[0].clone() };
        ledger.record(&[written]).unwrap();
        index.catch_up(&ledger).unwrap();
        assert!(!index.has_answered("ada", 1) && !index.has_answered("team", 1), "not yet recorded");
        index.confirm("ada", &given);
        assert_eq!(related(index.last("ada")), Some((1, vec![Some(true), None])));
        assert_eq!(index.annotator_count(&question(1, 1)), 1);
        assert_eq!(index.unreported(&[question(1, 1)], &BTreeSet::new()), given);
        assert_eq!(index.unreported(&[question(1, 1)], &BTreeSet::from([(1, 5)])), []);
        assert_eq!(index.annotators("ada", 1), BTreeSet::from(["team".to_owned()]));

        ledger.undo(1, "team").unwrap();
        index.catch_up(&ledger).unwrap();
        assert_eq!(related(index.last("ada")), Some((1, vec![None])), "the pass has no row to take back");
        index.retract("ada", 1, |_| true);
        assert_eq!((index.last("ada"), index.count("ada")), (None, 0));
    }
}
