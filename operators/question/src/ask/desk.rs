//! Where questions go out and answers come in: one ledger, one belief, one budget.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use relata_operators::edges::Groups;
use relata_operators::oracle::{Context, Oracle, Question};
use relata_operators::{OperatorError, Result};
use serde::{Deserialize, Serialize};

use super::votes::{News, Votes};
use super::{Asking, Known, Progress, StopReason};
use crate::belief::{Belief, Doubt, DoubtKind, Outcome, Statement};
use crate::ledger::Ledger;
use crate::predict::Predictor;
use crate::strategy::{Proposal, Scene};

/// Tries per round to get answers that an oracle left out.
const TRIES: usize = 2;

/// The state of asking about the training rows of a run. Opened on the same ledger, it is the same again.
pub struct Desk<'a> {
    asking: &'a Asking,
    ledger: Ledger,
    /// Ids of the training rows; a row is a position in it.
    ids: Vec<u64>,
    rows: BTreeMap<u64, u32>,
    given: Vec<Statement>,
    votes: Votes,
    belief: Belief,
    read: u64,
}

/// What a round came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// Its number, from 1.
    pub round: u32,
    /// Questions asked in it.
    pub questions: u64,
    /// Spent since the beginning.
    pub spent: f64,
    /// What its answers were worth.
    pub progress: Progress,
    /// Pairs known to be related, and known to be unrelated, by all answers so far.
    pub implied: (u64, u64),
    /// Components of at least two rows.
    pub components: u64,
    /// Why this round is the last, if it is.
    pub stop: Option<StopReason>,
}

impl<'a> Desk<'a> {
    /// Opens the ledger in `folder` and takes in the answers of the first `done` rounds. `ids` are the training rows,
    /// ascending; `groups` what is known about them from the start (`group` by row of the dataset, `rows` the training
    /// rows in the order of `ids`): members of a group of weight 1 are taken as related, members of different exclusive
    /// groups as unrelated.
    pub fn open(
        asking: &'a Asking,
        folder: &Path,
        ids: Vec<u64>,
        groups: &Groups,
        rows: &[u32],
        done: u32,
    ) -> Result<Self> {
        let ledger = Ledger::open(folder)?;
        let given = given(groups, rows);
        let mut belief = Belief::new(ids.len(), asking.belief);
        for statement in &given {
            belief.add(*statement);
        }
        let rows = ids.iter().copied().zip(0..).collect();
        let votes = Votes::default();
        let mut desk = Self { asking, ledger, ids, rows, given, votes, belief, read: 0 };
        desk.read_ledger(done, None)?;
        Ok(desk)
    }

    /// What follows, as relations for the graph.
    pub fn known(&self) -> Known {
        let known = |belief| Known::new(belief, &self.ids, self.asking.weight, self.asking.shared);
        match self.asking.confirmed {
            true => known(&self.belief.without_doubts()).with_conflicts(&self.belief, &self.ids),
            false => known(&self.belief),
        }
    }

    /// Proposes the round's questions (unless the ledger has them), asks the oracle for every answer that is missing,
    /// and takes the answers in. `embeddings` are `[training rows, width]`, each of unit length.
    pub async fn round(
        &mut self,
        oracle: &dyn Oracle,
        context: &Context<'_>,
        embeddings: &[f32],
        width: usize,
        round: u32,
    ) -> Result<Round> {
        let predictor = self.predictor(embeddings, width);
        let asked: Vec<Question> = self.ledger.questions()?.into_iter().filter(|q| q.round == round).collect();
        let (questions, mut stop) = match asked.is_empty() {
            false => (asked, None),
            true => self.propose(oracle, context.seed, embeddings, width, &predictor, round)?,
        };
        self.ledger.ask(&questions)?;
        let mut failure = None;
        for _ in 0..TRIES {
            let open = self.unanswered(&questions, oracle.annotators())?;
            if open.is_empty() {
                break;
            }
            failure = oracle.answer(context, &open, &self.ledger).await.err();
            // People may end a round before each question has as many answers as wished.
            if failure.is_none() && self.unanswered(&questions, 1)?.is_empty() {
                break;
            }
        }
        let mut progress = Progress::default();
        self.read_ledger(round, Some((&predictor, embeddings, width, &mut progress)))?;
        if let Some(failure) = failure {
            return Err(failure);
        }
        if let Some(first) = self.unanswered(&questions, 1)?.first() {
            return Err(OperatorError::Oracle {
                oracle: relata_operators::oracle::name(&oracle.describe()),
                question: first.question,
                expected: format!("an answer or a pass for each of {} candidates", first.candidates.len()),
                found: "fewer".to_owned(),
                hint: "What was answered is kept; run the pipeline again to ask for the rest.".to_owned(),
            });
        }
        stop = stop.or_else(|| self.asking.stopping.reason(&progress));
        let components = self.belief.known().filter(|&c| self.belief.members(c).len() > 1).count() as u64;
        Ok(Round {
            round,
            questions: questions.len() as u64,
            spent: self.ledger.spent()?,
            progress,
            implied: self.belief.implied_pairs(),
            components,
            stop,
        })
    }

    fn unanswered(&self, questions: &[Question], annotators: usize) -> Result<Vec<Question>> {
        let numbers: HashSet<u64> = questions.iter().map(|q| q.question).collect();
        Ok(self.ledger.unanswered(annotators)?.into_iter().filter(|q| numbers.contains(&q.question)).collect())
    }

    /// Doubted pairs first, if the policy asks again; then what the strategy proposes, as far as the budget goes.
    fn propose(
        &self,
        oracle: &dyn Oracle,
        seed: u64,
        embeddings: &[f32],
        width: usize,
        predictor: &Predictor,
        round: u32,
    ) -> Result<(Vec<Question>, Option<StopReason>)> {
        let closed: HashSet<(u32, u32)> = self.votes.pairs().collect();
        let scene = Scene { embeddings, width, belief: &self.belief, predictor, closed: &closed, seed, round };
        let mut proposals = Vec::new();
        if self.asking.belief.policy == crate::belief::AnswerPolicy::ReAsk {
            let doubts = self.belief.doubts();
            let again = doubts.iter().filter_map(|doubt| self.again(doubt)).take(self.asking.per_round.div_ceil(2));
            proposals.extend(again.map(|(anchor, candidate)| {
                ("re_ask", Proposal { anchor, candidates: vec![candidate], priority: f32::MAX })
            }));
        }
        let name = self.asking.strategy.describe()["strategy"].as_str().unwrap_or("own").to_owned();
        let pairs = self.asking.per_round.saturating_sub(proposals.len());
        let chosen = self.asking.strategy.propose(&scene, pairs);
        proposals.extend(chosen.into_iter().filter_map(|mut proposal| {
            let mut seen = HashSet::new();
            proposal.candidates.retain(|&row| scene.is_open(proposal.anchor, row) && seen.insert(row));
            (!proposal.candidates.is_empty()).then_some((name.as_str(), proposal))
        }));
        if proposals.is_empty() {
            return Ok((vec![], Some(StopReason::NoQuestion)));
        }
        let (mut left, mut questions) = (self.asking.budget - self.ledger.spent()?, Vec::new());
        let first = self.ledger.next_question()?;
        let (mut stop, cost) = (None, oracle.cost());
        for (strategy, mut proposal) in proposals {
            while !proposal.candidates.is_empty() && cost.of(proposal.candidates.len()) > left + 1e-9 {
                proposal.candidates.pop();
                stop = Some(StopReason::Budget);
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
                strategy: strategy.to_owned(),
                priority: proposal.priority,
            });
        }
        if cost.of(1) > left + 1e-9 {
            stop = Some(StopReason::Budget);
        }
        Ok((questions, stop))
    }

    /// What to ask about a doubt. A bridge is asked about across another pair of rows, where those who answered cannot
    /// repeat the same mistake; where there is no other, about the same pair, but no more than once.
    fn again(&self, doubt: &Doubt) -> Option<(u32, u32)> {
        if doubt.kind == DoubtKind::Bridge {
            let across = |end: u32, other: u32| {
                let beside = self.belief.joined_to(end).filter(move |&row| row != other);
                beside.map(move |row| (row, other)).find(|&(a, b)| self.votes.questions(a, b) == 0)
            };
            let another = across(doubt.a, doubt.b).or_else(|| across(doubt.b, doubt.a));
            let same = || (self.votes.questions(doubt.a, doubt.b) < 2).then_some((doubt.a, doubt.b));
            return another.or_else(same);
        }
        Some((doubt.a, doubt.b))
    }

    /// How probable a relation is at a similarity, from the answers so far.
    fn predictor(&self, embeddings: &[f32], width: usize) -> Predictor {
        let pairs: Vec<(f32, bool, f32)> = self
            .votes
            .statements(self.asking.confidence)
            .iter()
            .map(|s| (similarity(embeddings, width, s.a, s.b), s.related, s.weight))
            .collect();
        if pairs.is_empty() { Predictor::prior() } else { Predictor::fit(&pairs) }
    }

    /// Takes in what is new in the ledger, up to the first answer of a round after `last`, so that a run that was
    /// stopped and started again knows the same in every round; with a predictor, also what it was worth.
    fn read_ledger(&mut self, last: u32, mut worth: Option<(&Predictor, &[f32], usize, &mut Progress)>) -> Result<()> {
        let later: HashSet<u64> =
            self.ledger.questions()?.iter().filter(|q| q.round > last).map(|q| q.question).collect();
        let mut rebuild = false;
        for row in self.ledger.since(self.read)? {
            if later.contains(&row.answer.question) {
                break;
            }
            self.read = row.sequence;
            let position = |id: u64| self.rows.get(&id).copied();
            // Answers about samples that are no training rows, such as imported ones, say nothing here.
            let (Some(a), Some(b)) = (position(row.answer.anchor), position(row.answer.candidate)) else { continue };
            let known = self.belief.relation(a, b);
            let news = self.votes.add(&row, a, b);
            if let (Some((predictor, embeddings, width, progress)), None) = (&mut worth, row.undoes) {
                match row.answer.related {
                    None => progress.passed += 1,
                    Some(related) => {
                        let probable = predictor.probability(similarity(embeddings, *width, a, b)) >= 0.5;
                        progress.answers += 1;
                        progress.yes += u64::from(related);
                        progress.predicted += u64::from(probable == related);
                        progress.implied += u64::from(known.is_some());
                    }
                }
            }
            match news {
                News::Statement(statement) if !rebuild => {
                    let outcome = self.belief.add(statement);
                    if let (Some((.., progress)), Outcome::Contradiction) = (&mut worth, outcome) {
                        progress.contradictions += 1;
                    }
                }
                News::Nothing => {}
                _ => rebuild = true,
            }
        }
        if rebuild {
            let before = self.belief.contradictions().len() as u64;
            self.belief = Belief::new(self.ids.len(), self.asking.belief);
            for statement in self.given.iter().chain(&self.votes.statements(self.asking.confidence)) {
                self.belief.add(*statement);
            }
            if let Some((.., progress)) = worth {
                progress.contradictions += (self.belief.contradictions().len() as u64).saturating_sub(before);
            }
        }
        Ok(())
    }
}

fn similarity(embeddings: &[f32], width: usize, a: u32, b: u32) -> f32 {
    let row = |row: u32| &embeddings[row as usize * width..][..width];
    row(a).iter().zip(row(b)).map(|(x, y)| x * y).sum()
}

/// Statements that say what the groups say: a chain through each group, and one negative between exclusive groups.
fn given(groups: &Groups, rows: &[u32]) -> Vec<Statement> {
    let positions: BTreeMap<u32, u32> = rows.iter().copied().zip(0..).collect();
    let mut statements = Vec::new();
    let mut heads: Vec<(u32, u32)> = Vec::new();
    for group in groups.iter().iter().filter(|group| group.weight >= 1.0) {
        let members: Vec<u32> = group.members.iter().filter_map(|row| positions.get(row).copied()).collect();
        let Some(&head) = members.first() else { continue };
        // Numbers of the ledger ascend from 1; those of what is given descend from the other end.
        let mut state = |a, b, related| {
            let number = u64::MAX - statements.len() as u64;
            statements.push(Statement { number, a, b, related, weight: 1.0 });
        };
        members.windows(2).for_each(|pair| state(pair[0], pair[1], true));
        if group.exclusive {
            heads.iter().filter(|other| other.0 == group.rel).for_each(|other| state(other.1, head, false));
            heads.push((group.rel, head));
        }
    }
    statements
}
