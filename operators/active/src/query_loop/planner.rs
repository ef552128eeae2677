//! Planner: the questions of a round. No pair is asked about twice, and the budget pays for all of them.

use relata_data::index::TrainingRow;
use relata_data::seed::Purpose;
use relata_oracle::{Cost, Question};

use super::active_loop::QueryLoop;
use super::pairs::{Pairs, ordered};
use super::reserved_strategies::{RE_ASK, VALIDATION};
use super::round::RoundContext;
use super::stop_rules::{StopReason, ValidationRule};
use crate::error::Result;
use crate::strategy::{Query, QueryContext, draw_pairs};

/// Calls of a strategy for one round, as long as it proposes only pairs that are known from the start.
const CALLS: usize = 8;

impl QueryLoop<'_> {
    /// The questions of a round that has none yet, or why there are none. Questions about validation pairs come first
    /// (in the first round), then those about doubts (if the policy asks again), then those of the strategy. They are
    /// planned at the oracle's full price, so that the budget holds as long as the oracle charges no more than that.
    pub(super) fn plan_questions(
        &mut self,
        round_context: &RoundContext<'_>,
        cost: Cost,
    ) -> Result<(Vec<Question>, Option<StopReason>)> {
        let mut asked = Pairs::new();
        let mut queries = self.validation_pairs(round_context, &mut asked);
        let validation = queries.len();
        let pairs = self.config.pairs_per_round(cost);
        let again = self.doubted(pairs.div_ceil(2), &mut asked);
        let left = pairs - again.len();
        queries.extend(again.into_iter().map(|pair| (RE_ASK.to_owned(), single_pair(pair))));
        let name = self.config.strategy.describe().name;
        queries.extend(
            self.strategy_queries(round_context, left, &mut asked).into_iter().map(|query| (name.clone(), query)),
        );
        let proposed: usize = queries[validation..].iter().map(|(_, query)| query.candidates.len()).sum();
        let more = self.others_answerable(round_context, pairs.saturating_sub(proposed), &mut asked);
        queries.extend(more.into_iter().map(|pair| (name.clone(), single_pair(pair))));
        if queries.is_empty() {
            return Ok((vec![], Some(StopReason::NoQuestion)));
        }
        let questions = self.afford(queries, round_context.round, cost)?;
        let stop = questions.is_empty().then_some(StopReason::Budget);
        Ok((questions, stop))
    }

    /// Random pairs on which the predictions are validated.
    fn validation_pairs(&self, round_context: &RoundContext<'_>, asked: &mut Pairs) -> Vec<(String, Query)> {
        let rule = self.config.plan.until_validated.filter(|_| round_context.round == 1);
        let Some(ValidationRule { pairs, .. }) = rule else { return vec![] };
        let mut rng = Purpose::QueryPlanner.stream(round_context.seed, &[]);
        let mut drawn = draw_pairs(&self.query_context(round_context), pairs, &mut rng);
        drawn.retain(|&(a, b)| !self.prior.knows(a, b) && self.can_answer(a, b) && asked.insert(ordered(a, b)));
        drawn.into_iter().map(|pair| (VALIDATION.to_owned(), single_pair(pair))).collect()
    }

    /// What the strategy proposes, without pairs that may not be asked about. A strategy sees the belief, which does
    /// not hold all prior knowledge. If it proposes nothing but pairs that are known already, it is called again
    /// without them.
    fn strategy_queries(&mut self, round_context: &RoundContext<'_>, pairs: usize, asked: &mut Pairs) -> Vec<Query> {
        let mut shut: Vec<(TrainingRow, TrainingRow)> =
            asked.iter().copied().filter(|&pair| self.closed.insert(pair)).collect();
        let mut found = Vec::new();
        for _ in 0..CALLS {
            let mut known = Vec::new();
            let context = self.query_context(round_context);
            for mut query in self.config.strategy.propose(&context, pairs) {
                let anchor = query.anchor;
                query.candidates.retain(|&row| {
                    let is_open =
                        [anchor, row].iter().all(|&row| row.index() < self.ids.len()) && context.is_open(anchor, row);
                    if is_open && self.prior.knows(anchor, row) {
                        known.push(ordered(anchor, row));
                        return false;
                    }
                    is_open && self.can_answer(anchor, row) && asked.insert(ordered(anchor, row))
                });
                if !query.candidates.is_empty() {
                    found.push(query);
                }
            }
            if !found.is_empty() || known.is_empty() {
                break;
            }
            shut.extend(known.into_iter().filter(|&pair| self.closed.insert(pair)));
        }
        for pair in &shut {
            self.closed.remove(pair);
        }
        found
    }

    /// Whether the oracle can answer about a pair, as far as it knows that beforehand.
    fn can_answer(&self, a: TrainingRow, b: TrainingRow) -> bool {
        self.answerable.as_ref().is_none_or(|pairs| pairs.contains(&ordered(a, b)))
    }

    /// Up to so many other pairs that the oracle can answer, where it knows which: a strategy that looks at some pairs of many
    /// would rarely meet one.
    fn others_answerable(
        &self,
        round_context: &RoundContext<'_>,
        pairs: usize,
        asked: &mut Pairs,
    ) -> Vec<(TrainingRow, TrainingRow)> {
        let context = self.query_context(round_context);
        let answerable = self.answerable.iter().flatten().copied();
        let open = answerable.filter(|&(a, b)| context.is_open(a, b) && !self.prior.knows(a, b));
        open.filter(|&pair| asked.insert(pair)).take(pairs).collect()
    }

    fn query_context<'s>(&'s self, round_context: &'s RoundContext<'_>) -> QueryContext<'s> {
        QueryContext {
            embeddings: round_context.embeddings,
            width: round_context.width,
            belief: &self.belief,
            calibration: &round_context.calibration,
            closed: &self.closed,
            candidates: self.candidates.as_ref(),
            seed: round_context.seed,
            round: round_context.round,
        }
    }
}

/// A question about one pair that comes before those of strategies.
fn single_pair((anchor, candidate): (TrainingRow, TrainingRow)) -> Query {
    Query { anchor, candidates: vec![candidate], priority: f32::MAX }
}
