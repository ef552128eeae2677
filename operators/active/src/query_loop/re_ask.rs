//! Second questions about what is doubted, under the policy [`AnswerPolicy::ReAsk`].

use relata_data::index::TrainingRow;

use super::active_loop::QueryLoop;
use super::pairs::{Pairs, ordered};
use crate::inference::{AnswerPolicy, Doubt, DoubtKind};

/// A pair is asked about again, but no more than once.
const TIMES: usize = 2;

impl QueryLoop<'_> {
    /// Pairs to ask about because of doubts, at most so many.
    pub(super) fn doubted(&self, most: usize, asked: &mut Pairs) -> Vec<(TrainingRow, TrainingRow)> {
        if self.config.plan.policy != AnswerPolicy::ReAsk {
            return vec![];
        }
        let mut found = Vec::new();
        for doubt in self.belief.doubts() {
            if found.len() == most {
                break;
            }
            // Two bridges of a chain may lead to the same third pair, whose one answer settles both.
            found.extend(self.again(&doubt).filter(|&(a, b)| asked.insert(ordered(a, b))));
        }
        found
    }

    /// The pair to ask about because of a doubt. For a bridge it is another pair across the bridge, so that an
    /// annotator cannot repeat the same mistake. If there is none, it is the same pair, but no more than once. A side
    /// of a contradiction is asked about once more as it is. After that it may stay doubted (people pass or disagree),
    /// but it is not asked about again.
    fn again(&self, doubt: &Doubt) -> Option<(TrainingRow, TrainingRow)> {
        let times = |a, b| self.votes.questions(a, b) + usize::from(self.validation.has(a, b));
        let same = (times(doubt.a, doubt.b) < TIMES).then_some((doubt.a, doubt.b));
        if doubt.kind == DoubtKind::WeakestLink {
            return same;
        }
        let across = |end: TrainingRow, other: TrainingRow| {
            let beside = self.belief.must_links(end).filter(move |&row| row != other);
            beside.map(move |row| (row, other)).find(|&(a, b)| times(a, b) == 0)
        };
        across(doubt.a, doubt.b).or_else(|| across(doubt.b, doubt.a)).or(same)
    }
}
