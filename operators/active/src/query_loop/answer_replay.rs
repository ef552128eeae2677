//! Replay of answers: the entries of the ledger become constraints, and a round learns what they were worth.

use std::collections::HashSet;
use std::mem::replace;

use relata_data::index::{SampleId, TrainingRow};

use super::active_loop::QueryLoop;
use super::reserved_strategies::{RE_ASK, VALIDATION};
use super::round::RoundContext;
use super::round_progress::RoundProgress;
use super::votes::{VoteEffect, in_order};
use crate::error::Result;
use crate::inference::{Constraint, ConstraintEffect, Relation};

/// The number of constraints, the latest ones, that the calibration is fitted to. It bounds the time of a fit.
const RECENT: usize = 10_000;

/// The first answer about a pair that was not asked about again.
struct FirstAnswer {
    sequence: u64,
    a: TrainingRow,
    b: TrainingRow,
}

impl QueryLoop<'_> {
    /// Replays what is new in the ledger, up to the first answer of a round after `last`, so that a run that was
    /// stopped and started again knows the same in every round.
    ///
    /// With one annotator, the time does not grow with the answers before. Everything is weighed anew from the
    /// beginning if an answer was taken back, or if a crowd answers: every answer changes the estimated quality of its
    /// annotators.
    pub(super) fn replay_answers(
        &mut self,
        last: u32,
        round_context: Option<&RoundContext<'_>>,
    ) -> Result<RoundProgress> {
        let rows = self.ledger.of_rounds(self.read, last)?;
        let undone: HashSet<u64> = rows.iter().filter_map(|(row, _)| row.undoes).collect();
        let mut progress = RoundProgress::default();
        let (mut constraints, mut firsts, mut rebuild) = (Vec::new(), Vec::new(), false);
        let mut seen = HashSet::new();
        for (row, strategy) in &rows {
            self.read = row.sequence;
            let position = |id: SampleId| self.rows.get(&id).copied();
            // Answers about samples that are no training rows, such as imported ones, say nothing here.
            let (Some(a), Some(b)) = (position(row.answer.anchor), position(row.answer.candidate)) else { continue };
            if strategy == VALIDATION {
                self.validation.add(row, (a, b));
                self.closed.insert((a.min(b), a.max(b)));
                continue;
            }
            match self.votes.add(row, a, b) {
                VoteEffect::Constraint(constraint) => constraints.push((row.answer.question, constraint)),
                VoteEffect::Rebuild => rebuild = true,
                VoteEffect::Nothing => {}
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
            progress.predicted +=
                u64::from(round_context.is_some_and(|round_context| round_context.predicts(a, b) == related));
            if strategy != RE_ASK && seen.insert((row.answer.question, row.answer.candidate)) {
                firsts.push(FirstAnswer { sequence: row.sequence, a, b });
            }
        }
        progress.judged = firsts.len() as u64;
        match rebuild {
            true => self.rebuild(&firsts, &mut progress),
            false => {
                let constraints = in_order(constraints, self.config.plan.policy);
                self.add(&constraints, &firsts, &mut progress);
            }
        }
        Ok(progress)
    }

    /// Adds constraints to the belief, in their order.
    fn add(&mut self, constraints: &[Constraint], firsts: &[FirstAnswer], progress: &mut RoundProgress) {
        let firsts: HashSet<u64> = firsts.iter().map(|first| first.sequence).collect();
        for constraint in constraints {
            let followed = self.belief.relation(constraint.a, constraint.b).is_some();
            progress.implied += u64::from(followed && firsts.contains(&constraint.number));
            let outcome = self.belief.add(*constraint);
            progress.contradictions += u64::from(outcome == ConstraintEffect::Contradiction);
        }
        self.recent.extend(constraints);
        self.recent.drain(..self.recent.len().saturating_sub(RECENT));
    }

    /// Weighs all constraints anew. Whether an answer followed already is judged by the belief at the beginning of the
    /// round and by the outcome of the pairs before it.
    fn rebuild(&mut self, firsts: &[FirstAnswer], progress: &mut RoundProgress) {
        let mut before = replace(&mut self.belief, self.start.clone());
        let mut constraints = self.votes.constraints(self.config.plan.confidence, self.config.plan.policy);
        for constraint in &constraints {
            self.belief.add(*constraint);
        }
        let contradictions = |now: usize| now.saturating_sub(before.contradictions().len()) as u64;
        progress.contradictions += contradictions(self.belief.contradictions().len());
        for &FirstAnswer { sequence, a, b } in firsts {
            progress.implied += u64::from(before.relation(a, b).is_some());
            if let Some(relation) = self.belief.relation(a, b) {
                let related = relation == Relation::Positive;
                before.add(Constraint { number: sequence, a, b, related, weight: 1.0 });
            }
        }
        constraints.sort_unstable_by_key(|constraint| constraint.number);
        self.recent = constraints.split_off(constraints.len().saturating_sub(RECENT)).into();
    }
}
