//! Where questions go out and answers come in: one ledger, one belief, one budget.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::path::Path;

use relata_data::{OperatorError, Result};
use relata_graph::Groups;
use relata_oracle::{Context, Oracle, Question};
use serde::{Deserialize, Serialize};

use super::given::{Given, given};
use super::validation::Validation;
use super::votes::Votes;
use super::{Asking, Known, Progress, StopReason};
use crate::belief::{Belief, Doubt, Relation, Statement};
use crate::ledger::Ledger;
use crate::predict::Predictor;

/// Tries per round to get answers that an oracle left out.
const TRIES: usize = 2;

/// The state of asking about the training rows of a run. Opened on the same ledger, it is the same again.
pub struct Desk<'a> {
    pub(super) asking: &'a Asking,
    pub(super) ledger: Ledger,
    /// Ids of the training rows; a row is a position in it.
    pub(super) ids: Vec<u64>,
    pub(super) rows: BTreeMap<u64, u32>,
    pub(super) given: Given<'a>,
    /// What follows from what is given.
    pub(super) start: Belief,
    pub(super) votes: Votes,
    pub(super) validation: Validation,
    /// What follows from what is given and the answers.
    pub(super) belief: Belief,
    /// Pairs that were asked about, smaller row first.
    pub(super) closed: HashSet<(u32, u32)>,
    /// The latest statements, in the order of their numbers.
    pub(super) recent: VecDeque<Statement>,
    pub(super) read: u64,
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

/// The embedding that a round starts from, and what it predicts.
pub(super) struct Look<'e> {
    pub embeddings: &'e [f32],
    pub width: usize,
    pub predictor: Predictor,
    pub seed: u64,
    pub round: u32,
}

impl Look<'_> {
    /// Whether two rows are more probably related than not.
    pub fn predicts(&self, a: u32, b: u32) -> bool {
        self.predictor.probability(similarity(self.embeddings, self.width, a, b)) >= 0.5
    }
}

impl<'a> Desk<'a> {
    /// Opens the ledger in `folder` and takes in the answers of the first `done` rounds. `ids` are the training rows,
    /// ascending; `groups` what is known about them from the start (`group` by row of the dataset, `rows` the training
    /// rows in the order of `ids`): members of a group of weight 1 are taken as related, members of groups that are
    /// separated, or exclusive and of one relation, as unrelated.
    pub fn open(
        asking: &'a Asking,
        folder: &Path,
        ids: Vec<u64>,
        groups: &'a Groups,
        rows: &'a [u32],
        done: u32,
    ) -> Result<Self> {
        let mut start = Belief::new(ids.len(), asking.belief);
        for statement in given(groups, rows) {
            start.add(statement);
        }
        let mut desk = Self {
            asking,
            ledger: Ledger::open(folder)?,
            rows: ids.iter().copied().zip(0..).collect(),
            ids,
            given: Given { groups, rows },
            belief: start.clone(),
            start,
            votes: Votes::default(),
            validation: Validation::default(),
            closed: HashSet::new(),
            recent: VecDeque::new(),
            read: 0,
        };
        desk.take_in(done, None)?;
        Ok(desk)
    }

    /// What follows, as relations for the graph.
    pub fn known(&self) -> Known {
        let known = |belief| Known::new(belief, &self.ids, self.asking.weight, self.asking.shared);
        match self.asking.confirmed {
            true => {
                let stated = self.belief.without_doubts();
                known(&stated).with_conflicts(&self.belief, &stated, &self.ids)
            }
            false => known(&self.belief),
        }
    }

    /// What should be asked about once more, the worst first, by positions among the training rows.
    pub fn doubts(&self) -> Vec<Doubt> {
        self.belief.doubts()
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
        let cost = oracle.cost();
        let mut look = Look { embeddings, width, predictor: Predictor::prior(), seed: context.seed, round };
        look.predictor = self.predictor(&look);
        let (questions, nothing) = match self.ledger.questions_of(round)? {
            stored if stored.is_empty() => self.propose(&look, cost)?,
            stored => (stored, None),
        };
        self.ledger.ask(&questions)?;
        let failure = self.ask(oracle, context, round).await?;
        let mut progress = self.take_in(round, Some(&look))?;
        if let Some(failure) = failure {
            return Err(failure);
        }
        if let Some(first) = self.ledger.unanswered_of(round, 1)?.first() {
            return Err(OperatorError::Oracle {
                oracle: oracle.describe().name,
                question: first.question,
                expected: format!("an answer or a pass for each of {} candidates", first.candidates.len()),
                found: "fewer".to_owned(),
                hint: "What was answered is kept; run the pipeline again to ask for the rest.".to_owned(),
            });
        }
        look.predictor = self.predictor(&look);
        (progress.validated, progress.validation) = self.validation.score(|a, b| match self.belief.relation(a, b) {
            Some(relation) => relation == Relation::Positive,
            None => look.predicts(a, b),
        });
        // What is decided here depends on the ledger alone, so that a round that is resumed ends in the same way.
        let spent = self.is_spent(cost)?.then_some(StopReason::Budget);
        Ok(Round {
            round,
            questions: questions.len() as u64,
            spent: self.ledger.spent()?,
            progress,
            implied: self.belief.implied_pairs(),
            components: self.belief.least_asked().len() as u64,
            stop: nothing.or(spent).or_else(|| self.asking.stopping.reason(&progress)),
        })
    }

    /// Asks for every answer of a round that is missing; gives what the oracle failed with at last.
    async fn ask(&self, oracle: &dyn Oracle, context: &Context<'_>, round: u32) -> Result<Option<OperatorError>> {
        let mut failure = None;
        for _ in 0..TRIES {
            let open: Vec<Question> = self.ledger.unanswered_of(round, oracle.annotators())?;
            if open.is_empty() {
                break;
            }
            failure = oracle.answer(context, &open, &self.ledger).await.err();
            // People may end a round before each question has as many answers as wished.
            if failure.is_none() && self.ledger.unanswered_of(round, 1)?.is_empty() {
                break;
            }
        }
        Ok(failure)
    }

    /// How probable a relation is at a similarity, from the latest answers.
    fn predictor(&self, look: &Look<'_>) -> Predictor {
        let pair = |s: &Statement| (similarity(look.embeddings, look.width, s.a, s.b), s.related, s.weight);
        let pairs: Vec<(f32, bool, f32)> = self.recent.iter().map(pair).collect();
        if pairs.is_empty() { Predictor::prior() } else { Predictor::fit(&pairs) }
    }
}

fn similarity(embeddings: &[f32], width: usize, a: u32, b: u32) -> f32 {
    let row = |row: u32| &embeddings[row as usize * width..][..width];
    row(a).iter().zip(row(b)).map(|(x, y)| x * y).sum()
}
