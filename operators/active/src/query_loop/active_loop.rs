//! Active-learning loop (query loop): questions go out, answers come in, round by round, within one budget.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::fmt;
use std::path::Path;

use relata_data::index::{Row, SampleId, TrainingRow};
use relata_graph::Groups;
use relata_oracle::{Context, Cost, Oracle};

use super::ask_config::AskConfig;
use super::belief_oracle::BeliefOracle;
use super::missing_answers::{all_answered, ask_missing};
use super::pairs::ordered;
use super::prior::{Prior, prior_constraints};
use super::round::{Round, RoundContext};
use super::stop_rules::StopReason;
use super::validation::Validation;
use super::votes::Votes;
use crate::calibration::Calibration;
use crate::error::Result;
use crate::inference::{Belief, Constraint, Doubt, Relation};
use crate::ledger::Ledger;
use crate::strategy::ScoredCandidates;

/// The active-learning loop over the training rows of a run. Opened again on the same ledger, it is in the same state.
pub struct QueryLoop<'a> {
    pub(super) config: &'a AskConfig,
    pub(super) ledger: Ledger,
    /// Ids of the training rows; a row is a position in it.
    pub(super) ids: Vec<SampleId>,
    pub(super) rows: BTreeMap<SampleId, TrainingRow>,
    pub(super) prior: Prior<'a>,
    /// What follows from prior knowledge.
    pub(super) start: Belief,
    pub(super) votes: Votes,
    pub(super) validation: Validation,
    /// What follows from prior knowledge and the answers.
    pub(super) belief: Belief,
    /// Pairs that were asked about, smaller row first.
    pub(super) closed: HashSet<(TrainingRow, TrainingRow)>,
    pub(super) candidates: Option<ScoredCandidates>,
    /// The only pairs that the oracle can answer, smaller row first; none for all.
    pub(super) answerable: Option<BTreeSet<(TrainingRow, TrainingRow)>>,
    /// The latest constraints, in the order of their numbers.
    pub(super) recent: VecDeque<Constraint>,
    /// The last entry of the ledger that was replayed.
    pub(super) read: u64,
}

impl fmt::Debug for QueryLoop<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueryLoop")
            .field("config", self.config)
            .field("ledger", &self.ledger)
            .field("rows", &self.ids.len())
            .field("read", &self.read)
            .finish_non_exhaustive()
    }
}

impl<'a> QueryLoop<'a> {
    /// Opens the ledger in `folder` and replays the answers of the first `done` rounds.
    ///
    /// `ids` are the training rows, ascending. `groups` is what is known about them from the start; it counts rows of
    /// the dataset, and `rows` are the training rows among them, in the order of `ids`. Members of a group of weight 1
    /// are related. Members of two groups are unrelated if the groups are separated, or exclusive and of one relation.
    pub fn open(
        config: &'a AskConfig,
        folder: &Path,
        ids: Vec<SampleId>,
        groups: &'a Groups,
        rows: &'a [Row],
        done: u32,
    ) -> Result<Self> {
        let mut start = Belief::new(ids.len(), config.plan.belief_settings());
        for constraint in prior_constraints(groups, rows) {
            start.add(constraint);
        }
        let mut query_loop = Self {
            config,
            ledger: Ledger::open(folder)?,
            rows: ids.iter().copied().zip((0..).map(TrainingRow)).collect(),
            ids,
            prior: Prior { groups, rows },
            belief: start.clone(),
            start,
            votes: Votes::default(),
            validation: Validation::default(),
            closed: HashSet::new(),
            candidates: None,
            answerable: None,
            recent: VecDeque::new(),
            read: 0,
        };
        query_loop.replay_answers(done, None)?;
        Ok(query_loop)
    }

    /// What follows from the answers, as an oracle that states relations for the graph.
    pub fn belief_oracle(&self) -> BeliefOracle {
        let oracle = |belief| BeliefOracle::new(belief, &self.ids, self.config.plan.weight, self.config.plan.shared);
        match self.config.plan.confirmed {
            true => {
                let stated = self.belief.without_doubts();
                oracle(&stated).with_conflicts(&self.belief, &stated, &self.ids)
            }
            false => oracle(&self.belief),
        }
    }

    /// Pairs per round, at these costs.
    pub fn pairs_per_round(&self, cost: Cost) -> usize {
        self.config.pairs_per_round(cost)
    }

    /// The only pairs that the next round may ask about; none for all.
    pub fn look_at(&mut self, candidates: Option<ScoredCandidates>) {
        self.candidates = candidates;
    }

    /// Whether two training rows are known to be related, or known not to be.
    pub fn relation(&self, a: TrainingRow, b: TrainingRow) -> Option<bool> {
        self.belief.relation(a, b).map(|relation| relation == Relation::Positive)
    }

    /// Whether a pair may be asked about: nothing is known about it, and it was not asked about before.
    pub fn is_open(&self, a: TrainingRow, b: TrainingRow) -> bool {
        let closed = self.closed.contains(&(a.min(b), a.max(b)));
        a != b && !closed && self.belief.relation(a, b).is_none() && !self.prior.knows(a, b)
    }

    /// The pairs that were asked about, in no order; some may have been passed on.
    pub fn asked(&self) -> impl Iterator<Item = (TrainingRow, TrainingRow)> {
        self.closed.iter().copied()
    }

    /// Pairs that are known to be related; all others that are follow from them.
    pub fn must_links(&self) -> impl Iterator<Item = (TrainingRow, TrainingRow)> {
        let members = self.belief.components().map(|component| self.belief.members(component));
        members.flat_map(|members| members.windows(2).map(|two| (two[0], two[1])))
    }

    /// Pairs that are known not to be related; all others that are follow from them and the must-links.
    pub fn cannot_links(&self) -> impl Iterator<Item = (TrainingRow, TrainingRow)> {
        self.belief.components().flat_map(move |component| {
            let first = self.belief.members(component)[0];
            let others = self.belief.cannot_links(component).filter(move |&other| other > component);
            others.map(move |other| (first, self.belief.members(other)[0])).collect::<Vec<_>>()
        })
    }

    /// What should be asked about once more, the worst first, by positions among the training rows.
    pub fn doubts(&self) -> Vec<Doubt> {
        self.belief.doubts()
    }

    /// Runs one round: plans its questions (unless the ledger has them), asks the oracle for every answer that is
    /// missing, and replays the answers. `embeddings` are `[training rows, width]`, each of unit length.
    pub async fn run_round(
        &mut self,
        oracle: &dyn Oracle,
        context: &Context<'_>,
        embeddings: &[f32],
        width: usize,
        round: u32,
    ) -> Result<Round> {
        let cost = oracle.cost();
        self.answerable = oracle.answerable(context).await?.map(|pairs| self.rows_of(&pairs));
        let mut round_context =
            RoundContext { embeddings, width, calibration: Calibration::prior(), seed: context.seed, round };
        round_context.calibration = self.calibration(&round_context);
        let (questions, nothing) = match self.ledger.questions_of(round)? {
            stored if stored.is_empty() => self.plan_questions(&round_context, cost)?,
            stored => (stored, None),
        };
        self.ledger.ask(&questions)?;
        let failure = ask_missing(&self.ledger, oracle, context, round).await?;
        let mut progress = self.replay_answers(round, Some(&round_context))?;
        if let Some(failure) = failure {
            return Err(failure.into());
        }
        all_answered(&self.ledger, oracle, round)?;
        round_context.calibration = self.calibration(&round_context);
        (progress.validated, progress.validation) = self.validation.score(|a, b| match self.belief.relation(a, b) {
            Some(relation) => relation == Relation::Positive,
            None => round_context.predicts(a, b),
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
            stop: nothing.or(spent).or_else(|| self.config.plan.stop_rules().reason(&progress)),
        })
    }

    /// The pairs of training rows among pairs of samples, smaller row first.
    fn rows_of(&self, pairs: &[(SampleId, SampleId)]) -> BTreeSet<(TrainingRow, TrainingRow)> {
        let row = |id: &SampleId| self.rows.get(id).copied();
        pairs.iter().filter_map(|(a, b)| Some(ordered(row(a)?, row(b)?))).collect()
    }

    /// The calibration on the latest answers.
    fn calibration(&self, round_context: &RoundContext<'_>) -> Calibration {
        let pair = |s: &Constraint| (round_context.similarity(s.a, s.b), s.related, s.weight);
        let pairs: Vec<(f32, bool, f32)> = self.recent.iter().map(pair).collect();
        if pairs.is_empty() { Calibration::prior() } else { Calibration::fit(&pairs) }
    }
}
