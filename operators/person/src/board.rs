//! What the ledger holds, followed row by row: whose last answer was which, and how far the rounds are.

use std::collections::BTreeMap;

use relata_operators::Result;
use relata_operators::oracle::Question;
use relata_question::ledger::{Ledger, Row};
use serde::Serialize;

/// A person's standing answer to a question.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Said {
    pub(crate) question: u64,
    pub(crate) selected: Vec<u64>,
    pub(crate) passed: bool,
}

/// How far a round is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(crate) struct Round {
    number: u32,
    answered: usize,
    questions: usize,
}

/// See [`Board::follow`].
#[derive(Default)]
pub(crate) struct Board {
    /// The last row of the ledger that was read.
    read: u64,
    /// The number of the next question when questions were read last.
    next: u64,
    /// Questions of each round.
    rounds: BTreeMap<u32, usize>,
    /// By annotator, the answer given last at the end.
    said: BTreeMap<String, Vec<Said>>,
}

impl Board {
    /// Reads what is new in the ledger, whoever wrote it.
    pub(crate) fn follow(&mut self, ledger: &Ledger) -> Result<()> {
        let next = ledger.next_question()?;
        if next != self.next {
            self.rounds.clear();
            for question in ledger.questions()? {
                *self.rounds.entry(question.round).or_default() += 1;
            }
            self.next = next;
        }
        ledger.since(self.read)?.into_iter().for_each(|row| self.add(row));
        Ok(())
    }

    fn add(&mut self, row: Row) {
        self.read = row.sequence;
        let answer = row.answer;
        if answer.oracle != crate::person::ORACLE {
            return;
        }
        let said = self.said.entry(answer.annotator).or_default();
        if row.undoes.is_some() {
            said.retain(|said| said.question != answer.question);
            return;
        }
        if said.last().is_none_or(|last| last.question != answer.question) {
            said.push(Said { question: answer.question, selected: Vec::new(), passed: true });
        }
        if let Some(last) = said.last_mut() {
            last.passed &= answer.related.is_none();
            last.selected.extend((answer.related == Some(true)).then_some(answer.candidate));
        }
    }

    /// A person's last answer that stands.
    pub(crate) fn last(&self, annotator: &str) -> Option<&Said> {
        self.said.get(annotator)?.last()
    }

    /// Whether a person's answer to a question stands.
    pub(crate) fn stands(&self, annotator: &str, question: u64) -> bool {
        self.said.get(annotator).is_some_and(|said| said.iter().any(|said| said.question == question))
    }

    /// How many questions a person answered.
    pub(crate) fn count(&self, annotator: &str) -> usize {
        self.said.get(annotator).map_or(0, Vec::len)
    }

    /// All questions.
    pub(crate) fn questions(&self) -> usize {
        self.rounds.values().sum()
    }

    /// The round of the first of the open questions, or the last round if none is open.
    pub(crate) fn round(&self, open: &[Question]) -> Round {
        let last = self.rounds.keys().next_back().copied().unwrap_or_default();
        let number = open.iter().map(|question| question.round).min().unwrap_or(last);
        let questions = self.rounds.get(&number).copied().unwrap_or_default();
        let open = open.iter().filter(|question| question.round == number).count();
        Round { number, answered: questions.saturating_sub(open), questions }
    }
}

#[cfg(test)]
mod tests {
    use relata_operators::oracle::{Answer, Cost};

    use super::*;

    fn question(question: u64, round: u32) -> Question {
        Question { question, round, anchor: 9, candidates: vec![1, 2], strategy: "s".to_owned(), priority: 0.5 }
    }

    fn say(ledger: &Ledger, number: u64, oracle: &str, annotator: &str, related: [Option<bool>; 2]) {
        let question = question(number, 1);
        let answers = question.candidates.iter().zip(related).map(|(&candidate, related)| Answer {
            annotator: annotator.to_owned(),
            ..Answer::now(&question, candidate, related, oracle, Cost::default())
        });
        ledger.record(&answers.collect::<Vec<_>>()).unwrap();
    }

    #[test]
    fn it_follows_answers_and_what_is_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(folder.path()).unwrap();
        let asked = [question(1, 1), question(2, 1), question(3, 2)];
        ledger.ask(&asked[..2]).unwrap();
        let mut board = Board::default();
        board.follow(&ledger).unwrap();
        assert_eq!((board.questions(), board.last("ada")), (2, None));
        assert_eq!(board.round(&asked[..2]), Round { number: 1, answered: 0, questions: 2 });

        say(&ledger, 2, "person", "ada", [Some(true), Some(false)]);
        say(&ledger, 1, "person", "ada", [None, None]);
        say(&ledger, 1, "person", "bob", [Some(true), Some(true)]);
        say(&ledger, 2, "labels", "bob", [Some(true), Some(true)]);
        ledger.ask(&asked[2..]).unwrap();
        board.follow(&ledger).unwrap();
        board.follow(&ledger).unwrap();
        assert_eq!(board.last("ada"), Some(&Said { question: 1, selected: vec![], passed: true }));
        assert_eq!(board.last("bob"), Some(&Said { question: 1, selected: vec![1, 2], passed: false }));
        assert_eq!((board.count("ada"), board.count("bob"), board.count("eve")), (2, 1, 0));
        assert_eq!(board.round(&asked[2..]), Round { number: 2, answered: 0, questions: 1 });

        ledger.undo(1, "ada").unwrap();
        board.follow(&ledger).unwrap();
        assert_eq!(board.last("ada"), Some(&Said { question: 2, selected: vec![1], passed: false }));
        assert!(board.stands("ada", 2) && !board.stands("ada", 1));
        assert_eq!(board.round(&[]), Round { number: 2, answered: 1, questions: 1 });
    }
}
