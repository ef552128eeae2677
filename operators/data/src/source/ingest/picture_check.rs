//! Picture check: every picture of a dataset is decoded once while it is read. Rows whose picture cannot be read are left
//! out and listed; the pixels of the others go into the cache.

use std::path::{Path, PathBuf};

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Field as ArrowField, Schema, SchemaRef};
use rayon::prelude::*;
use relata_schemas::SchemaError;

use super::skipped::{Skipped, SkippedRows};
use crate::feature_columns::position;
use crate::fields::picture::{Decoder, PictureArray, PixelCache, Undecoded};
use crate::fields::{Field, FieldKind, ImageSettings};
use crate::index::Row;
use crate::{DataError, Result};

/// Bytes of pixels that are decoded at once, about.
const CHUNK_BYTES: usize = 32 << 20;
/// Rows that are decoded at once, at most, and before the size of a picture is known.
const CHUNK_ROWS: usize = 1024;
const FIRST_ROWS: usize = 64;

/// Checks the columns of pictures of a dataset batch by batch.
pub(super) struct PictureCheck {
    table: String,
    fields: Vec<Field>,
    columns: Vec<PictureField>,
    folder: PathBuf,
    /// Where pixels are kept.
    run: PathBuf,
    schema: SchemaRef,
    skipped: SkippedRows,
    kept: u64,
}

/// What is known of the pictures of a dataset once all are checked.
pub(super) struct CheckedPictures {
    /// The fields, those of pictures with their size.
    pub fields: Vec<Field>,
    /// The caches, one a column of pictures.
    pub caches: Vec<Option<PixelCache>>,
}

struct PictureField {
    /// Its place among the columns of the table, and among the fields.
    column: usize,
    field: usize,
    name: String,
    settings: ImageSettings,
    /// Whether a row may have none.
    optional: bool,
    decoder: Option<Decoder>,
    cache: Option<PixelCache>,
}

impl PictureCheck {
    /// A check of these fields of a table; none if none of them are pictures. Paths are relative to `folder`.
    pub fn new(table: &str, schema: &Schema, fields: &[Field], folder: &Path, run: &Path) -> Result<Option<Self>> {
        let mut columns = Vec::new();
        let mut changed: Vec<_> = schema.fields().iter().cloned().collect();
        for (place, field) in fields.iter().enumerate() {
            let FieldKind::Image(settings) = field.kind else { continue };
            if let Some((0, _) | (_, 0)) = settings.size {
                let found = format!("{:?}", settings.size.unwrap_or_default());
                return Err(DataError::setting(format!("image({})", field.column), "resize", "at least 1 x 1", found));
            }
            let column = position(table, schema, &field.column)?;
            let kept = PictureArray::kept_type(table, schema.field(column))?;
            changed[column] = ArrowField::new(&field.column, kept, true).into();
            columns.push(PictureField {
                column,
                field: place,
                name: field.column.clone(),
                settings,
                optional: fields.len() > 1,
                decoder: None,
                cache: None,
            });
        }
        let share = columns.iter().map(|column| column.settings.skipped_share()).fold(0.0, f64::max);
        Ok((!columns.is_empty()).then(|| Self {
            table: table.to_owned(),
            fields: fields.to_vec(),
            columns,
            folder: folder.to_path_buf(),
            run: run.to_path_buf(),
            schema: Schema::new_with_metadata(changed, schema.metadata().clone()).into(),
            skipped: SkippedRows::new(table, share),
            kept: 0,
        }))
    }

    /// The columns of what [`keep`](Self::keep) gives.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The rows of a batch whose pictures can be read, with paths or bytes in the columns of pictures.
    pub fn keep(&mut self, batch: &RecordBatch, first_row: u64) -> Result<RecordBatch> {
        let mut keep = vec![true; batch.num_rows()];
        let pictures = self.columns.iter().map(|column| PictureArray::new(batch.column(column.column), &self.folder));
        let pictures: Vec<PictureArray> = pictures.collect::<Result<_>>()?;
        let mut start = 0;
        while start < batch.num_rows() {
            let end = batch.num_rows().min(start + self.chunk_rows());
            self.check(&pictures, start..end, first_row, &mut keep)?;
            start = end;
        }
        let mut columns = batch.columns().to_vec();
        for (column, pictures) in self.columns.iter().zip(pictures) {
            columns[column.column] = pictures.kept(&keep)?;
        }
        Ok(filter_record_batch(&RecordBatch::try_new(self.schema.clone(), columns)?, &BooleanArray::from(keep))?)
    }

    fn chunk_rows(&self) -> usize {
        let row: usize = self.columns.iter().filter_map(|column| column.decoder).map(|one| one.shape().len()).sum();
        CHUNK_BYTES.checked_div(row).map_or(FIRST_ROWS, |rows| rows.clamp(16, CHUNK_ROWS))
    }

    fn check(
        &mut self,
        pictures: &[PictureArray],
        rows: std::ops::Range<usize>,
        first_row: u64,
        keep: &mut [bool],
    ) -> Result<()> {
        let mut decoded = Vec::with_capacity(self.columns.len());
        for (column, pictures) in self.columns.iter_mut().zip(pictures) {
            let pixels = column.decode(pictures, rows.clone(), &self.run);
            for (row, outcome) in rows.clone().zip(&pixels) {
                let reason = match outcome {
                    Ok(Some(_)) => continue,
                    Ok(None) if column.optional => continue,
                    Ok(None) => "no picture".to_owned(),
                    Err(Undecoded::Unreadable(reason)) => reason.clone(),
                    Err(Undecoded::OtherSize(height, width)) => {
                        let size = column.decoder.map(|decoder| decoder.settings().size.unwrap_or_default());
                        return Err(column.other_size(
                            pictures.path(row),
                            size,
                            (*height, *width),
                            first_row + row as u64,
                        ));
                    }
                };
                if keep[row] {
                    keep[row] = false;
                    let path = pictures.path(row).map(str::to_owned);
                    self.skipped.add(Skipped {
                        row: first_row + row as u64,
                        column: column.name.clone(),
                        path,
                        reason,
                    })?;
                }
            }
            decoded.push(pixels);
        }
        for (column, pixels) in self.columns.iter().zip(&decoded) {
            let kept = rows.clone().zip(pixels).filter(|(row, _)| keep[*row]);
            if let Some(cache) = &column.cache {
                let kept: Vec<_> = (self.kept..).zip(kept.map(|(_, pixels)| pixels)).collect();
                kept.into_par_iter().for_each(|(number, pixels)| {
                    if let Ok(Some(pixels)) = pixels {
                        cache.write(Row(number as u32), pixels);
                    }
                });
            }
        }
        self.kept += rows.filter(|&row| keep[row]).count() as u64;
        Ok(())
    }

    /// Writes the list of rows that were left out, and refuses too many of them, and columns without any picture.
    pub fn finish(self, folder: &Path) -> Result<CheckedPictures> {
        let Self { table, mut fields, columns, .. } = self;
        self.skipped.finish(folder, self.kept)?;
        let mut caches = Vec::with_capacity(columns.len());
        for column in columns {
            let Some(decoder) = column.decoder else {
                let (expected, hint) = ("a picture in one row at least", "Leave the column out of the features.");
                return Err(SchemaError::column(&table, &column.name, expected, "none in any row", hint).into());
            };
            fields[column.field].kind = FieldKind::Image(decoder.settings());
            caches.push(column.cache);
        }
        Ok(CheckedPictures { fields, caches })
    }
}

impl PictureField {
    /// The pixels of every row: none where there is no picture.
    fn decode(
        &mut self,
        pictures: &PictureArray,
        rows: std::ops::Range<usize>,
        run: &Path,
    ) -> Vec<Result<Option<Vec<u8>>, Undecoded>> {
        if self.decoder.is_none() {
            // The first that can be read tells the size, if none was asked for.
            self.decoder = rows.clone().find_map(|row| {
                let bytes = pictures.bytes(row).ok().flatten()?;
                Decoder::for_first(self.settings, &bytes).ok()
            });
            self.cache = self.decoder.and_then(|decoder| PixelCache::of(decoder.settings(), run));
        }
        let decoder = self.decoder;
        let decode = |row| -> Result<Option<Vec<u8>>, Undecoded> {
            let Some(bytes) = pictures.bytes(row).map_err(Undecoded::Unreadable)? else { return Ok(None) };
            let decoder = match decoder {
                Some(decoder) => decoder,
                None => Decoder::for_first(self.settings, &bytes)?,
            };
            let mut pixels = vec![0; decoder.shape().len()];
            decoder.decode(&bytes, &mut pixels)?;
            Ok(Some(pixels))
        };
        rows.into_par_iter().map(decode).collect()
    }

    fn other_size(
        &self,
        path: Option<&str>,
        size: Option<(u32, u32)>,
        (height, width): (u32, u32),
        row: u64,
    ) -> DataError {
        let (first_height, first_width) = size.unwrap_or_default();
        DataError::Unreadable {
            path: path.map_or_else(|| PathBuf::from(format!("{} in row {row}", self.name)), PathBuf::from),
            expected: format!("an image of {first_height} x {first_width} pixels (height x width) like the first one"),
            found: format!("{height} x {width}"),
            hint: "Bring all images to one size with `.resize(height, width)`, say `.resize(64, 64)`.".to_owned(),
        }
    }
}
