//! Ids of an edge file: the samples that its columns of ids name.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, UInt64Type};
use relata_data::source::IdLookup;

use super::cells::{Cells, is_missing};
use super::ends::End;
use super::settings::EdgeFile;
use crate::error::Result;

/// What stands in a column of ids.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Id {
    Sample(u64),
    /// An id that the dataset does not have, where such are skipped.
    Unknown,
    /// None, where a row may have none.
    Blank,
}

/// Looks up ids in the dataset, if there is one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ids<'a> {
    pub(super) lookup: Option<&'a IdLookup>,
    pub(super) settings: &'a EdgeFile,
}

impl Ids<'_> {
    pub(super) fn is_text(&self) -> bool {
        self.lookup.is_some_and(IdLookup::is_text)
    }

    /// The samples that a column of ids names.
    pub(super) fn read(&self, cells: &Cells, batch: &RecordBatch, end: End) -> Result<Vec<Id>> {
        let column = batch.column(end.id);
        let schema = batch.schema_ref();
        let name = schema.field(end.id).name().as_str();
        let integers = match column.data_type() {
            DataType::Dictionary(_, values) => values.is_integer(),
            other => other.is_integer(),
        };
        if integers && !self.is_text() && end.source.is_none() {
            let numbers = cast(column, &DataType::UInt64)?;
            let known = |&id: &u64| self.lookup.is_none_or(|ids| ids.number(id).is_some());
            let numbers = numbers.as_primitive::<UInt64Type>().iter().enumerate();
            let read = numbers.map(|(row, number)| match number {
                Some(number) if known(&number) => Ok(Id::Sample(number)),
                Some(number) => self.unknown(cells, name, row, number.to_string()),
                None if column.is_null(row) => self.blank(cells, (column, name), row, end),
                None => Err(cells.missing((column, name), row, "an integer from 0")),
            });
            return read.collect();
        }
        // Bytes may be no text, and the values of a dictionary may be null.
        let texts = cast(column, &DataType::Utf8)?;
        let sources = end.source.map(|at| self.sources(cells, batch, at)).transpose()?;
        let read = texts.as_string::<i32>().iter().enumerate().map(|(row, text)| match text {
            Some("") if end.optional => Ok(Id::Blank),
            Some(id) => match &sources {
                Some(sources) => self.text(cells, name, row, &format!("{}{id}", sources[row])),
                None => self.text(cells, name, row, id),
            },
            None => self.blank(cells, (column, name), row, end),
        });
        read.collect()
    }

    fn text(&self, cells: &Cells, name: &str, row: usize, text: &str) -> Result<Id> {
        match self.lookup {
            Some(ids) => match ids.text(text) {
                Some(id) => Ok(Id::Sample(id.into())),
                None => self.unknown(cells, name, row, text.to_owned()),
            },
            None => text.parse().map(Id::Sample).map_err(|_| {
                let hint = "Ids that are text need a dataset whose ids they are.";
                cells.wrong(name, row, "an integer from 0", format!("`{text}`"), hint)
            }),
        }
    }

    /// The beginnings of ids: source and separator.
    fn sources(&self, cells: &Cells, batch: &RecordBatch, at: usize) -> Result<Vec<String>> {
        let column = batch.column(at);
        let texts = cast(column, &DataType::Utf8)?;
        let separator = self.settings.separator().unwrap_or_default();
        let texts = texts.as_string::<i32>().iter().enumerate().map(|(row, text)| match text {
            Some(source) => Ok(format!("{source}{separator}")),
            None => Err(cells.missing((column, batch.schema_ref().field(at).name()), row, "the name of a source")),
        });
        texts.collect()
    }

    fn blank(&self, cells: &Cells, column: (&ArrayRef, &str), row: usize, end: End) -> Result<Id> {
        match end.optional && is_missing(column.0, row) {
            true => Ok(Id::Blank),
            false => Err(cells.missing(column, row, "an id")),
        }
    }

    fn unknown(&self, cells: &Cells, name: &str, row: usize, id: String) -> Result<Id> {
        match self.settings.skips_unknown() {
            true => Ok(Id::Unknown),
            false => Err(cells.unknown(name, row, id)),
        }
    }
}
