//! Record lookup: which samples of a finished run are the same entity as a new record, in milliseconds.
//!
//! A [`Lookup`] holds a run of `.decide(entities())` in memory: the rows' values, their embeddings, an index of each, and
//! what was learned of pairs. A record is encoded by the run's model, its nearest rows and those that share most words with
//! it are its candidates, and each is scored by the same comparisons and models as the run's own pairs. Nothing is written:
//! [`Pipeline::extend`](crate::dsl::Pipeline::extend) takes records into a run, asks, and decides about all of them together.

mod answer;
mod json_records;
mod rows;
mod server;

use std::fmt;
use std::sync::{Mutex, PoisonError};

use relata_data::Session;
use relata_data::index::Row;
use relata_data::source::{Dataset, OpenDataset, Samples, session};
use relata_decide::candidates::Candidates;
use relata_decide::linkage::RecordMatch;
use relata_decide::log_odds::{log_odds, probability};
use relata_decide::records::record_columns;

pub use self::answer::{LookupAnswer, LookupId, LookupMatch};
use self::json_records::JsonRecords;
use self::rows::Rows;
pub use self::server::LookupServer;
use crate::error::{PipelineError, Result};
use crate::stages::{Embedder, Spec, same_shape};
use crate::store::{Plan, Run};

/// The probability from which on a record belongs to an entity, unless an audit has chosen another.
const THRESHOLD: f64 = 0.5;

/// A finished run, ready to look records up.
///
/// ```
/// use relata::lookup::Lookup;
/// use relata::prelude::*;
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let folder = tempfile::tempdir()?;
/// # let path = |name: &str| folder.path().join(name);
/// let people = "id,name,city\n1,ann miller,oslo\n2,anne miller,oslo\n3,bob stone,rome\n4,cy young,lima\n";
/// std::fs::write(path("people.csv"), people)?;
/// let people = Pipeline::read(csv(path("people.csv"))).views(2, corruptions()).relate(same_sample());
/// let trained = people.train(fields([8]).with_dimension(4), nt_xent(0.1), Fit::epochs(1));
/// let run = trained.decide(entities()).write(path("people")).run()?;
///
/// let lookup = Lookup::open(&run).await?;
/// let answers = lookup.find_json(r#"{"name": "Bob Stone", "city": "Rome"}"#).await?;
/// assert_eq!(answers[0].matches[0].id.to_string(), "3");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Lookup {
    run: Run,
    samples: Samples,
    session: Session,
    /// A learner is used by one thread at a time.
    embedder: Mutex<Embedder>,
    rows: Rows,
    /// The column of sources, across which rows are linked.
    link: Option<String>,
    threshold: f64,
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lookup({}, {} rows)", self.run.folder().display(), self.samples.ids.rows())
    }
}

impl Lookup {
    /// Reads a run into memory. It must be finished, with `.decide(entities())` and an encoder that is built in.
    pub async fn open(run: &Run) -> Result<Self> {
        let plan = run.plan()?;
        let spec = Spec::from_plan(&Plan { extends: None, ..plan })?;
        if spec.entities().is_none() {
            return Err(PipelineError::Unused {
                setting: "lookup".to_owned(),
                reason: "the run decides nothing about entities",
                remedy: "look records up in a run with `.decide(entities())`, or extend the run by them",
            });
        }
        let samples = run.samples()?;
        let embedder = run.embedder(samples.features.shape())?;
        let scores = run.scores()?;
        let threshold = scores.iter().find(|score| score.name == "decision.threshold").map(|score| score.value);
        let candidates = spec.candidates.clone().unwrap_or_else(Candidates::default);
        let rows = Rows::open(run, &samples, &candidates, spec.link.as_deref())?;
        Ok(Self {
            run: run.clone(),
            session: session(),
            embedder: Mutex::new(embedder),
            rows,
            link: spec.link,
            threshold: threshold.unwrap_or(THRESHOLD),
            samples,
        })
    }

    /// The run.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.samples.ids.rows()
    }

    /// Whether there is none, which no finished run has.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The columns that a record may have.
    pub fn columns(&self) -> Vec<String> {
        let mut columns = self.samples.columns.clone();
        let fields = self.samples.features.raw().map(|table| table.fitted().specs()).unwrap_or_default();
        let others =
            fields.into_iter().map(|field| field.column).filter(|column| !self.samples.columns.contains(column));
        columns.extend(others.collect::<Vec<_>>());
        columns
    }

    /// The answers for each record of a dataset, in order. Columns are found by the names of the run's.
    pub async fn find(&self, dataset: impl Into<Dataset>) -> Result<Vec<LookupAnswer>> {
        let dataset = dataset.into();
        let folder = tempfile::tempdir().map_err(relata_data::DataError::io(std::env::temp_dir()))?;
        let mut open = OpenDataset::open(&dataset, &self.session).await?;
        if let Some(raw) = self.samples.features.raw() {
            open = open.fitted(raw.fitted().clone());
        }
        let records = open.write(folder.path(), &mut |_| {}).await?;
        same_shape(&dataset, &records, self.samples.features.shape())?;
        let vectors = self.embedder.lock().unwrap_or_else(PoisonError::into_inner).unit_vectors(&records)?;
        let sources = match &self.link {
            Some(column) if records.columns.contains(column) => rows::text_column(&records, column)?,
            _ => vec![None; records.ids.rows()],
        };
        let columns = record_columns(&records);
        let width = vectors.len() / records.ids.rows().max(1);
        let answer = |(row, source): (usize, &Option<String>)| {
            let values: Vec<Option<String>> = columns.iter().map(|column| column.values[row].clone()).collect();
            let vector = &vectors[row * width..][..width];
            let matches = self.rows.matches(&values, vector, source.as_deref())?;
            Ok(self.answer(matches))
        };
        sources.iter().enumerate().map(answer).collect()
    }

    /// The answers for a record in JSON, or an array of some. What a record lacks is null; a column that the run does not have
    /// is refused.
    pub async fn find_json(&self, text: &str) -> Result<Vec<LookupAnswer>> {
        let records = JsonRecords::read(text, &self.columns())?;
        self.find(records.dataset()).await
    }

    /// Chooses the entity that most speaks for, and puts the best matches first.
    fn answer(&self, matches: Vec<RecordMatch>) -> LookupAnswer {
        let over = |found: &RecordMatch| found.log_odds - log_odds(self.threshold);
        let entity_of = |found: &RecordMatch| self.rows.entity(Row(found.row));
        let mut entities: Vec<(u64, f64)> = Vec::new();
        for found in &matches {
            let entity = entity_of(found);
            match entities.iter_mut().find(|known| known.0 == entity) {
                Some(known) => known.1 += over(found),
                None => entities.push((entity, over(found))),
            }
        }
        let best = entities.into_iter().filter(|(_, sum)| *sum > 0.0);
        let best = best.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0))).map(|(entity, _)| entity);
        let most = |of: &dyn Fn(&RecordMatch) -> bool| {
            matches.iter().filter(|found| of(found)).map(|found| probability(found.log_odds)).fold(0.0, f64::max)
        };
        let probable = match best {
            Some(entity) => most(&|found| entity_of(found) == entity),
            None => 1.0 - most(&|_| true),
        };
        let mut found: Vec<LookupMatch> = matches
            .iter()
            .map(|found| LookupMatch {
                id: self.rows.id(&self.samples, Row(found.row)),
                probability: probability(found.log_odds),
                entity: self.rows.id_of(&self.samples, entity_of(found)),
                weights: found.terms.iter().cloned().collect(),
            })
            .collect();
        // Candidates come by row, so that equal ones stay in the order of the rows.
        found.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        let entity = best.map(|entity| self.rows.id_of(&self.samples, entity));
        LookupAnswer { entity, probability: probable, matches: found }
    }
}
