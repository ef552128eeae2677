//! Exported model: the files that a model is written to.

use std::path::{Path, PathBuf};

use relata_data::DataError;
use relata_data::sink::write_atomically;

use super::description::ModelDescription;
use super::error::ModelExportError;
use super::onnx::onnx;
use super::weights::Weights;

/// The name of all files but the reader, which differ by their extensions.
const MODEL: &str = "model";
const READER: &str = "relata_model.py";

/// The words beside the weights.
const METADATA: &str = "relata";

/// What [`Run::export_model`](crate::Run::export_model) wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedModel {
    /// The files.
    pub files: Vec<PathBuf>,
    /// What was left out, and why.
    pub notes: Vec<String>,
}

/// The files of a model, made but not written.
#[derive(Debug)]
pub(crate) struct ModelFiles {
    files: Vec<(String, Vec<u8>)>,
    notes: Vec<String>,
}

impl ModelFiles {
    /// Makes all files that the model's layers allow.
    pub fn of(weights: &Weights, description: &ModelDescription) -> Result<Self, ModelExportError> {
        let mut files = vec![
            (named("safetensors"), weights.to_bytes(METADATA, description.summary())?),
            (named("json"), description.to_json().into_bytes()),
        ];
        let mut notes = Vec::new();
        match &description.layers {
            Some(layers) => {
                files.push((named("onnx"), onnx(layers, weights, description)?));
                files.push((READER.to_owned(), include_bytes!("relata_model.py").to_vec()));
            }
            None => notes.push(format!(
                "The encoder `{}` does not say its layers, so there is neither {} nor {READER}: only its weights and \
                 the shape of samples are written.",
                description.encoder.name,
                named("onnx")
            )),
        }
        Ok(Self { files, notes })
    }

    /// Writes them into a folder, which need not exist yet.
    pub fn write(self, folder: &Path) -> Result<ExportedModel, DataError> {
        std::fs::create_dir_all(folder).map_err(DataError::io(folder))?;
        let write = |(name, bytes): (String, Vec<u8>)| -> Result<PathBuf, DataError> {
            let path = folder.join(name);
            write_atomically(&path, &bytes)?;
            Ok(path)
        };
        Ok(ExportedModel { files: self.files.into_iter().map(write).collect::<Result<_, _>>()?, notes: self.notes })
    }
}

fn named(extension: &str) -> String {
    format!("{MODEL}.{extension}")
}
