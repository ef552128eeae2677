//! Which questions people are asked here: those of the call that waits for them and those that came back, or all that the
//! ledger has.

use std::collections::BTreeMap;

use relata_data::Result;
use relata_oracle::{Question, Record};
use serde::Serialize;

use crate::app::App;
use crate::board::Board;

/// How far a round is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(crate) struct Round {
    number: u32,
    answered: usize,
    questions: usize,
}

/// How far all is.
pub(crate) struct Standing {
    /// The round of the first of the open questions, or the last round if none is open.
    pub(crate) round: Round,
    pub(crate) answered: usize,
    pub(crate) questions: usize,
    /// Whether a person may end the round: somebody waits, and each question has an answer.
    pub(crate) finishable: bool,
}

impl App {
    /// The next question for somebody, which is kept for them.
    pub(crate) fn lease(&self, name: &str) -> Result<Option<Question>> {
        let (people, seconds) = (self.settings.annotators, self.settings.lease);
        if !self.for_oracle {
            return self.ledger.lease(name, people, seconds);
        }
        let board = self.board()?;
        let asked = self.asked(&board)?;
        let mut open: Vec<&Question> = asked.values().filter(|question| !board.has_said(name, question)).collect();
        open.retain(|question| board.people(question) < people);
        open.sort_by(|a, b| {
            a.round.cmp(&b.round).then(b.priority.total_cmp(&a.priority)).then(a.question.cmp(&b.question))
        });
        let (own, page) = (self.holder(name), self.holder(""));
        let chosen = self.ledger.lease_chosen(&own, seconds, |live| {
            let is_own = |question: &&&Question| {
                live.iter().any(|lease| lease.holder == own && lease.question == question.question)
            };
            let is_free = |question: &&&Question| {
                let others = live.iter().filter(|lease| lease.question == question.question);
                let others = others.filter(|lease| lease.holder != own && lease.holder.starts_with(&page));
                board.people(question) + others.count() < people
            };
            open.iter().find(is_own).or_else(|| open.iter().find(is_free)).map(|question| question.question)
        })?;
        Ok(chosen.and_then(|number| asked.get(&number).cloned()))
    }

    /// Gives the question back that is kept for somebody.
    pub(crate) fn release(&self, question: u64, name: &str) -> Result<()> {
        self.ledger.release(question, &self.holder(name))
    }

    /// The question of a number, if it is one that people are asked now.
    pub(crate) fn question(&self, number: u64) -> Result<Option<Question>> {
        match self.for_oracle {
            true => Ok(self.asked(&*self.board()?)?.remove(&number)),
            false => self.ledger.question(number),
        }
    }

    /// Whether so many others have answered a question since it was kept for somebody that one more is too many.
    pub(crate) fn is_too_late(&self, question: &Question, name: &str) -> Result<bool> {
        if self.ledger.is_leased(question.question, &self.holder(name))? {
            return Ok(false);
        }
        if self.for_oracle {
            return Ok(self.board()?.people(question) >= self.settings.annotators);
        }
        let heard = self.ledger.heard(question.question)?;
        let others = |candidate| heard.iter().filter(|(about, by)| *about == candidate && by != name).count();
        Ok(question.candidates.iter().all(|&candidate| others(candidate) >= self.settings.annotators))
    }

    /// Whether the call that waits for people is over.
    pub(crate) fn is_answered(&self) -> Result<bool> {
        let board = self.board()?;
        let asked = self.calls.asked().unwrap_or_default();
        Ok(self.calls.is_finished() || asked.values().all(|q| board.people(q) >= self.settings.annotators))
    }

    /// How far people are.
    pub(crate) fn standing(&self) -> Result<Standing> {
        let people = self.settings.annotators;
        if !self.for_oracle {
            let open = self.ledger.unanswered(people)?;
            return Ok(Standing::of(self.board()?.rounds(), &open, false));
        }
        let board = self.board()?;
        let asked = self.asked(&board)?;
        let open: Vec<Question> = asked.values().filter(|q| board.people(q) < people).cloned().collect();
        let here = board.answered().chain(open.iter().map(|question| question.question));
        let rounds = here.filter_map(|number| Some((number, *board.rounds().get(&number)?))).collect();
        let finishable = !open.is_empty() && open.iter().all(|question| board.people(question) > 0);
        Ok(Standing::of(&rounds, &open, finishable))
    }

    /// How many questions nobody has answered, so that a round cannot end.
    pub(crate) fn unanswered(&self) -> Result<usize> {
        if !self.for_oracle {
            return Ok(self.ledger.unanswered(1)?.len());
        }
        let board = self.board()?;
        Ok(self.asked(&board)?.values().filter(|question| board.people(question) == 0).count())
    }

    /// What the oracle that waits is asked, and what came back of earlier rounds, by number.
    fn asked(&self, board: &Board) -> Result<BTreeMap<u64, Question>> {
        let Some(mut asked) = self.calls.asked() else { return Ok(BTreeMap::new()) };
        for (number, candidates) in board.reopened() {
            if asked.contains_key(&number) {
                continue;
            }
            if let Some(mut question) = self.ledger.question(number)? {
                question.candidates.retain(|candidate| candidates.contains(candidate));
                asked.insert(number, question);
            }
        }
        Ok(asked)
    }

    /// Under which name the ledger keeps a question for somebody. A page that counts its own answers keeps its own
    /// leases: names have no line breaks.
    fn holder(&self, name: &str) -> String {
        match self.for_oracle {
            true => format!("{}\n{name}", self.settings.oracle()),
            false => name.to_owned(),
        }
    }
}

impl Standing {
    /// From the rounds of all questions and those that are open.
    fn of(rounds: &BTreeMap<u64, u32>, open: &[Question], finishable: bool) -> Self {
        let last = rounds.values().max().copied().unwrap_or_default();
        let number = open.iter().map(|question| question.round).min().unwrap_or(last);
        let questions = rounds.values().filter(|&&round| round == number).count();
        let left = open.iter().filter(|question| question.round == number).count();
        let round = Round { number, answered: questions.saturating_sub(left), questions };
        let answered = rounds.len().saturating_sub(open.len());
        Self { round, answered, questions: rounds.len(), finishable }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_round_is_that_of_the_first_open_question_or_the_last() {
        let question = |number, round| Question {
            question: number,
            round,
            anchor: 9,
            candidates: vec![1],
            strategy: String::new(),
            priority: 0.0,
        };
        let mut rounds = BTreeMap::from([(1, 1), (2, 1)]);
        let round = |rounds: &BTreeMap<u64, u32>, open: &[Question]| Standing::of(rounds, open, false).round;
        let first = [question(1, 1), question(2, 1)];
        assert_eq!(round(&rounds, &first), Round { number: 1, answered: 0, questions: 2 });
        rounds.insert(3, 2);
        assert_eq!(round(&rounds, &[question(3, 2)]), Round { number: 2, answered: 0, questions: 1 });
        assert_eq!(round(&rounds, &[]), Round { number: 2, answered: 1, questions: 1 });
        assert_eq!(round(&BTreeMap::new(), &[]), Round::default());
        let all = Standing::of(&rounds, &first[1..], false);
        assert_eq!((all.answered, all.questions, all.round.answered), (2, 3, 1));
    }
}
