//! Questions: which ones people are asked here. With an oracle, they are its pending questions and those that came back;
//! without one, all open questions of the ledger.

use std::collections::BTreeMap;

use relata_oracle::{Question, Record, Result};

use crate::answer_index::AnswerIndex;
use crate::progress::PageProgress;
use crate::state::AppState;

impl AppState {
    /// The next question for somebody, which is kept for them.
    pub(crate) fn lease(&self, name: &str) -> Result<Option<Question>> {
        let (people, seconds) = (self.settings.annotators, self.settings.lease);
        if !self.for_oracle {
            return Ok(self.ledger.lease(name, people, seconds)?);
        }
        let index = self.index()?;
        let asked = self.asked(&index)?;
        let mut open: Vec<&Question> =
            asked.values().filter(|question| !index.has_answered_all(name, question)).collect();
        open.retain(|question| index.annotator_count(question) < people);
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
                index.annotator_count(question) + others.count() < people
            };
            open.iter().find(is_own).or_else(|| open.iter().find(is_free)).map(|question| question.question)
        })?;
        Ok(chosen.and_then(|number| asked.get(&number).cloned()))
    }

    /// Gives the question back that is kept for somebody.
    pub(crate) fn release(&self, question: u64, name: &str) -> Result<()> {
        Ok(self.ledger.release(question, &self.holder(name))?)
    }

    /// The question of a number, if it is one that people are asked now.
    pub(crate) fn question(&self, number: u64) -> Result<Option<Question>> {
        match self.for_oracle {
            true => Ok(self.asked(&*self.index()?)?.remove(&number)),
            false => Ok(self.ledger.question(number)?),
        }
    }

    /// Whether so many others have answered a question, or have it before them, that one more answer is too many: each is
    /// paid for. Whoever has it before them may always answer.
    pub(crate) fn is_too_late(&self, question: &Question, name: &str) -> Result<bool> {
        let holders = self.ledger.leased_to(question.question)?;
        if holders.contains(&self.holder(name)) {
            return Ok(false);
        }
        let wanted = self.settings.annotators;
        if self.for_oracle {
            let page = self.holder("");
            let index = self.index()?;
            let others = holders.iter().filter_map(|holder| holder.strip_prefix(&page));
            let others = others.filter(|name| !index.has_answered_all(name, question)).count();
            return Ok(index.annotator_count(question) + others >= wanted);
        }
        let heard = self.ledger.heard(question.question)?;
        let others = |candidate| {
            let answered = |by: &&str| heard.iter().any(|(about, who)| *about == candidate && who == by);
            let people = heard.iter().filter(|(about, _)| *about == candidate).map(|(_, who)| who.as_str());
            people.filter(|who| *who != name).count() + holders.iter().filter(|who| !answered(&who.as_str())).count()
        };
        Ok(question.candidates.iter().all(|&candidate| others(candidate) >= wanted))
    }

    /// Whether the oracle has all answers that it waits for.
    pub(crate) fn is_answered(&self) -> Result<bool> {
        let index = self.index()?;
        let asked = self.pending.asked().unwrap_or_default();
        Ok(self.pending.is_finished() || asked.values().all(|q| index.annotator_count(q) >= self.settings.annotators))
    }

    /// How far people are.
    pub(crate) fn progress(&self) -> Result<PageProgress> {
        let people = self.settings.annotators;
        if !self.for_oracle {
            let open = self.ledger.unanswered(people)?;
            return Ok(PageProgress::of(self.index()?.rounds(), &open, false));
        }
        let index = self.index()?;
        let asked = self.asked(&index)?;
        let open: Vec<Question> = asked.values().filter(|q| index.annotator_count(q) < people).cloned().collect();
        let here = index.answered().chain(open.iter().map(|question| question.question));
        let rounds = here.filter_map(|number| Some((number, *index.rounds().get(&number)?))).collect();
        let finishable = !open.is_empty() && open.iter().all(|question| index.annotator_count(question) > 0);
        Ok(PageProgress::of(&rounds, &open, finishable))
    }

    /// How many questions nobody has answered, so that a round cannot end.
    pub(crate) fn unanswered(&self) -> Result<usize> {
        if !self.for_oracle {
            return Ok(self.ledger.unanswered(1)?.len());
        }
        let index = self.index()?;
        Ok(self.asked(&index)?.values().filter(|question| index.annotator_count(question) == 0).count())
    }

    /// What the oracle that waits is asked, and what came back of earlier rounds, by number.
    fn asked(&self, index: &AnswerIndex) -> Result<BTreeMap<u64, Question>> {
        let Some(mut asked) = self.pending.asked() else { return Ok(BTreeMap::new()) };
        for (number, candidates) in index.reopened() {
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
