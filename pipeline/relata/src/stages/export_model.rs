//! Export of a run's model, for programs without Relata.

use std::path::Path;

use relata_data::sample_batch::SampleContent;
use relata_registry::Description;
use relata_train::encoder::{Architecture, IntoArchitecture};
use relata_train::learner::Head;

use crate::error::Result;
use crate::model_export::{ExportedModel, ModelDescription, ModelFiles, Weights};
use crate::registries::ENCODERS;
use crate::store::{Artifact, Run};

impl Run {
    /// Writes the run's model into a folder, for programs without Relata: `model.safetensors`, `model.json`, `model.onnx`,
    /// and `relata_model.py`, which reads the first two by numpy alone. The module [`model_export`](crate::model_export)
    /// says what is in each. The run must be finished.
    ///
    /// Of an encoder of your own that a pipeline trained, only the weights can be written; see
    /// [`export_model_of`](Self::export_model_of).
    ///
    /// ```
    /// use relata::prelude::*;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let at = folder.path();
    /// # std::fs::write(at.join("samples.csv"), "x,y,label\n0.0,0.1,0\n0.2,0.0,0\n5.1,5.0,1\n5.0,5.3,1\n")?;
    /// let related = Pipeline::read(csv(at.join("samples.csv"))).relate(same_label("label"));
    /// let run = related.solve(closed_form(Kernel::Linear, 2)).write(at.join("run")).run()?;
    /// let exported = run.export_model(&at.join("model"))?;
    /// assert!(at.join("model/model.onnx").is_file() && exported.notes.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn export_model(&self, folder: &Path) -> Result<ExportedModel> {
        let encoder = match &self.plan()?.train {
            // An encoder that is not built in is not known here, but its weights are in the checkpoint.
            Some(train) => ENCODERS.read(&train.encoder).ok(),
            None => None,
        };
        self.export(encoder, folder)
    }

    /// Like [`export_model`](Self::export_model) for a run that trained an encoder of your own, which the plan cannot
    /// rebuild. There are an ONNX file and layers if its specification says them by
    /// [`layers`](relata_train::encoder::EncoderSpec::layers).
    ///
    /// ```no_run
    /// use std::path::Path;
    /// use relata::prelude::*;
    ///
    /// let run = Run::open("runs/digits")?;
    /// // Instead of `mlp`, the encoder of your own that the run trained.
    /// run.export_model_of(mlp([64, 8]), Path::new("model"))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn export_model_of(&self, encoder: impl IntoArchitecture, folder: &Path) -> Result<ExportedModel> {
        self.export(Some(encoder.into_architecture()), folder)
    }

    fn export(&self, encoder: Option<Box<dyn Architecture>>, folder: &Path) -> Result<ExportedModel> {
        self.existing(Artifact::Features)?;
        let plan = self.plan()?;
        let samples = self.samples()?;
        let shape = samples.features.shape();
        let content = encoder.as_ref().map_or(SampleContent::Numbers, |encoder| encoder.content());
        let named = match &plan.train {
            Some(train) => train.encoder.clone(),
            None => Description::of_fields("closed_form", &plan.solve),
        };
        let mut description = ModelDescription::new(named, plan.embed, shape, content);
        if let Some(raw) = samples.features.raw() {
            description = description.with_fields(raw.fitted());
        }
        let weights = if plan.train.is_some() {
            let (checkpoints, checkpoint) = self.final_checkpoint()?;
            if let Some(encoder) = &encoder {
                let (width, projected) = encoder.widths(shape)?;
                description.width = Some(if plan.embed == Head::Projector { projected } else { width });
                description.layers = encoder.layers(shape, plan.embed);
            }
            Weights::of_checkpoint(&checkpoints.weights(&checkpoint)?)?
        } else {
            let solution = self.solution()?;
            let (weights, layer) = Weights::of_solution(&solution);
            description.width = Some(solution.width());
            description.layers = Some(vec![layer]);
            weights
        };
        Ok(ModelFiles::of(&weights, &description)?.write(folder)?)
    }
}
