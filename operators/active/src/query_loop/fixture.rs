//! Fixture: a query loop with rows of known classes, oracles and strategies in memory, for the tests of this folder.

use std::sync::Arc;

use arrow::array::{BooleanArray, Float32Array, RecordBatch, StringArray, UInt64Array};
use async_trait::async_trait;
use relata_data::Session;
use relata_data::id_index::IdIndex;
use relata_data::index::{Row, SampleId, TrainingRow};
use relata_data::source::{Samples, csv, ingest, session};
use relata_graph::Groups;
use relata_oracle::{Answer, Context, Cost, Oracle, OracleError, Question, Record};
use relata_registry::Description;
use relata_schemas::memberships::MEMBERSHIPS;
use relata_schemas::separations::SEPARATIONS;
use tempfile::TempDir;

use super::active_loop::QueryLoop;
use super::ask_config::AskConfig;
use super::round::Round;
use super::stop_rules::StopReason;
use crate::error::Result;
use crate::strategy::{Query, QueryContext, Strategy};

/// Rows of classes, each class in a direction of its own; row r has the id r.
pub(super) struct Trial {
    folder: TempDir,
    session: Session,
    samples: Samples,
    pub classes: Vec<u32>,
    embeddings: Vec<f32>,
    pub groups: Groups,
    rows: Vec<Row>,
}

impl Trial {
    pub async fn new(classes: &[u32]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("samples.csv");
        std::fs::write(&file, "id,x\n0,0\n").unwrap();
        let session = session();
        let samples = ingest(&csv(file), &session, folder.path(), &mut |_| {}).await.unwrap();
        let angle = |(row, class): (usize, &u32)| *class as f32 * 1.6 + row as f32 * 1e-3;
        let angles = classes.iter().enumerate().map(angle);
        let embeddings = angles.flat_map(|angle| [angle.cos(), angle.sin()]).collect();
        let rows = (0..classes.len() as u32).map(Row).collect();
        let groups = Groups::default();
        Self { folder, session, samples, classes: classes.to_vec(), embeddings, groups, rows }
    }

    pub fn open<'a>(&'a self, config: &'a AskConfig, done: u32) -> QueryLoop<'a> {
        let ids = (0..self.classes.len() as u64).map(SampleId).collect();
        QueryLoop::open(config, self.folder.path(), ids, &self.groups, &self.rows, done).unwrap()
    }

    pub fn context(&self) -> Context<'_> {
        Context::new(&self.session, &self.samples, 7)
    }

    pub async fn try_round(&self, query_loop: &mut QueryLoop<'_>, oracle: &dyn Oracle, number: u32) -> Result<Round> {
        query_loop.run_round(oracle, &self.context(), &self.embeddings, 2, number).await
    }

    pub async fn round(&self, query_loop: &mut QueryLoop<'_>, oracle: &dyn Oracle, number: u32) -> Round {
        self.try_round(query_loop, oracle, number).await.unwrap()
    }

    /// All rounds until one is the last, and why.
    pub async fn play(&self, query_loop: &mut QueryLoop<'_>, oracle: &dyn Oracle) -> (Vec<Round>, StopReason) {
        let mut rounds = Vec::new();
        for number in 1..100 {
            rounds.push(self.round(query_loop, oracle, number).await);
            if let Some(stop) = rounds[rounds.len() - 1].stop {
                return (rounds, stop);
            }
        }
        panic!("asks for ever: {:?}", rounds.last());
    }

    /// Answers as the classes are.
    pub fn truth(&self, name: &'static str) -> Says {
        let classes = self.classes.clone();
        Says::new(name, move |a, b| Some(classes[a as usize] == classes[b as usize]))
    }
}

/// The pairs (anchor, candidate) that were asked about in a round, by a strategy if one is named.
pub(super) fn asked(query_loop: &QueryLoop<'_>, round: u32, strategy: Option<&str>) -> Vec<(u64, u64)> {
    let questions = query_loop.ledger.questions_of(round).unwrap();
    let of = questions.iter().filter(|question| strategy.is_none_or(|strategy| question.strategy == strategy));
    of.flat_map(|question| question.candidates.iter().map(|&candidate| (question.anchor.0, candidate.0))).collect()
}

/// Groups of weight 1: (row, group), which of them are exclusive, and which are separated.
pub(super) fn groups(
    rows: usize,
    members: &[(u64, u64)],
    exclusive: impl Fn(u64) -> bool,
    apart: &[(u64, u64)],
) -> Groups {
    let rel = |group: u64| if exclusive(group) { "classes" } else { "pieces" };
    let memberships = RecordBatch::try_new(
        MEMBERSHIPS.schema(),
        vec![
            Arc::new(UInt64Array::from_iter_values(members.iter().map(|member| member.0))),
            Arc::new(UInt64Array::from_iter_values(members.iter().map(|member| member.1))),
            Arc::new(Float32Array::from_iter_values(members.iter().map(|_| 1.0))),
            Arc::new(StringArray::from_iter_values(members.iter().map(|member| rel(member.1)))),
            Arc::new(members.iter().map(|member| Some(exclusive(member.1))).collect::<BooleanArray>()),
        ],
    );
    let separations = RecordBatch::try_new(
        SEPARATIONS.schema(),
        vec![
            Arc::new(UInt64Array::from_iter_values(apart.iter().map(|pair| pair.0))),
            Arc::new(UInt64Array::from_iter_values(apart.iter().map(|pair| pair.1))),
            Arc::new(Float32Array::from_iter_values(apart.iter().map(|_| 1.0))),
            Arc::new(StringArray::from_iter_values(apart.iter().map(|pair| rel(pair.0)))),
        ],
    );
    Groups::new(&[memberships.unwrap()], &[separations.unwrap()], &IdIndex::RowNumbers(rows as u64)).unwrap()
}

type Say = dyn Fn(u64, u64) -> Option<bool> + Send + Sync;

/// An oracle that says what a function of anchor and candidate says, at 1 a pair.
pub(super) struct Says {
    name: &'static str,
    say: Box<Say>,
    most: usize,
    only: Option<Vec<(u64, u64)>>,
}

impl Says {
    pub fn new(name: &'static str, say: impl Fn(u64, u64) -> Option<bool> + Send + Sync + 'static) -> Self {
        Self { name, say: Box::new(say), most: usize::MAX, only: None }
    }

    /// Knows beforehand that it can answer these pairs only.
    pub fn about(self, pairs: &[(u64, u64)]) -> Self {
        Self { only: Some(pairs.to_vec()), ..self }
    }

    /// Fails after so many answers of a call.
    pub fn failing_after(self, most: usize) -> Self {
        Self { most, ..self }
    }
}

#[async_trait]
impl Oracle for Says {
    fn describe(&self) -> Description {
        Description::new(self.name)
    }

    async fn answerable(&self, _: &Context<'_>) -> Result<Option<Vec<(SampleId, SampleId)>>, OracleError> {
        let ids = |pairs: &Vec<(u64, u64)>| pairs.iter().map(|&(a, b)| (SampleId(a), SampleId(b))).collect();
        Ok(self.only.as_ref().map(ids))
    }

    async fn answer(&self, _: &Context<'_>, questions: &[Question], out: &dyn Record) -> Result<(), OracleError> {
        for (answered, question) in questions.iter().enumerate() {
            if answered == self.most {
                return Err(OracleError::Unsupported { oracle: self.name.to_owned(), what: "go on", hint: "" });
            }
            let say = |candidate: SampleId| (self.say)(question.anchor.0, candidate.0);
            let answers: Vec<Answer> = question.answers(self.name, Cost::default(), say);
            out.record(&answers)?;
        }
        Ok(())
    }
}

/// A strategy that proposes given pairs, round by round, one by one.
pub(super) struct Script(pub Vec<Vec<(u32, u32)>>);

impl Strategy for Script {
    fn describe(&self) -> Description {
        Description::new("script")
    }

    fn propose(&self, context: &QueryContext<'_>, _: usize) -> Vec<Query> {
        let pairs = self.0.get(context.round as usize - 1).cloned().unwrap_or_default();
        let query = |(anchor, candidate)| Query {
            anchor: TrainingRow(anchor),
            candidates: vec![TrainingRow(candidate)],
            priority: 0.0,
        };
        pairs.into_iter().map(query).collect()
    }
}
