//! Writer of a dataset: its features into the feature store, its other columns into the table of samples.

use std::path::{Path, PathBuf};

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, Field as ArrowField, FieldRef, Schema, SchemaRef};
use relata_schemas::SchemaError;
use relata_schemas::samples::{ID, SAMPLES, SOURCE_ID};

use super::picture_check::CheckedPictures;
use crate::Result;
use crate::feature_columns::FeatureColumns;
use crate::feature_store::{FeatureStore, FeatureWriter};
use crate::fields::{Field, FieldChoice, FittedFields, RecordStore, RecordWriter, TableFeatures};
use crate::sink::ParquetSink;
use crate::source::dataset::Dataset;
use crate::source::sample_ids::SampleIds;
use crate::source::samples::{Samples, TEXT_IDS};

/// Writes the batches of a dataset.
pub(super) struct Writer {
    ids: SampleIds,
    features: Features,
    /// Positions of the columns that the table of samples has beside the ids.
    others: Vec<usize>,
    schema: SchemaRef,
    samples: ParquetSink,
    rows: u64,
}

enum Features {
    /// Vectors, images, or columns of numbers as they are.
    Numbers { columns: FeatureColumns, path: PathBuf, writer: Option<FeatureWriter> },
    /// The raw values of fields.
    Table { fields: Vec<Field>, writer: RecordWriter },
}

impl Writer {
    pub(super) fn create(
        table: &str,
        dataset: &Dataset,
        source: &Schema,
        choice: Option<&FieldChoice>,
        (folder, paths): (&Path, &Path),
    ) -> Result<Self> {
        let ids = SampleIds::choose(table, source, dataset.asked_id())?;
        let path = Samples::features_path(folder);
        let features = match choice {
            Some(FieldChoice { fields, .. }) => {
                let writer = RecordWriter::create(&path, table, source, fields, paths)?;
                Features::Table { writer, fields: fields.clone() }
            }
            None => {
                let columns = FeatureColumns::choose(table, source, dataset.asked_features(), ids.column)?;
                let columns = match dataset.asked_shape() {
                    Some(shape) => columns.into_images(source, shape)?,
                    None => columns,
                };
                Features::Numbers { columns, path, writer: None }
            }
        };
        let others: Vec<usize> =
            (0..source.fields().len()).filter(|at| Some(*at) != ids.column && !features.take(source, *at)).collect();
        let schema = samples_schema(table, source, &ids, &others)?;
        let samples = ParquetSink::sealed(&Samples::samples_path(folder), schema.clone())?;
        Ok(Self { ids, features, others, schema, samples, rows: 0 })
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let first_row = self.rows;
        self.rows += batch.num_rows() as u64;
        let (ids, texts) = self.ids.convert(batch, first_row)?;
        match &mut self.features {
            Features::Table { writer, .. } => writer.append(batch, first_row)?,
            Features::Numbers { columns, path, writer } => {
                let (shape, features) = columns.convert(batch, first_row)?;
                match writer {
                    Some(writer) => writer.append(&features)?,
                    None => writer.insert(FeatureWriter::create(path, shape)?).append(&features)?,
                }
            }
        }
        let others = self.others.iter().map(|&at| batch.column(at).clone());
        let columns: Vec<ArrayRef> = std::iter::once(ids).chain(texts).chain(others).collect();
        self.samples.write(&RecordBatch::try_new(self.schema.clone(), columns)?)
    }

    pub(super) fn finish(
        self,
        folder: &Path,
        fitted: Option<FittedFields>,
        pictures: Option<CheckedPictures>,
    ) -> Result<Samples> {
        let text_ids = self.ids.are_text();
        let ids = self.ids.finish()?;
        let path = Samples::features_path(folder);
        let features = match self.features {
            Features::Numbers { writer, .. } => {
                if let Some(writer) = writer {
                    writer.finish()?;
                }
                FeatureStore::open(&path)?
            }
            Features::Table { fields, writer } => {
                writer.finish()?;
                let (fields, caches) = match pictures {
                    Some(CheckedPictures { fields, caches }) => (fields, caches),
                    None => (fields, vec![]),
                };
                let records = RecordStore::open(&path, &fields)?;
                let fitted = match fitted {
                    Some(fitted) => fitted,
                    None => FittedFields::fit(&fields, &records, None)?,
                };
                fitted.write(&Samples::fields_path(folder))?;
                FeatureStore::of_table(&path, TableFeatures::new(records, fitted, folder, caches))
            }
        };
        self.samples.finish()?;
        Ok(Samples {
            ids,
            features,
            samples_path: Samples::samples_path(folder),
            columns: self.schema.fields().iter().map(|field| field.name().clone()).collect(),
            text_ids,
        })
    }
}

impl Features {
    /// Whether a column is a feature only and not kept beside the ids.
    fn take(&self, source: &Schema, column: usize) -> bool {
        let (name, kept) = (source.field(column).name(), source.field(column).data_type());
        match self {
            Self::Numbers { columns, .. } => columns.columns.contains(&column),
            Self::Table { fields, .. } => {
                // Paths say something beside the features, bytes do not.
                kept == &DataType::LargeBinary && fields.iter().any(|field| field.is_image() && field.column == *name)
            }
        }
    }
}

/// The table of samples: ids, and the columns at `others` as they are.
fn samples_schema(table: &str, source: &Schema, ids: &SampleIds, others: &[usize]) -> Result<SchemaRef> {
    let mut fields: Vec<FieldRef> = vec![ArrowField::new(ID, DataType::UInt64, false).into()];
    let mut metadata = SAMPLES.metadata();
    if ids.are_text() {
        fields.push(ArrowField::new(SOURCE_ID, DataType::Utf8, false).into());
        metadata.insert(TEXT_IDS.to_owned(), SOURCE_ID.to_owned());
    }
    for field in others.iter().map(|&at| &source.fields()[at]) {
        if fields.iter().any(|taken| taken.name() == field.name()) {
            let hint = "Rename or drop one of the two columns, in a query with `sql(..)` for example.";
            let expected = "a name that the table of samples does not give to the ids";
            return Err(SchemaError::column(table, field.name(), expected, "a second column", hint).into());
        }
        fields.push(field.clone());
    }
    Ok(Schema::new_with_metadata(fields, metadata).into())
}
