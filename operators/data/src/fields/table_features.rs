//! Features of a table: raw values, and what makes numbers and bags of tokens of them.

use std::fmt;

use rayon::prelude::*;
use relata_schemas::{FeatureShape, TokenBags};

use super::fitted::FittedFields;
use super::ngrams::NGrams;
use super::record::Record;
use super::record_store::RecordStore;
use crate::index::Row;
use crate::sample_batch::{SampleBatch, SampleContent};

/// Samples that a thread encodes as one piece of work.
const PIECE: usize = 64;

/// The raw values of a table's fields, and the statistics by which they are encoded.
pub struct TableFeatures {
    records: RecordStore,
    fitted: FittedFields,
    shape: FeatureShape,
}

impl fmt::Debug for TableFeatures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TableFeatures({} rows of {})", self.records.rows(), self.shape)
    }
}

impl TableFeatures {
    pub(crate) fn new(records: RecordStore, fitted: FittedFields) -> Self {
        Self { shape: fitted.shape(), records, fitted }
    }

    /// The raw values.
    pub fn records(&self) -> &RecordStore {
        &self.records
    }

    /// What was learned of the fields.
    pub fn fitted(&self) -> &FittedFields {
        &self.fitted
    }

    /// The shape of a sample.
    pub fn shape(&self) -> &FeatureShape {
        &self.shape
    }

    pub(crate) fn read(&self, row: Row, out: &mut [f32]) {
        let mut record = Record::default();
        self.records.read(row, &mut record);
        self.encode(&record, out);
    }

    /// The numbers of a record that is no row of the table, or not as it was: `shape().len()` of them.
    pub fn encode(&self, record: &Record, out: &mut [f32]) {
        self.fitted.write_numbers(record, true, &mut NGrams::default(), out);
    }

    /// These rows as they are.
    pub(crate) fn samples(&self, rows: &[Row], content: SampleContent) -> SampleBatch {
        self.encoded(rows.len(), content, |at, record| self.records.read(rows[at], record))
    }

    /// `many` records, each as `read` gives it by its number, encoded in parallel. The order does not depend on threads.
    pub(crate) fn encoded(
        &self,
        many: usize,
        content: SampleContent,
        read: impl Fn(usize, &mut Record) + Sync,
    ) -> SampleBatch {
        let width = self.shape.len();
        let pieces = (0..many.div_ceil(PIECE)).into_par_iter().map(|piece| {
            let range = piece * PIECE..many.min((piece + 1) * PIECE);
            let (mut record, mut ngrams) = (Record::default(), NGrams::default());
            let bags = if content == SampleContent::Bags { self.shape.bags() } else { 0 };
            let mut batch = SampleBatch { values: vec![0.0; range.len() * width], bags: TokenBags::new(bags) };
            for (nth, at) in range.enumerate() {
                read(at, &mut record);
                let out = &mut batch.values[nth * width..(nth + 1) * width];
                self.fitted.write_numbers(&record, content == SampleContent::Numbers, &mut ngrams, out);
                if bags > 0 {
                    self.fitted.push_bags(&record, &mut ngrams, &mut batch.bags);
                }
            }
            batch
        });
        let pieces: Vec<SampleBatch> = pieces.collect();
        let mut pieces = pieces.into_iter();
        let mut whole = pieces.next().unwrap_or_default();
        pieces.for_each(|piece| whole.append(piece));
        whole
    }
}
