//! Plan of a run: settings and inputs, kept beside its tables and compared when the run is started again.

use std::path::{Path, PathBuf};

use relata_active::query_loop::AskPlan;
use relata_data::DataError;
use relata_data::sink::write_sealed;
use relata_data::source::DatasetPlan;
use relata_decide::candidates::Candidates;
use relata_decide::decision::Decision;
use relata_graph::Policy;
use relata_oracle::Cost;
use relata_registry::Description;
use relata_train::closed_form::ClosedForm;
use relata_train::fit::Fit;
use relata_train::learner::Head;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use super::error::{Result, StoreError};

/// A pipeline's settings and inputs; two runs with equal plans give equal results. It is the file `run.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Version of Relata that made the run.
    pub version: String,
    /// The dataset.
    pub read: DatasetPlan,
    /// The SQL condition that chooses the training rows, if one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train_on: Option<String>,
    /// The seed of what is random beside the training, if one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The views of each sample.
    pub views: ViewsPlan,
    /// The oracles that state relations unasked.
    pub relate: Vec<Description>,
    /// How their contradictions are decided.
    pub resolve: ResolvePlan,
    /// The oracle that is asked, if one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<OracleAskPlan>,
    /// How an encoder is trained; none if the optimum is solved for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train: Option<TrainPlan>,
    /// How the exact optimum is solved for; none if an encoder is trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solve: Option<ClosedForm>,
    /// Which output is the embedding.
    pub embed: Head,
    /// Where the pairs come from that questions and decisions are about, if it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidates: Option<Candidates>,
    /// The column of sources, across which rows are linked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// What is decided about all rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decide: Option<Decision>,
    /// What is measured.
    pub evaluate: Vec<Description>,
    /// The run that this one extends by new samples, if it does. All other settings are those of that run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extends: Option<ExtendPlan>,
    /// Input files with length and content hash.
    #[serde(default)]
    pub inputs: Vec<Input>,
}

/// Which run is extended, and by what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtendPlan {
    /// The folder of the run.
    pub run: PathBuf,
    /// The new samples.
    pub data: DatasetPlan,
    /// Samples of the run that is extended.
    pub rows: usize,
    /// Samples of the first of all, whose model this is.
    pub trained_rows: usize,
    /// Questions about new samples.
    pub questions: usize,
}

/// How many views of each sample, and which.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewsPlan {
    /// Views of each sample in a batch.
    pub count: usize,
    /// The view, or a chain of them.
    pub view: Description,
}

/// How contradictions between oracles are decided, and whether more is inferred.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResolvePlan {
    /// The policy.
    pub policy: Policy,
    /// Whether the transitive closure is taken.
    pub infer: bool,
    /// Whether oracles are weighed by how often they are right, as far as their agreement shows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub weigh_by_agreement: bool,
}

/// Which oracle is asked, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OracleAskPlan {
    /// The oracle.
    pub oracle: Description,
    /// What it costs to ask it.
    pub cost: Cost,
    /// Strategy, budget and the rules of asking.
    pub config: AskPlan,
}

/// What is trained, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainPlan {
    /// The encoder with its projector.
    pub encoder: Description,
    /// The loss.
    pub loss: Description,
    /// Epochs, batches, optimiser and the rest.
    pub fit: Fit,
}

/// An input file as it was when it was first read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// The file.
    pub path: PathBuf,
    /// Its length in bytes.
    pub bytes: u64,
    /// xxHash64 of its content (of its modification time, for folders of many files).
    pub hash: String,
}

impl Input {
    /// The inputs of these paths, lengths and hashes.
    pub(crate) fn all(fingerprints: Vec<(PathBuf, u64, u64)>) -> Vec<Self> {
        let input = |(path, bytes, hash)| Self { path, bytes, hash: format!("{hash:016x}") };
        fingerprints.into_iter().map(input).collect()
    }
}

impl Plan {
    /// The version of Relata that writes plans like this.
    pub const VERSION: &'static str = env!("CARGO_PKG_VERSION");

    /// Reads `run.json`; none if there is no such file.
    ///
    /// ```
    /// use relata::prelude::*;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("plan.json");
    /// assert!(Plan::read(&path)?.is_none());
    /// let plan = Pipeline::read(csv("digits.csv")).relate(nearest(5)).plan();
    /// plan.write(&path)?;
    /// assert_eq!(Plan::read(&path)?, Some(plan));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(path: &Path) -> Result<Option<Self>> {
        match std::fs::read(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(DataError::io(path)(error).into()),
            Ok(bytes) => serde_json::from_slice(&bytes)
                .and_then(Self::from_json)
                .map(Some)
                .map_err(|error| StoreError::BadPlan { path: path.to_path_buf(), found: error.to_string() }),
        }
    }

    /// The plan in a JSON value.
    pub(super) fn from_json(value: Value) -> serde_json::Result<Self> {
        match over_f32(&value) {
            None => serde_json::from_value(value),
            Some(number) => {
                let found = format!("the number {number} is too large; a setting has at most {:e}", f32::MAX);
                Err(serde::de::Error::custom(found))
            }
        }
    }

    /// Writes `run.json`.
    pub fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_vec_pretty(self).map_err(|error| StoreError::corrupt(path, error))?;
        Ok(write_sealed(path, &text)?)
    }

    /// The seed of views and batches: that of training, or the pipeline's where the optimum is solved for.
    pub fn training_seed(&self) -> u64 {
        self.train.as_ref().map_or(self.seed.unwrap_or_default(), |train| train.fit.seed_value())
    }
}

/// A number that a setting of 32 bits would read as infinite, which JSON has no word for: written again, it would be lost.
fn over_f32(value: &Value) -> Option<&Number> {
    match value {
        Value::Number(number) => number.as_f64().is_some_and(|n| n.abs() > f64::from(f32::MAX)).then_some(number),
        Value::Array(items) => items.iter().find_map(over_f32),
        Value::Object(settings) => settings.values().find_map(over_f32),
        _ => None,
    }
}
