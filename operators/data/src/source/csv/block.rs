//! Block of rows: fields gathered by column, then turned into a record batch.

use ::csv::ByteRecord;
use arrow::array::{RecordBatch, RecordBatchOptions};

use super::column_type::{self, ColumnType};
use super::layout::{FileLayout, Layout, field};
use super::settings::Csv;
use crate::Result;

/// Rows of a file that wait to be a batch.
pub(super) struct Block<'a> {
    csv: &'a Csv,
    layout: &'a Layout,
    file: &'a FileLayout,
    /// For each column the texts of all rows, and where each of them ends.
    texts: Vec<(String, Vec<usize>)>,
    /// How many rows there are.
    pub rows: usize,
    /// How many bytes of text.
    pub bytes: usize,
}

impl<'a> Block<'a> {
    /// No rows.
    pub fn new(csv: &'a Csv, layout: &'a Layout, file: &'a FileLayout) -> Self {
        Self { csv, layout, file, texts: vec![(String::new(), vec![]); file.places.len()], rows: 0, bytes: 0 }
    }

    /// Adds a row.
    pub fn push(&mut self, record: &ByteRecord) -> Result<()> {
        for ((texts, ends), &place) in self.texts.iter_mut().zip(&self.file.places) {
            texts.push_str(field(&self.file.path, record, place)?);
            ends.push(texts.len());
        }
        self.rows += 1;
        self.bytes += record.as_slice().len();
        Ok(())
    }

    /// The rows as a batch; none are left.
    pub fn take(&mut self) -> Result<RecordBatch> {
        let (layout, nulls) = (self.layout, &self.csv.nulls);
        let column = |((texts, ends), of): (&(String, Vec<usize>), &ColumnType)| {
            let starts = std::iter::once(0).chain(ends.iter().copied());
            let values = starts.zip(ends).map(|(start, &end)| &texts[start..end]);
            let values: Vec<Option<&str>> =
                values.map(|text| (!column_type::is_null(nulls, text)).then_some(text)).collect();
            of.array(&values, &layout.numbers)
        };
        let columns = self.texts.iter().zip(&layout.types).map(column).collect::<Result<_, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        let batch = RecordBatch::try_new_with_options(layout.schema.clone(), columns, &options)?;
        self.texts.iter_mut().for_each(|(texts, ends)| {
            texts.clear();
            ends.clear();
        });
        (self.rows, self.bytes) = (0, 0);
        Ok(batch)
    }
}
