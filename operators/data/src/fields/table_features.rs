//! Features of a table: raw values, and what makes numbers and bags of tokens of them.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;
use relata_schemas::{FeatureShape, TokenBags};

use super::field::FieldKind;
use super::fitted::FittedFields;
use super::ngrams::NGrams;
use super::picture::{PictureColumn, PixelCache};
use super::record::{Record, Value};
use super::record_store::RecordStore;
use crate::Result;
use crate::index::Row;
use crate::sample_batch::{SampleBatch, SampleContent};

/// Samples that a thread encodes as one piece of work.
const PIECE: usize = 64;

/// The raw values of a table's fields, and the statistics by which they are encoded.
pub struct TableFeatures {
    records: RecordStore,
    fitted: FittedFields,
    shape: FeatureShape,
    pictures: Arc<Vec<PictureColumn>>,
}

impl fmt::Debug for TableFeatures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TableFeatures({} rows of {})", self.records.rows(), self.shape)
    }
}

impl TableFeatures {
    /// Records and how they are encoded; pixels may be kept in files in `folder`. Those of `caches` were decoded before,
    /// one a field of pictures.
    pub(crate) fn new(
        records: RecordStore,
        fitted: FittedFields,
        folder: &Path,
        caches: Vec<Option<PixelCache>>,
    ) -> Self {
        let mut caches = caches.into_iter();
        let pictures = fitted.fields.iter().enumerate().filter_map(|(at, fitted)| match fitted.field.kind {
            FieldKind::Image(settings) => {
                let cache = caches.next();
                Some(PictureColumn::new(at, settings, cache.unwrap_or_else(|| PixelCache::of(settings, folder))))
            }
            _ => None,
        });
        let pictures = Arc::new(pictures.collect());
        Self { shape: fitted.shape(), pictures, records, fitted }
    }

    /// The same records, encoded by other statistics.
    pub(crate) fn refitted(&self, fitted: FittedFields) -> Self {
        Self { shape: fitted.shape(), records: self.records.clone(), pictures: self.pictures.clone(), fitted }
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

    /// Copies the values of a row, which is below `records().rows()`, and decodes its pictures.
    pub fn record(&self, row: Row, record: &mut Record) -> Result<()> {
        self.records.read(row, record);
        for picture in self.pictures.iter() {
            let mut pixels = vec![0.0; picture.len()];
            if picture.read(&self.records, row, &mut pixels)? {
                record.values[picture.field] = Value::Image(pixels);
            }
        }
        Ok(())
    }

    pub(crate) fn read(&self, row: Row, out: &mut [f32]) -> Result<()> {
        if let (false, Some(picture)) = (self.shape.is_table(), self.pictures.first()) {
            return picture.read(&self.records, row, out).map(|_| ());
        }
        let mut record = Record::default();
        self.record(row, &mut record)?;
        self.encode(&record, out);
        Ok(())
    }

    /// The numbers of a record that is no row of the table, or not as it was: `shape().len()` of them.
    pub fn encode(&self, record: &Record, out: &mut [f32]) {
        self.fitted.write_numbers(record, true, &mut NGrams::default(), out);
    }

    /// These rows as they are.
    pub(crate) fn samples(&self, rows: &[Row], content: SampleContent) -> Result<SampleBatch> {
        if self.shape.is_table() {
            return self.encoded(rows.len(), content, |at, record| self.record(rows[at], record));
        }
        let width = self.shape.len();
        let mut values = vec![0.0; rows.len() * width];
        let read = values.par_chunks_exact_mut(width).zip(rows).map(|(out, &row)| self.read(row, out));
        first_error(read.collect())?;
        Ok(values.into())
    }

    /// `many` records, each as `read` gives it by its number, encoded in parallel. The order does not depend on threads.
    pub(crate) fn encoded(
        &self,
        many: usize,
        content: SampleContent,
        read: impl Fn(usize, &mut Record) -> Result<()> + Sync,
    ) -> Result<SampleBatch> {
        let width = self.shape.len();
        let pieces = (0..many.div_ceil(PIECE)).into_par_iter().map(|piece| {
            let range = piece * PIECE..many.min((piece + 1) * PIECE);
            let (mut record, mut ngrams) = (Record::default(), NGrams::default());
            let bags = if content == SampleContent::Bags { self.shape.bags() } else { 0 };
            let mut batch = SampleBatch { values: vec![0.0; range.len() * width], bags: TokenBags::new(bags) };
            for (nth, at) in range.enumerate() {
                read(at, &mut record)?;
                let out = &mut batch.values[nth * width..(nth + 1) * width];
                self.fitted.write_numbers(&record, content == SampleContent::Numbers, &mut ngrams, out);
                if bags > 0 {
                    self.fitted.push_bags(&record, &mut ngrams, &mut batch.bags);
                }
            }
            Ok(batch)
        });
        // Of several errors the first by row is told, whichever came first.
        let pieces: Vec<Result<SampleBatch>> = pieces.collect();
        let mut whole: Option<SampleBatch> = None;
        for piece in pieces {
            match &mut whole {
                Some(whole) => whole.append(piece?),
                None => whole = Some(piece?),
            }
        }
        Ok(whole.unwrap_or_default())
    }
}

/// Of several errors the first by row, whichever came first.
pub(crate) fn first_error(outcomes: Vec<Result<()>>) -> Result<()> {
    outcomes.into_iter().collect()
}
