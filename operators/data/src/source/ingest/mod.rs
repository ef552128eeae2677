//! Ingestion: a dataset is streamed once into a feature store and a table of its other columns.

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, Field as ArrowField, FieldRef, Schema, SchemaRef};
use datafusion::error::Result as DataFusionResult;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::prelude::DataFrame;
use futures::StreamExt;
use futures::future::BoxFuture;
use relata_schemas::SchemaError;
use relata_schemas::samples::{ID, SAMPLES, SOURCE_ID};

use super::dataset::Dataset;
use super::read_error::read_error;
use super::sample_ids::SampleIds;
use super::samples::Samples;
use super::samples::TEXT_IDS;
use super::session::in_file_order;
use crate::feature_columns::{FeatureColumns, has_list, position};
use crate::feature_store::{FeatureStore, FeatureWriter};
use crate::fields::{Field, FieldChoice, FittedFields, RecordStore, RecordWriter, asked_fields, choose_fields};
use crate::sink::ParquetSink;
use crate::{DataError, Result, Session};

/// The feature bytes that one batch may have, about.
const BATCH_BYTES: usize = 64 << 20;
const BATCH_ROWS: usize = 8192;

/// Reads a dataset once and writes it into `folder`: [`OpenDataset::open`], then [`OpenDataset::write`].
pub async fn ingest(
    dataset: &Dataset,
    session: &Session,
    folder: &Path,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Samples> {
    OpenDataset::open(dataset, session).await?.write(folder, progress).await
}

/// A dataset whose files are found and whose columns are known, while no row of it is read yet.
///
/// ```
/// use relata_data::source::{Dataset, OpenDataset, csv, session};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let folder = tempfile::tempdir().expect("a folder");
/// let path = folder.path().join("t.csv");
/// std::fs::write(&path, "id,x,y,label\n7,1,2,0\n3,3,4,1\n").expect("room for a file");
/// let dataset = Dataset::from(csv(&path));
/// let open = OpenDataset::open(&dataset, &session()).await?;
/// assert_eq!(open.columns().collect::<Vec<_>>(), ["id", "x", "y", "label"]);
/// let samples = open.write(folder.path(), &mut |_| {}).await?;
/// let columns = ["id", "x", "y", "label"].map(str::to_owned);
/// assert_eq!((&samples.columns[..], samples.features.rows()), (&columns[..], 2));
/// # Ok::<_, relata_data::DataError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct OpenDataset<'a> {
    dataset: &'a Dataset,
    schema: SchemaRef,
    /// Columns that are read elsewhere, each with the reason why it is no feature.
    used: Vec<(String, String)>,
    fitted: Option<FittedFields>,
    /// Starts to read.
    start: BoxFuture<'static, DataFusionResult<Vec<SendableRecordBatchStream>>>,
}

impl fmt::Debug for OpenDataset<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenDataset({:?})", self.dataset)
    }
}

impl<'a> OpenDataset<'a> {
    /// Plans how to read a dataset, rows in the order of the source.
    pub async fn open(dataset: &'a Dataset, session: &Session) -> Result<Self> {
        let frame = dataset.source().table(&in_file_order(session)).await?;
        let schema: SchemaRef = Arc::new(frame.schema().as_arrow().clone());
        let (mut state, plan) = frame.into_parts();
        *state.config_mut() = state.config().clone().with_batch_size(batch_rows(&schema));
        let start = crate::query::stream_partitions(DataFrame::new(state, plan));
        Ok(Self { dataset, schema, used: vec![], fitted: None, start })
    }

    /// The columns of the source.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.schema.fields().iter().map(|field| field.name().as_str())
    }

    /// Leaves columns out where the features are found by their types: those that an oracle or an evaluation reads, each
    /// with a reason.
    pub fn leaving_out(mut self, used: Vec<(String, String)>) -> Self {
        self.used = used;
        self
    }

    /// Reads the same fields as those of a model, whose statistics are taken; columns are found by their names.
    pub fn fitted(mut self, fitted: FittedFields) -> Self {
        self.fitted = Some(fitted);
        self
    }

    /// Which columns become features and how; none if the features are one column of vectors or images, or columns of
    /// numbers that were asked for as they are.
    pub fn choice(&self) -> Result<Option<FieldChoice>> {
        let (table, schema) = (self.dataset.name(), &self.schema);
        if let Some(fitted) = &self.fitted {
            return asked_fields(&table, schema, &fitted.specs()).map(Some);
        }
        self.check_asked()?;
        if !self.dataset.asked_fields().is_empty() {
            return asked_fields(&table, schema, self.dataset.asked_fields()).map(Some);
        }
        if !self.dataset.asked_features().is_empty() || has_list(schema) {
            return Ok(None);
        }
        let ids = SampleIds::choose(&table, schema, self.dataset.asked_id())?;
        let mut used = self.used.clone();
        for column in self.dataset.unwanted() {
            position(&table, schema, column)?;
            used.push((column.clone(), "not wanted".to_owned()));
        }
        choose_fields(&table, schema, ids.column, &used).map(Some)
    }

    /// Refuses to leave columns out where all features are named, and features that are named twice.
    fn check_asked(&self) -> Result<()> {
        let (fields, features) = (self.dataset.asked_fields(), self.dataset.asked_features());
        let refuse = |setting: &str, expected: &str, found: String| -> Result<()> {
            Err(DataError::setting(self.dataset.name(), setting, expected, found))
        };
        if !fields.is_empty() && !features.is_empty() {
            let found = format!("{} beside {} fields", features.join(", "), fields.len());
            return refuse("features", "fields, or columns that are taken as they are, not both", found);
        }
        let named = !fields.is_empty() || !features.is_empty() || has_list(&self.schema);
        match (named, self.dataset.unwanted()) {
            (true, [_, ..]) => {
                let expected = "for features that are found by their types, not for named ones or a column of vectors";
                refuse("without", expected, self.dataset.unwanted().join(", "))
            }
            _ => Ok(()),
        }
    }

    /// Reads all rows, or as many as the dataset's limit allows, and writes `features.arrow` and `samples.parquet` into
    /// `folder`; `progress` is told the rows read so far. Memory holds a few batches and the ids.
    ///
    /// The table of samples has `id` first, then `source_id` if the ids are text (they are numbered from 0 in order of
    /// appearance), then every other column that is not a feature, as it is. Which columns are the features and the id is
    /// told at [`Dataset`]. Vectors become 32-bit floats, but bytes in tensors and lists stay bytes; of a table, raw values
    /// are kept, all columns stay in the table of samples, and `fields.json` has the statistics of all rows. Refused, with
    /// file, column and row: nulls, NaN and infinite numbers in vectors, vectors of several lengths, values that are not
    /// what their field asks for, ids that are negative, missing or come twice; and a dataset without rows. Nothing
    /// appears in the folder unless all went well.
    pub async fn write(self, folder: &Path, progress: &mut (dyn FnMut(u64) + Send)) -> Result<Samples> {
        let choice = self.choice()?;
        let Self { dataset, schema, start, fitted, .. } = self;
        let table = dataset.name();
        let limit = dataset.asked_limit().map_or(u64::MAX, |limit| limit as u64);
        let parts = start.await.map_err(|error| read_error(&table, error))?;
        let mut batches = futures::stream::iter(parts).flatten();

        let mut writer: Option<Writer> = None;
        let mut rows = 0;
        while rows < limit
            && let Some(batch) = batches.next().await
        {
            let batch = batch.map_err(|error| read_error(&table, error))?;
            let batch = batch.slice(0, batch.num_rows().min((limit - rows) as usize));
            if batch.num_rows() == 0 {
                continue;
            }
            let writer = match &mut writer {
                Some(writer) => writer,
                None => writer.insert(Writer::create(&table, dataset, &schema, choice.as_ref(), folder)?),
            };
            writer.write(&batch, rows)?;
            rows += batch.num_rows() as u64;
            progress(rows);
        }
        match writer {
            Some(writer) => writer.finish(folder, fitted),
            None => {
                let hint = "Check the file, the query or the limit.".to_owned();
                Err(DataError::Empty { what: format!("the dataset `{table}`"), hint })
            }
        }
    }
}

struct Writer {
    ids: SampleIds,
    features: Features,
    /// Positions of the columns that the table of samples has beside the ids.
    others: Vec<usize>,
    schema: SchemaRef,
    samples: ParquetSink,
}

enum Features {
    /// Vectors, images, or columns of numbers as they are.
    Numbers { columns: FeatureColumns, path: PathBuf, writer: Option<FeatureWriter> },
    /// The raw values of fields.
    Table { fields: Vec<Field>, writer: RecordWriter },
}

impl Writer {
    fn create(
        table: &str,
        dataset: &Dataset,
        source: &Schema,
        choice: Option<&FieldChoice>,
        folder: &Path,
    ) -> Result<Self> {
        let ids = SampleIds::choose(table, source, dataset.asked_id())?;
        let path = Samples::features_path(folder);
        let features = match choice {
            Some(FieldChoice { fields, .. }) => {
                Features::Table { writer: RecordWriter::create(&path, table, source, fields)?, fields: fields.clone() }
            }
            None => {
                let columns = FeatureColumns::choose(table, source, dataset.asked_features(), ids.column)?;
                Features::Numbers { columns, path, writer: None }
            }
        };
        let others: Vec<usize> =
            (0..source.fields().len()).filter(|at| Some(*at) != ids.column && !features.take(*at)).collect();
        let schema = samples_schema(table, source, &ids, &others)?;
        let samples = ParquetSink::create(&Samples::samples_path(folder), schema.clone())?;
        Ok(Self { ids, features, others, schema, samples })
    }

    fn write(&mut self, batch: &RecordBatch, first_row: u64) -> Result<()> {
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

    fn finish(self, folder: &Path, fitted: Option<FittedFields>) -> Result<Samples> {
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
                let records = RecordStore::open(&path, &fields)?;
                let fitted = fitted.unwrap_or_else(|| FittedFields::fit(&fields, &records, None));
                fitted.write(&Samples::fields_path(folder))?;
                FeatureStore::of_table(&path, records, fitted)
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
    fn take(&self, column: usize) -> bool {
        match self {
            Self::Numbers { columns, .. } => columns.columns.contains(&column),
            Self::Table { .. } => false,
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

/// Fewer rows per batch where a row is large.
fn batch_rows(schema: &Schema) -> usize {
    let width = |field: &FieldRef| match field.data_type() {
        DataType::FixedSizeList(item, len) => *len as usize * item.data_type().primitive_width().unwrap_or(8),
        _ => 8,
    };
    let row: usize = schema.fields().iter().map(width).sum();
    (BATCH_BYTES / row.max(1)).clamp(16, BATCH_ROWS)
}
