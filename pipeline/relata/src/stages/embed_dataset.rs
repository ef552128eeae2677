//! Embeddings of new samples by the model that a run has trained.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use relata_data::DataError;
use relata_data::sink::{AtomicFile, not_an_input};
use relata_data::source::{Dataset, OpenDataset, Samples, session};
use relata_schemas::{FeatureShape, run_file};
use relata_train::encoder::{Architecture, IntoArchitecture};
use relata_train::fit::Fit;
use relata_train::learner::Head;
use relata_train::loss::vicreg;

use super::model::Embedder;
use crate::error::{PipelineError, Result};
use crate::registries::ENCODERS;
use crate::store::{Artifact, Run};

impl Run {
    /// Embeds a dataset with the run's model and writes it like the run's own embeddings; returns the number of rows.
    /// The samples must have the shape of those that the model was trained on, and the run must be finished.
    ///
    /// ```no_run
    /// use std::path::Path;
    /// use relata::prelude::*;
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let run = Run::open("runs/digits")?;
    /// let rows = run.embed(parquet("new.parquet"), Path::new("new-embeddings.parquet")).await?;
    /// println!("{rows} rows");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn embed(&self, dataset: impl Into<Dataset>, output: &Path) -> Result<u64> {
        let encoder = match &self.plan()?.train {
            None => None,
            Some(train) => Some(ENCODERS.read(&train.encoder).map_err(|error| PipelineError::OwnEncoder { error })?),
        };
        self.embed_by(encoder, dataset.into(), output).await
    }

    /// Like [`embed`](Self::embed) for a run that trained an encoder of your own, which the plan cannot rebuild.
    ///
    /// ```no_run
    /// use std::path::Path;
    /// use relata::prelude::*;
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let run = Run::open("runs/digits")?;
    /// // Instead of `mlp`, the encoder of your own that the run trained.
    /// let rows = run.embed_with(mlp([64, 8]), parquet("new.parquet"), Path::new("new-embeddings.parquet")).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn embed_with(
        &self,
        encoder: impl IntoArchitecture,
        dataset: impl Into<Dataset>,
        output: &Path,
    ) -> Result<u64> {
        self.embed_by(Some(encoder.into_architecture()), dataset.into(), output).await
    }

    async fn embed_by(&self, encoder: Option<Box<dyn Architecture>>, dataset: Dataset, output: &Path) -> Result<u64> {
        self.existing(Artifact::Features)?;
        let trained_on = self.samples()?.features;
        let (fitted, trained_on) = (trained_on.raw().map(|raw| raw.fitted().clone()), trained_on.shape().clone());
        let model = match encoder {
            Some(encoder) => self.trained(&*encoder, &trained_on)?,
            None => Embedder::Solution(self.solution()?),
        };
        not_an_input(output, &dataset.files()?)?;
        let beside = output.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::create_dir_all(beside).map_err(DataError::io(beside))?;
        // Features may be larger than what the system's folder for temporary files can hold.
        let folder = tempfile::tempdir_in(beside).map_err(DataError::io(beside))?;
        let open = OpenDataset::open(&dataset, &session()).await?;
        let open = match fitted {
            // Columns are found by their names, and read by what training has learned of them.
            Some(fitted) => open.fitted(fitted),
            None => open,
        };
        let samples = open.write(folder.path(), &mut |_| {}).await?;
        let skipped = folder.path().join(run_file::SKIPPED);
        let listed = Self::skipped_beside(output);
        if skipped.is_file() {
            std::fs::rename(&skipped, &listed).map_err(DataError::io(&listed))?;
        } else if listed.is_file() {
            // Of another dataset.
            std::fs::remove_file(&listed).map_err(DataError::io(&listed))?;
        }
        same_shape(&dataset, &samples, &trained_on)?;
        model.write(&samples, AtomicFile::create(output)?, &mut |_| {})
    }

    /// Where [`embed`](Self::embed) lists samples that it left out since their picture could not be read: beside its
    /// output.
    ///
    /// ```
    /// use std::path::Path;
    /// use relata::Run;
    ///
    /// assert_eq!(Run::skipped_beside(Path::new("out/new.parquet")), Path::new("out/new.skipped.parquet"));
    /// ```
    pub fn skipped_beside(output: &Path) -> PathBuf {
        output.with_extension(run_file::SKIPPED)
    }

    /// The model of a finished run, of an encoder that is built in.
    pub(crate) fn embedder(&self, shape: &FeatureShape) -> Result<Embedder> {
        match &self.plan()?.train {
            None => Ok(Embedder::Solution(self.solution()?)),
            Some(train) => {
                let encoder = ENCODERS.read(&train.encoder).map_err(|error| PipelineError::OwnEncoder { error })?;
                self.trained(&*encoder, shape)
            }
        }
    }

    fn trained(&self, encoder: &dyn Architecture, shape: &FeatureShape) -> Result<Embedder> {
        let plan = self.plan()?;
        let (head, device) = (plan.embed, plan.train.map(|train| train.fit.device_choice()).unwrap_or_default());
        let (checkpoints, checkpoint) = self.final_checkpoint()?;
        let (width, projected) = encoder.widths(shape)?;
        // A learner comes with a loss and an optimiser; nothing of them matters for embedding.
        let mut learner = encoder.learner(shape, Arc::new(vicreg()), &Fit::epochs(1).device(device))?;
        checkpoints.load(&checkpoint, &mut *learner, false)?;
        let width = match head {
            Head::Encoder => width,
            Head::Projector => projected,
        };
        Ok(Embedder::Encoder { learner, width, head })
    }
}

/// Refuses samples of another shape than those that a model was trained on.
pub(crate) fn same_shape(dataset: &Dataset, samples: &Samples, trained_on: &FeatureShape) -> Result<()> {
    let found = samples.features.shape();
    if found == trained_on {
        return Ok(());
    }
    let expected = format!("{trained_on} each, like the samples that the model was trained on");
    Err(DataError::setting(dataset.name(), "features", expected, found).into())
}
