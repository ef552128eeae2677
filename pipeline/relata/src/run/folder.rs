//! The folder of a run: where its tables, checkpoints and plots lie.

use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use datafusion::prelude::DataFrame;
use relata_data::source::Samples;
use relata_data::{OperatorError, ParquetFile};
use relata_graph::{Graph, GraphSettings, Groups};

use super::Plan;
use crate::sql::Format;
use crate::{PipelineError, Result};

/// A run on disk, finished or not.
#[derive(Debug, Clone)]
pub struct Run {
    folder: PathBuf,
}

impl Run {
    /// Opens the run in `folder`.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self> {
        let run = Self::at(folder);
        run.plan()?;
        Ok(run)
    }

    /// The run that a pipeline keeps in `folder`, which need not exist yet.
    pub(crate) fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder's name.
    pub fn name(&self) -> String {
        let whole = self.folder.canonicalize().unwrap_or_else(|_| self.folder.clone());
        whole.file_name().map_or_else(|| "run".to_owned(), |name| name.to_string_lossy().into_owned())
    }

    /// The plan, from `run.json`.
    pub fn plan(&self) -> Result<Plan> {
        Plan::read(&self.path("run.json"))?.ok_or_else(|| PipelineError::NotThere {
            folder: self.folder.clone(),
            what: "run.json".to_owned(),
            hint: "It is not the folder of a run: name the folder that a pipeline wrote.".to_owned(),
        })
    }

    /// A file or folder of the run: `samples.parquet`, `edges.parquet`, `memberships.parquet`, `conflicts.parquet`,
    /// `embeddings.parquet`, `metrics.parquet`, `checkpoints`, `plots`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A file of the run that must be there.
    pub fn existing(&self, name: &str) -> Result<PathBuf> {
        let path = self.path(name);
        if path.exists() {
            return Ok(path);
        }
        Err(PipelineError::NotThere {
            folder: self.folder.clone(),
            what: name.to_owned(),
            hint: "The run has not come that far: run the pipeline again to finish it.".to_owned(),
        })
    }

    /// The embeddings, in Parquet.
    pub fn embeddings(&self) -> PathBuf {
        self.path("embeddings.parquet")
    }

    /// Ids and features.
    pub fn samples(&self) -> Result<Samples> {
        Ok(Samples::open(&self.folder)?)
    }

    /// The resolved graph.
    pub fn graph(&self, samples: &Samples) -> Result<Graph> {
        let path = self.existing("graph.json")?;
        let text = std::fs::read(&path).map_err(OperatorError::io(&path))?;
        let settings: GraphSettings =
            serde_json::from_slice(&text).map_err(|error| PipelineError::Corrupt { path, found: error.to_string() })?;
        // Runs of before there were separations have no file of them.
        let separations = match self.path("separations.parquet").exists() {
            true => self.read("separations.parquet")?,
            false => vec![],
        };
        let groups = Groups::new(&self.read("memberships.parquet")?, &separations, &samples.ids)?;
        Ok(Graph::open(&self.existing("graph.csr")?, groups, settings)?)
    }

    /// A query over the run's tables: `samples`, `edges`, `memberships`, `conflicts`, `embeddings`, `metrics`, and the
    /// table functions `nearest(embeddings, id | vector, k)` and `neighbours(id)`.
    pub async fn sql(&self, query: &str) -> Result<DataFrame> {
        let session = crate::sql::session(std::slice::from_ref(self)).await?;
        Ok(crate::sql::query(&session, query).await?)
    }

    /// Prints the answer to a query as a table: its first 1000 rows, and how many more there are.
    pub async fn show(&self, query: &str) -> Result<()> {
        crate::sql::write_result(self.sql(query).await?, Format::Table, std::io::stdout()).await?;
        Ok(())
    }

    /// All rows of a small table.
    pub(crate) fn read(&self, name: &str) -> Result<Vec<RecordBatch>> {
        Ok(ParquetFile::open(&self.existing(name)?)?.whole()?)
    }
}
