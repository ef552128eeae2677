//! Columns of an edge file by name, without those that are to be ignored.

use arrow::datatypes::{DataType, Schema};
use relata_schemas::SchemaError;

use super::settings::EdgeFile;

/// The columns of a file, and how they are to be read.
pub(super) struct Columns<'a> {
    pub(super) file: &'a str,
    pub(super) schema: &'a Schema,
    pub(super) settings: &'a EdgeFile,
}

impl Columns<'_> {
    pub(super) fn name(&self, at: usize) -> &str {
        self.schema.field(at).name()
    }

    pub(super) fn data_type(&self, at: usize) -> &DataType {
        self.schema.field(at).data_type()
    }

    /// The positions of the columns that are not ignored.
    pub(super) fn all(&self) -> impl Iterator<Item = usize> {
        (0..self.schema.fields().len()).filter(|&at| !self.settings.ignores(self.name(at)))
    }

    /// The column of this very name.
    pub(super) fn at(&self, name: &str) -> Option<usize> {
        self.schema.index_of(name).ok().filter(|_| !self.settings.ignores(name))
    }

    /// The columns of these names in any case.
    pub(super) fn any_of(&self, names: &[&str]) -> Vec<usize> {
        self.all().filter(|&at| self.is_one_of(at, names)).collect()
    }

    pub(super) fn is_one_of(&self, at: usize, names: &[&str]) -> bool {
        names.contains(&self.name(at).trim().to_lowercase().as_str())
    }

    /// The column that a setting names.
    pub(super) fn named(&self, name: &str, setting: &str) -> Result<usize, SchemaError> {
        self.at(name).ok_or_else(|| {
            let hint = format!("Correct the name in `.{setting}(..)`.");
            self.wrong(name, format!("the column that `.{setting}(..)` names"), self.listed(), hint)
        })
    }

    /// What columns there are, for messages.
    pub(super) fn listed(&self) -> String {
        let names: Vec<_> = self.schema.fields().iter().map(|field| field.name().as_str()).collect();
        format!("only the columns {}", names.join(", "))
    }

    /// Names in quotes with `and` between them, for messages.
    pub(super) fn quoted(&self, columns: &[usize]) -> String {
        let names: Vec<_> = columns.iter().map(|&at| format!("`{}`", self.name(at))).collect();
        names.join(" and ")
    }

    pub(super) fn wrong(
        &self,
        column: &str,
        expected: impl Into<String>,
        found: impl Into<String>,
        hint: impl Into<String>,
    ) -> SchemaError {
        SchemaError::column(self.file, column, expected, found, hint)
    }
}
