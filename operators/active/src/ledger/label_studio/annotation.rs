//! Annotation of a task of Label Studio, whichever format it was exported in.

use std::path::Path;

use relata_data::DataError;

/// A task and what its annotators said.
pub(super) struct Task {
    /// What messages call it.
    pub(super) place: String,
    pub(super) question: u64,
    /// Ids are text in the tasks.
    pub(super) anchor: Option<String>,
    pub(super) annotations: Vec<Annotation>,
}

/// What one annotator said about one task.
pub(super) struct Annotation {
    /// What messages call it.
    pub(super) place: String,
    /// Who, as far as the export says so.
    pub(super) annotator: Option<String>,
    pub(super) skipped: bool,
    /// The candidates that were selected.
    pub(super) alike: Vec<String>,
    /// Whether "Pass" was selected.
    pub(super) passed: bool,
    /// When it was given, or last changed.
    pub(super) moment: Option<String>,
    /// What the project asks beside the question.
    pub(super) others: Vec<OtherControl>,
}

/// A result of a control that the labelling configuration of Relata does not have.
pub(super) struct OtherControl {
    pub(super) name: String,
    /// What was selected, as far as this might be the control of the candidates under another name.
    pub(super) choices: Vec<String>,
}

/// What an export is not.
pub(super) struct Unexpected {
    pub(super) expected: String,
    pub(super) found: String,
}

impl Unexpected {
    pub(super) fn new(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { expected: expected.into(), found: found.into() }
    }

    /// The error that names the file.
    pub(super) fn at(self, path: &Path) -> DataError {
        let hint =
            "Nothing was imported: export the project that the tasks were imported into as JSON, JSON-MIN, CSV or TSV.";
        let Self { expected, found } = self;
        DataError::Unreadable { path: path.to_path_buf(), expected, found, hint: hint.to_owned() }
    }
}
