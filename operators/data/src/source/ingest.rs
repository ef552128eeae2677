//! Ingestion: a dataset is streamed once into a feature store and a table of its other columns.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::error::Result as DataFusionResult;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::prelude::DataFrame;
use futures::StreamExt;
use futures::future::BoxFuture;
use relata_schemas::SchemaError;
use relata_schemas::samples::{ID, SAMPLES, SOURCE_ID};

use super::dataset::Dataset;
use super::feature_columns::FeatureColumns;
use super::read_error::read_error;
use super::sample_ids::SampleIds;
use super::samples::Samples;
use super::samples::TEXT_IDS;
use super::session::in_file_order;
use crate::feature_store::{FeatureStore, FeatureWriter};
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
/// assert_eq!((samples.columns, samples.features.rows()), (vec!["id".to_owned(), "label".to_owned()], 2));
/// # Ok::<_, relata_data::DataError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct OpenDataset<'a> {
    dataset: &'a Dataset,
    schema: SchemaRef,
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
        Ok(Self { dataset, schema, start })
    }

    /// The columns of the source.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.schema.fields().iter().map(|field| field.name().as_str())
    }

    /// Reads all rows, or as many as the dataset's limit allows, and writes `features.arrow` and `samples.parquet` into
    /// `folder`; `progress` is told the rows read so far. Memory holds a few batches and the ids.
    ///
    /// The table of samples has `id` first, then `source_id` if the ids are text (they are numbered from 0 in order of
    /// appearance), then every other column that is not a feature, as it is. Which columns are the features and the id is
    /// told at [`Dataset`]. Features become 32-bit floats, but bytes in tensors and lists stay bytes. Refused, with file,
    /// column and row: nulls, NaN and infinite numbers in features, vectors of several lengths, ids that are negative,
    /// missing or come twice; and a dataset without rows. Nothing appears in the folder unless all went well.
    pub async fn write(self, folder: &Path, progress: &mut (dyn FnMut(u64) + Send)) -> Result<Samples> {
        let Self { dataset, schema, start } = self;
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
                None => writer.insert(Writer::create(&table, dataset, &schema, folder)?),
            };
            writer.write(&batch, rows)?;
            rows += batch.num_rows() as u64;
            progress(rows);
        }
        match writer {
            Some(writer) => writer.finish(folder),
            None => {
                let hint = "Check the file, the query or the limit.".to_owned();
                Err(DataError::Empty { what: format!("the dataset `{table}`"), hint })
            }
        }
    }
}

struct Writer {
    ids: SampleIds,
    columns: FeatureColumns,
    /// Positions of the columns that are neither features nor the id.
    others: Vec<usize>,
    schema: SchemaRef,
    features: Option<FeatureWriter>,
    features_path: PathBuf,
    samples: ParquetSink,
}

impl Writer {
    fn create(table: &str, dataset: &Dataset, source: &Schema, folder: &Path) -> Result<Self> {
        let ids = SampleIds::choose(table, source, dataset.asked_id())?;
        let columns = FeatureColumns::choose(table, source, dataset.asked_features(), ids.column)?;
        let others: Vec<usize> =
            (0..source.fields().len()).filter(|at| Some(*at) != ids.column && !columns.columns.contains(at)).collect();
        let mut fields: Vec<FieldRef> = vec![Field::new(ID, DataType::UInt64, false).into()];
        let mut metadata = SAMPLES.metadata();
        if ids.are_text() {
            fields.push(Field::new(SOURCE_ID, DataType::Utf8, false).into());
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
        let schema: SchemaRef = Schema::new_with_metadata(fields, metadata).into();
        let samples = ParquetSink::create(&Samples::samples_path(folder), schema.clone())?;
        let features_path = Samples::features_path(folder);
        Ok(Self { ids, columns, others, schema, features: None, features_path, samples })
    }

    fn write(&mut self, batch: &RecordBatch, first_row: u64) -> Result<()> {
        let (ids, texts) = self.ids.convert(batch, first_row)?;
        let (shape, features) = self.columns.convert(batch, first_row)?;
        match &mut self.features {
            Some(writer) => writer.append(&features)?,
            None => self.features.insert(FeatureWriter::create(&self.features_path, shape)?).append(&features)?,
        }
        let others = self.others.iter().map(|&at| batch.column(at).clone());
        let columns: Vec<ArrayRef> = std::iter::once(ids).chain(texts).chain(others).collect();
        self.samples.write(&RecordBatch::try_new(self.schema.clone(), columns)?)
    }

    fn finish(self, folder: &Path) -> Result<Samples> {
        let text_ids = self.ids.are_text();
        let ids = self.ids.finish()?;
        if let Some(features) = self.features {
            features.finish()?;
        }
        self.samples.finish()?;
        Ok(Samples {
            ids,
            features: FeatureStore::open(&self.features_path)?,
            samples_path: Samples::samples_path(folder),
            columns: self.schema.fields().iter().map(|field| field.name().clone()).collect(),
            text_ids,
        })
    }
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

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use arrow::datatypes::Int64Type;

    use crate::index::{Row, SampleId};
    use crate::source::{IdLookup, csv, image_folder, json_lines, parquet, session, sql, tsv};

    use super::*;

    async fn read(dataset: impl Into<Dataset>, folder: &Path) -> Result<Samples> {
        ingest(&dataset.into(), &session(), folder, &mut |_| {}).await
    }

    fn row(samples: &Samples, row: u32) -> Vec<f32> {
        let mut out = vec![0.0; samples.features.shape().len()];
        samples.features.read(Row(row), &mut out);
        out
    }

    async fn refused(text: &str, dataset: impl Fn(Dataset) -> Dataset) -> DataError {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("t.csv"), text).unwrap();
        let run = folder.path().join("run");
        let error = read(dataset(csv(folder.path().join("t.csv"))), &run).await.err().unwrap();
        assert!(!run.exists() || std::fs::read_dir(&run).unwrap().count() == 0, "{error}");
        error
    }

    #[tokio::test]
    async fn the_digits_keep_their_tensor_shape() {
        let folder = tempfile::tempdir().unwrap();
        let digits = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/digits.parquet");
        let mut seen = Vec::new();
        let samples = ingest(&parquet(digits), &session(), folder.path(), &mut |rows| seen.push(rows)).await.unwrap();
        assert_eq!(samples.features.shape().as_image(), Some((1, 8, 8)));
        assert_eq!(samples.columns, ["id", "label", "split"]);
        assert_eq!(seen.last(), Some(&(samples.features.rows() as u64)));
        let again = Samples::open(folder.path()).unwrap();
        assert_eq!((again.ids.rows(), &again.columns, again.text_ids), (samples.ids.rows(), &samples.columns, false));
    }

    #[tokio::test]
    async fn text_ids_are_numbered_and_other_columns_pass_through() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.tsv");
        std::fs::write(&path, "x\tid\tlabel\ty\tnote\n1\tb\t4\t2.5\tn1\n3\ta\t5\t4\t\n").unwrap();
        let run = folder.path().join("run");
        let samples = read(tsv(&path), &run).await.unwrap();
        assert_eq!(samples.columns, ["id", "source_id", "label", "note"]);
        assert_eq!([row(&samples, 0), row(&samples, 1)], [[1.0, 2.5], [3.0, 4.0]]);
        let lookup = IdLookup::new(&Samples::open(&run).unwrap()).unwrap();
        assert!(lookup.is_text());
        assert_eq!(
            [lookup.text("b"), lookup.text("a"), lookup.text("0")],
            [Some(SampleId(0)), Some(SampleId(1)), None]
        );
        let table = parquet(&samples.samples_path).table(&session()).await.unwrap().collect().await.unwrap();
        assert_eq!(table[0]["label"].as_primitive::<Int64Type>().values(), &[4, 5]);
    }

    #[tokio::test]
    async fn queries_limits_and_folders_keep_the_order_of_rows() {
        let folder = tempfile::tempdir().unwrap();
        for (part, rows) in [("2", "1,20\n5,30\n"), ("1", "9,10\n"), ("3", "7,40\n")] {
            std::fs::write(folder.path().join(format!("{part}.csv")), format!("key,x\n{rows}")).unwrap();
        }
        let run = tempfile::tempdir().unwrap();
        let samples = read(csv(folder.path()).id("key").limit(3), run.path()).await.unwrap();
        assert_eq!([0, 1, 2].map(|row| samples.ids.id(Row(row)).0), [9, 1, 5]);
        assert_eq!((samples.features.rows(), row(&samples, 2)), (3, vec![30.0]));
        let query = "SELECT key AS id, [x, x + 1] AS v FROM t UNION ALL SELECT 100, [0, 0]";
        let samples = read(sql(query).table("t", csv(folder.path())), run.path()).await.unwrap();
        assert_eq!([0, 3, 4].map(|row| samples.ids.id(Row(row)).0), [9, 7, 100]);
        assert_eq!(row(&samples, 1), [20.0, 21.0]);
    }

    #[tokio::test]
    async fn json_lists_and_images_are_features() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.jsonl");
        std::fs::write(&path, "{\"v\": [1, 2], \"n\": 5}\n{\"v\": [3, 4.5], \"n\": 6}\n").unwrap();
        let run = folder.path().join("run");
        let samples = read(json_lines(&path), &run).await.unwrap();
        assert_eq!(
            (samples.columns.clone(), row(&samples, 1)),
            (vec!["id".to_owned(), "n".to_owned()], vec![3.0, 4.5])
        );
        std::fs::create_dir_all(folder.path().join("images/a")).unwrap();
        image::RgbImage::from_pixel(2, 1, image::Rgb([255, 0, 51])).save(folder.path().join("images/a/1.png")).unwrap();
        let samples = read(image_folder(folder.path().join("images")), &run).await.unwrap();
        let expected = [1.0, 1.0, 0.0, 0.0, 0.2, 0.2];
        assert!(row(&samples, 0).iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6));
        assert_eq!(samples.columns, ["id", "label", "path"]);
    }

    #[tokio::test]
    async fn a_refused_dataset_leaves_nothing_behind() {
        let error = refused("id,x\n0,1\n1,\n", |d| d).await.to_string();
        assert!(error.contains("t.csv") && error.contains("column `x`, row 1") && error.contains("null"), "{error}");
        let error = refused("id,x\n3,1\n3,2\n", |d| d).await;
        assert!(matches!(error, DataError::DuplicateId { first: 0, second: 1, .. }), "{error}");
        assert!(refused("id,x\n0,1\n1,NaN\n", |d| d).await.to_string().contains("null"));
        assert!(matches!(refused("id,x\n", |d| d).await, DataError::Empty { .. }));
        assert!(matches!(refused("id,x\n1,2\n", |d| d.limit(0)).await, DataError::Empty { .. }));
        assert!(refused("a,x\n1,2\n", |d| d.id("b")).await.to_string().contains("only the columns a, x"));
        assert!(refused("a,id,x\n1,2,3\n", |d| d.id("a").features("x")).await.to_string().contains("column `id`"));
        assert!(matches!(Samples::open(Path::new("no/such/run")), Err(DataError::Missing { .. })));
    }
}
