//! Audit of a decision: a small random sample of pairs is asked about, which says how right the decision is, and from
//! which probability on pairs are best joined.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, RecordBatch, UInt64Array};
use relata_active::query_loop::{QueryLoop, ask_pairs};
use relata_data::DataError;
use relata_data::index::Row;
use relata_data::sink::ParquetSink;
use relata_decide::DecideError;
use relata_decide::evaluation::{AuditSettings, Interval, StratifiedAudit, StratumSample};
use relata_decide::labelled_score::LabelledScore;
use relata_decide::pair_model::Reliability;
use relata_decide::threshold::{Threshold, ThresholdRule};
use relata_oracle::{Context, Notes, Oracle};
use relata_schemas::audit::AUDIT;

use super::super::context::StageContext;
use super::super::evaluate::Measured;
use super::known_relations::KnownRelations;
use super::scored_pairs::ScoredPairs;
use crate::error::{PipelineError, Result};
use crate::store::{Artifact, Run};

/// The strategy of an audit's questions.
const STRATEGY: &str = "audit";
/// The stratum of pairs within an entity that the model has not scored is that of this probability.
const UNSCORED: f64 = 0.5;
/// Pairs within entities that are looked at; an entity of 10,000 rows would have 5 x 10^7.
const MOST_INSIDE: usize = 10_000_000;
/// Ranges of probability in which the audit looks at calibration.
const BINS: usize = 10;

/// What was asked before the decision, and who answers.
pub(in crate::stages) struct Asked<'a, 'l> {
    pub query_loop: &'a QueryLoop<'l>,
    pub oracle: &'a dyn Oracle,
    /// The last round.
    pub round: u32,
    /// Whether audits are due; those of a run that is extended are over.
    pub audits: bool,
}

/// The pairs of a decision that are not known, and what an audit was told about some.
pub(super) struct Audit {
    pairs: Vec<(u32, u32)>,
    /// By pair; nothing for pairs that the model has not scored, and are in an entity by others.
    probabilities: Vec<Option<f64>>,
    plan: StratifiedAudit,
    answers: Vec<Option<bool>>,
    /// Pairs that are known to be the same, and are together in any decision.
    certain: u64,
}

impl Audit {
    /// Draws pairs and asks about them.
    pub async fn ask(
        context: &StageContext<'_>,
        (asked, questions): (&Asked<'_, '_>, usize),
        (scored, probabilities): (&ScoredPairs, &[f64]),
        (known, entities): (&KnownRelations, &[u32]),
    ) -> Result<Self> {
        let (pairs, probabilities, certain) = universe(scored, probabilities, known, entities);
        let decided: Vec<bool> = pairs.iter().map(|pair| together(entities, pair)).collect();
        let seed = context.spec.seed().wrapping_add(u64::from(asked.round));
        let settings = AuditSettings { questions, seed, ..AuditSettings::default() };
        let strata: Vec<f64> = probabilities.iter().map(|probability| probability.unwrap_or(UNSCORED)).collect();
        let plan = StratifiedAudit::plan(&strata, &decided, &settings)?;
        let stage = context.reporter.stage("audit", plan.questions().len() as u64, "questions");
        let id = |row: u32| context.samples.ids.id(Row(row));
        let of_ids: Vec<_> = plan.questions().iter().map(|&at| (id(pairs[at].0), id(pairs[at].1))).collect();
        let hear = |text: &str| context.reporter.note("audit", text);
        let about = Context::new(&context.session, &context.samples, context.spec.seed());
        let about = Context { notes: Notes::to(&hear), ..about };
        let folder = context.run.path(Artifact::AuditAnswers);
        let answering = ask_pairs(&folder, asked.oracle, &about, &of_ids, (STRATEGY, asked.round));
        let interrupted = || PipelineError::Interrupted { round: asked.round, ledger: folder.clone() };
        let answers = context.spec.cancel.or(answering).await.ok_or_else(interrupted)??;
        let (answered, yes) = (answers.iter().flatten().count(), answers.iter().filter(|a| **a == Some(true)).count());
        stage.finish(answered as u64, &format!("of the decision, {yes} yes"));
        Ok(Self { pairs, probabilities, plan, answers, certain })
    }

    /// The probability from which on pairs are joined, by a rule: 1 if it is best to join none. Nothing if the audit has no
    /// answer to go by. Both are told.
    pub fn threshold(&self, context: &StageContext<'_>, rule: ThresholdRule) -> Result<Option<f64>> {
        let labelled = self.labelled()?;
        if labelled.is_empty() {
            context.reporter.note("audit", "no question was answered: the threshold stays at one half");
            return Ok(None);
        }
        let threshold = Threshold::choose(&labelled, rule)?;
        if threshold.is_none() {
            let text = "no threshold does what was asked for, as far as the answers tell: only what is known is joined; \
                        ask for less, or more questions";
            context.reporter.note("audit", text);
        }
        Ok(Some(threshold.map_or(1.0, |threshold| threshold.score)))
    }

    /// The answers about pairs that have a probability.
    fn labelled(&self) -> Result<Vec<LabelledScore>> {
        let weights = self.plan.weights(&self.answers)?;
        let of_questions = self.plan.questions().iter().zip(&self.answers).zip(weights);
        let label = |((&pair, answer), weight): ((&usize, &Option<bool>), f64)| {
            Some(LabelledScore { weight, ..LabelledScore::new(self.probabilities[pair]?, (*answer)?) })
        };
        Ok(of_questions.filter_map(label).collect())
    }

    /// Writes the table of the audit, and gives what it says about a decision.
    pub fn judge(&self, context: &StageContext<'_>, run: &Run, entities: &[u32]) -> Result<Measured> {
        let decided: Vec<bool> = self.pairs.iter().map(|pair| together(entities, pair)).collect();
        self.write(context, run, &decided)?;
        let answered = self.answers.iter().flatten().count();
        let covered = decided.iter().filter(|&&decided| decided).count() as u64 + self.certain;
        let uncovered = joined_pairs(entities).saturating_sub(covered);
        let mut found = vec![
            ("questions".to_owned(), self.answers.len() as f64),
            ("answers".to_owned(), answered as f64),
            ("uncovered".to_owned(), uncovered as f64),
        ];
        if uncovered > 0 {
            let text =
                format!("{uncovered} pairs within entities are not among those that were drawn from, and do not count");
            context.reporter.note("audit", &text);
        }
        match self.plan.samples(&decided, &self.answers) {
            Ok([outside, mut inside]) => {
                let all = self.certain;
                inside.push(StratumSample { pairs: all, answered: all, related: all });
                let (precision, recall) = (StratumSample::share(&inside)?, StratumSample::ratio(&inside, &outside)?);
                for (name, interval) in [("precision", precision), ("recall", recall)] {
                    let Some(Interval { estimate, lower, upper }) = interval else { continue };
                    let text = format!("{name} {estimate:.3} ({lower:.3} to {upper:.3} with 95%)");
                    context.reporter.note("audit", &text);
                    let values = [("", estimate), ("_lower", lower), ("_upper", upper)];
                    found.extend(values.map(|(end, value)| (format!("{name}{end}"), value)));
                }
            }
            Err(DecideError::UnansweredStratum { pairs, .. }) => {
                let text = format!(
                    "no answer about any of {pairs} pairs that were decided alike: precision and recall stay unknown"
                );
                context.reporter.note("audit", &text);
            }
            Err(other) => return Err(other.into()),
        }
        let labelled = self.labelled()?;
        if !labelled.is_empty() {
            let reliability = Reliability::of(&labelled, BINS)?;
            found.push(("calibration_error".to_owned(), reliability.expected_calibration_error));
        }
        Ok(found.into_iter().map(|(name, value)| (format!("decision.audit.{name}"), value)).collect())
    }

    fn write(&self, context: &StageContext<'_>, run: &Run, decided: &[bool]) -> Result<()> {
        let id = |row: u32| context.samples.ids.id(Row(row)).0;
        let ordered = |&at: &usize| {
            let (a, b) = (id(self.pairs[at].0), id(self.pairs[at].1));
            (a.min(b), a.max(b))
        };
        let ids: Vec<(u64, u64)> = self.plan.questions().iter().map(ordered).collect();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(ids.iter().map(|pair| pair.0).collect::<UInt64Array>()),
            Arc::new(ids.iter().map(|pair| pair.1).collect::<UInt64Array>()),
            Arc::new(self.plan.questions().iter().map(|&at| self.probabilities[at]).collect::<Float64Array>()),
            Arc::new(self.plan.questions().iter().map(|&at| Some(decided[at])).collect::<BooleanArray>()),
            Arc::new(BooleanArray::from(self.answers.clone())),
            Arc::new(Float64Array::from(self.plan.weights(&self.answers)?)),
        ];
        let batch = RecordBatch::try_new(AUDIT.schema(), columns).map_err(DataError::from)?;
        relata_schemas::audit::validate(&batch, 0).map_err(DataError::from)?;
        let mut sink = ParquetSink::sealed(&run.path(Artifact::Audit), AUDIT.schema())?;
        sink.write(&batch)?;
        Ok(sink.finish().map(|_| ())?)
    }
}

/// The pairs that a decision is about and that are not known: the candidates that could be a match, and the others within an
/// entity; and how many are known to be the same.
fn universe(
    scored: &ScoredPairs,
    probabilities: &[f64],
    known: &KnownRelations,
    entities: &[u32],
) -> (Vec<(u32, u32)>, Vec<Option<f64>>, u64) {
    let candidates: Vec<(u32, u32)> = scored.candidates.pairs().map(|(a, b)| (a.0, b.0)).collect();
    let is_open = |&(a, b): &(u32, u32)| known.relation(Row(a), Row(b)).is_none();
    let of_model = scored.linkage.considered().iter().map(|&at| at as usize);
    let of_model = of_model.map(|at| (candidates[at], Some(probabilities[at])));
    let (mut pairs, mut of_pairs): (Vec<_>, Vec<_>) = of_model.filter(|(pair, _)| is_open(pair)).unzip();
    let considered = pairs.len();
    let mut members: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    entities.iter().zip(0..).for_each(|(&entity, row)| members.entry(entity).or_default().push(row));
    let (mut certain, mut left) = (0, MOST_INSIDE);
    for rows in members.values().filter(|rows| rows.len() > 1) {
        // What a large entity has more than that is told as not covered.
        let inside = rows.len() * (rows.len() - 1) / 2;
        if inside > left {
            continue;
        }
        left -= inside;
        for (at, &a) in rows.iter().enumerate() {
            for &b in &rows[at + 1..] {
                if !is_open(&(a, b)) {
                    certain += 1;
                } else if pairs[..considered].binary_search(&(a, b)).is_err() {
                    pairs.push((a, b));
                    of_pairs.push(candidates.binary_search(&(a, b)).ok().map(|at| probabilities[at]));
                }
            }
        }
    }
    (pairs, of_pairs, certain)
}

/// How many pairs of rows are of one entity.
fn joined_pairs(entities: &[u32]) -> u64 {
    let mut sizes = vec![0_u64; entities.len()];
    entities.iter().for_each(|&entity| sizes[entity as usize] += 1);
    sizes.into_iter().map(|size| size * size.saturating_sub(1) / 2).sum()
}

/// Whether a pair is of one entity.
fn together(entities: &[u32], &(a, b): &(u32, u32)) -> bool {
    entities[a as usize] == entities[b as usize]
}
