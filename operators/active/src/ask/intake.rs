//! Takes the rows of the ledger in, and says what they were worth.

use std::collections::HashSet;
use std::mem::replace;

use relata_data::Result;

use super::agenda::{RE_ASK, VALIDATION};
use super::desk::{Desk, Look};
use super::stop::Progress;
use super::votes::{News, in_order};
use crate::belief::{Outcome, Relation, Statement};

/// Statements that a prediction is calibrated on, the latest ones, so that it does not take longer and longer.
const RECENT: usize = 10_000;

/// The first answer about a pair that was not asked about again.
struct First {
    sequence: u64,
    a: u32,
    b: u32,
}

impl Desk<'_> {
    /// Takes in what is new in the ledger, up to the first answer of a round after `last`, so that a run that was stopped
    /// and started again knows the same in every round. Of one annotator's answers this takes no longer the more there
    /// are; what is taken back, and a crowd, whose members' quality every answer changes, is weighed anew from the
    /// beginning.
    pub(super) fn take_in(&mut self, last: u32, look: Option<&Look<'_>>) -> Result<Progress> {
        let rows = self.ledger.of_rounds(self.read, last)?;
        let undone: HashSet<u64> = rows.iter().filter_map(|(row, _)| row.undoes).collect();
        let mut progress = Progress::default();
        let (mut statements, mut firsts, mut rebuild) = (Vec::new(), Vec::new(), false);
        let mut seen = HashSet::new();
        for (row, strategy) in &rows {
            self.read = row.sequence;
            let position = |id: u64| self.rows.get(&id).copied();
            // Answers about samples that are no training rows, such as imported ones, say nothing here.
            let (Some(a), Some(b)) = (position(row.answer.anchor), position(row.answer.candidate)) else { continue };
            if strategy == VALIDATION {
                self.validation.add(row, (a, b));
                self.closed.insert((a.min(b), a.max(b)));
                continue;
            }
            match self.votes.add(row, a, b) {
                News::Statement(statement) => statements.push((row.answer.question, statement)),
                News::Rebuild => rebuild = true,
                News::Nothing => {}
            }
            match self.votes.questions(a, b) {
                0 if !self.validation.has(a, b) => self.closed.remove(&(a.min(b), a.max(b))),
                _ => self.closed.insert((a.min(b), a.max(b))),
            };
            if row.undoes.is_some() || undone.contains(&row.sequence) {
                continue;
            }
            let Some(related) = row.answer.related else {
                progress.passed += 1;
                continue;
            };
            progress.answers += 1;
            progress.yes += u64::from(related);
            progress.predicted += u64::from(look.is_some_and(|look| look.predicts(a, b) == related));
            if strategy != RE_ASK && seen.insert((row.answer.question, row.answer.candidate)) {
                firsts.push(First { sequence: row.sequence, a, b });
            }
        }
        progress.judged = firsts.len() as u64;
        match rebuild {
            true => self.rebuild(&firsts, &mut progress),
            false => {
                let statements = in_order(statements, self.asking.belief.policy);
                self.add(&statements, &firsts, &mut progress);
            }
        }
        Ok(progress)
    }

    /// Adds statements to the belief, in their order.
    fn add(&mut self, statements: &[Statement], firsts: &[First], progress: &mut Progress) {
        let firsts: HashSet<u64> = firsts.iter().map(|first| first.sequence).collect();
        for statement in statements {
            let followed = self.belief.relation(statement.a, statement.b).is_some();
            progress.implied += u64::from(followed && firsts.contains(&statement.number));
            let outcome = self.belief.add(*statement);
            progress.contradictions += u64::from(outcome == Outcome::Contradiction);
        }
        self.recent.extend(statements);
        self.recent.drain(..self.recent.len().saturating_sub(RECENT));
    }

    /// Weighs all statements anew. What followed already is judged by the belief as it was when the round began, and by
    /// what came out about the pairs before.
    fn rebuild(&mut self, firsts: &[First], progress: &mut Progress) {
        let mut before = replace(&mut self.belief, self.start.clone());
        let mut statements = self.votes.statements(self.asking.confidence, self.asking.belief.policy);
        for statement in &statements {
            self.belief.add(*statement);
        }
        let contradictions = |now: usize| now.saturating_sub(before.contradictions().len()) as u64;
        progress.contradictions += contradictions(self.belief.contradictions().len());
        for &First { sequence, a, b } in firsts {
            progress.implied += u64::from(before.relation(a, b).is_some());
            if let Some(relation) = self.belief.relation(a, b) {
                let related = relation == Relation::Positive;
                before.add(Statement { number: sequence, a, b, related, weight: 1.0 });
            }
        }
        statements.sort_unstable_by_key(|statement| statement.number);
        self.recent = statements.split_off(statements.len().saturating_sub(RECENT)).into();
    }
}
