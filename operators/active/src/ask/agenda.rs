//! The questions of a round: which pairs, none twice, and as many as the budget allows.

use std::collections::HashSet;

use relata_data::Result;
use relata_data::seed::stream;
use relata_oracle::{Cost, Question};

use super::desk::{Desk, Look};
use super::stop::StopReason;
use crate::belief::{AnswerPolicy, Doubt, DoubtKind};
use crate::strategy::{Proposal, Scene, draw};

/// The strategy of questions about what is doubted.
pub(super) const RE_ASK: &str = "re_ask";
/// The strategy of questions about validation pairs.
pub(super) const VALIDATION: &str = "validation";

const PURPOSE: u64 = 0x7a11d;

/// A pair is asked about again, but no more than once.
const TIMES: usize = 2;

/// Calls of a strategy for one round, if all that it proposes is known from the start.
const CALLS: usize = 8;

/// Costs are kept in single precision: ten answers at 0.1 sum up to a little more than 1.
const ROUNDING: f64 = 1e-7;

/// Pairs of rows, the smaller one first.
type Pairs = HashSet<(u32, u32)>;

impl Desk<'_> {
    /// The questions of a round that has none yet, or why there are none: in the first round those about validation
    /// pairs, else those about doubts if the policy asks again; then what the strategy proposes. They are planned at the
    /// full price, so that the budget holds whatever the oracle charges up to that.
    pub(super) fn propose(&mut self, look: &Look<'_>, cost: Cost) -> Result<(Vec<Question>, Option<StopReason>)> {
        let mut asked = Pairs::new();
        let mut proposals = self.validation_pairs(look, &mut asked);
        let pairs = self.asking.pairs_per_round(cost);
        let again = self.doubted(pairs.div_ceil(2), &mut asked);
        let left = pairs - again.len();
        proposals.extend(again.into_iter().map(|pair| (RE_ASK.to_owned(), alone(pair))));
        let name = self.asking.strategy.describe().name;
        proposals.extend(self.chosen(look, left, &mut asked).into_iter().map(|proposal| (name.clone(), proposal)));
        if proposals.is_empty() {
            return Ok((vec![], Some(StopReason::NoQuestion)));
        }
        let questions = self.afford(proposals, look.round, cost)?;
        let stop = questions.is_empty().then_some(StopReason::Budget);
        Ok((questions, stop))
    }

    /// Whether a question costs more than is left.
    pub(super) fn is_spent(&self, cost: Cost) -> Result<bool> {
        Ok(cost.of(1) > self.left()?)
    }

    fn left(&self) -> Result<f64> {
        Ok(self.asking.budget * (1.0 + ROUNDING) - self.ledger.spent()?)
    }

    /// As many of the questions, the first ones first, as there is budget for.
    fn afford(&self, proposals: Vec<(String, Proposal)>, round: u32, cost: Cost) -> Result<Vec<Question>> {
        let (mut left, first) = (self.left()?, self.ledger.next_question()?);
        let mut questions = Vec::new();
        for (strategy, mut proposal) in proposals {
            while !proposal.candidates.is_empty() && cost.of(proposal.candidates.len()) > left {
                proposal.candidates.pop();
            }
            if proposal.candidates.is_empty() {
                break;
            }
            left -= cost.of(proposal.candidates.len());
            questions.push(Question {
                question: first + questions.len() as u64,
                round,
                anchor: self.ids[proposal.anchor as usize],
                candidates: proposal.candidates.iter().map(|&row| self.ids[row as usize]).collect(),
                strategy,
                priority: proposal.priority,
            });
        }
        Ok(questions)
    }

    fn validation_pairs(&self, look: &Look<'_>, asked: &mut Pairs) -> Vec<(String, Proposal)> {
        let Some((_, pairs)) = self.asking.stopping.validated.filter(|_| look.round == 1) else { return vec![] };
        let mut rng = stream(look.seed, &[PURPOSE]);
        let mut drawn = draw(&self.scene(look), pairs, &mut rng);
        drawn.retain(|&(a, b)| !self.given.knows(a, b) && asked.insert(ordered(a, b)));
        drawn.into_iter().map(|pair| (VALIDATION.to_owned(), alone(pair))).collect()
    }

    /// Pairs to ask about because of doubts, at most so many.
    fn doubted(&self, most: usize, asked: &mut Pairs) -> Vec<(u32, u32)> {
        if self.asking.belief.policy != AnswerPolicy::ReAsk {
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

    /// What to ask about a doubt. A bridge is asked about across another pair of rows, where those who answered cannot
    /// repeat the same mistake; where there is no other, about the same pair, but no more than once. A side of a
    /// contradiction is asked about once more as it is: whatever comes, a pass or people who disagree, it stays doubted
    /// without being asked about for ever.
    fn again(&self, doubt: &Doubt) -> Option<(u32, u32)> {
        let times = |a, b| self.votes.questions(a, b) + usize::from(self.validation.has(a, b));
        let same = (times(doubt.a, doubt.b) < TIMES).then_some((doubt.a, doubt.b));
        if doubt.kind == DoubtKind::WeakestLink {
            return same;
        }
        let across = |end: u32, other: u32| {
            let beside = self.belief.joined_to(end).filter(move |&row| row != other);
            beside.map(move |row| (row, other)).find(|&(a, b)| times(a, b) == 0)
        };
        across(doubt.a, doubt.b).or_else(|| across(doubt.b, doubt.a)).or(same)
    }

    /// What the strategy proposes, without pairs that may not be asked about. Strategies look at the belief, which does
    /// not hold all that is known from the start; where only such pairs are proposed, it is called again without them.
    fn chosen(&mut self, look: &Look<'_>, pairs: usize, asked: &mut Pairs) -> Vec<Proposal> {
        let mut shut: Vec<(u32, u32)> = asked.iter().copied().filter(|&pair| self.closed.insert(pair)).collect();
        let mut found = Vec::new();
        for _ in 0..CALLS {
            let mut known = Vec::new();
            let scene = self.scene(look);
            for mut proposal in self.asking.strategy.propose(&scene, pairs) {
                let anchor = proposal.anchor;
                proposal.candidates.retain(|&row| {
                    let is_open =
                        [anchor, row].iter().all(|&row| (row as usize) < self.ids.len()) && scene.is_open(anchor, row);
                    if is_open && self.given.knows(anchor, row) {
                        known.push(ordered(anchor, row));
                        return false;
                    }
                    is_open && asked.insert(ordered(anchor, row))
                });
                if !proposal.candidates.is_empty() {
                    found.push(proposal);
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

    fn scene<'s>(&'s self, look: &'s Look<'_>) -> Scene<'s> {
        Scene {
            embeddings: look.embeddings,
            width: look.width,
            belief: &self.belief,
            predictor: &look.predictor,
            closed: &self.closed,
            seed: look.seed,
            round: look.round,
        }
    }
}

/// A question about one pair that comes before those of strategies.
fn alone((anchor, candidate): (u32, u32)) -> Proposal {
    Proposal { anchor, candidates: vec![candidate], priority: f32::MAX }
}

fn ordered(a: u32, b: u32) -> (u32, u32) {
    (a.min(b), a.max(b))
}
