//! Embeddings of all samples, streamed to Parquet beside the samples' own columns.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use arrow::array::{ArrayRef, FixedSizeListArray, Float32Array, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{Field, Schema, SchemaRef};
use relata_data::sample_batch::{SampleBatch, SampleContent};
use relata_data::sink::{AtomicFile, ParquetSink};
use relata_data::source::Samples;
use relata_data::{DataError, ParquetFile};
use relata_schemas::embeddings::{self, EMBEDDINGS, embedding_field};

use super::error::{Result, StoreError};

/// From samples `[rows, features]` to vectors `[rows, width]`, row-major.
pub(crate) type Embed<'a> = &'a mut dyn FnMut(SampleBatch, usize) -> Vec<f32>;

/// Writes `id`, `embedding` and the samples' other columns, block by block: memory does not grow with the rows.
pub(crate) fn write_embeddings(
    samples: &Samples,
    file: AtomicFile,
    (width, content): (usize, SampleContent),
    embed: Embed<'_>,
    on_rows: &mut dyn FnMut(u64),
) -> Result<u64> {
    let mut columns = SampleColumns::open(&samples.samples_path)?;
    let schema = schema(&columns.schema, width);
    let mut sink = ParquetSink::into_file(file, schema.clone())?;
    let features = samples.features.shape().len();
    // Encoding and compressing take a thread of their own beside the model; two batches at most wait for it.
    std::thread::scope(|scope| {
        let (to_writer, batches) = sync_channel::<RecordBatch>(2);
        let writer = scope.spawn(move || -> Result<u64> {
            for batch in batches {
                embeddings::validate(&batch, sink.rows()).map_err(DataError::from)?;
                sink.write(&batch)?;
            }
            Ok(sink.finish()?)
        });
        let mut made = || -> Result<()> {
            let mut rows_made = 0;
            for block in samples.features.scan(content)? {
                let block = block?;
                let rows = block.values.len() / features;
                let batch = batch(&schema, columns.take(rows)?, embed(block, rows), width)?;
                if to_writer.send(batch).is_err() {
                    // The writer has failed; what it says comes back below.
                    break;
                }
                rows_made += rows as u64;
                on_rows(rows_made);
            }
            Ok(())
        };
        let made = made();
        drop(to_writer);
        let written = writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        match (made, written) {
            (Ok(()), written) => written,
            (Err(error), _) => Err(error),
        }
    })
}

/// The samples' columns with the vectors as the second.
fn batch(schema: &SchemaRef, beside: RecordBatch, vectors: Vec<f32>, width: usize) -> Result<RecordBatch> {
    let item = Field::new("item", arrow::datatypes::DataType::Float32, false);
    let vectors = Arc::new(Float32Array::from(vectors));
    let list = FixedSizeListArray::try_new(item.into(), width as i32, vectors, None).map_err(DataError::from)?;
    let mut arrays: Vec<ArrayRef> = beside.columns().to_vec();
    arrays.insert(1, Arc::new(list));
    Ok(RecordBatch::try_new(schema.clone(), arrays).map_err(DataError::from)?)
}

fn schema(samples: &Schema, width: usize) -> SchemaRef {
    let mut fields: Vec<_> = samples.fields().iter().filter(|f| f.name() != embeddings::EMBEDDING).cloned().collect();
    fields.insert(1, Arc::new(embedding_field(width)));
    Schema::new_with_metadata(fields, EMBEDDINGS.metadata()).into()
}

/// Rows of the samples' columns that are read at once.
const ROWS: usize = 8192;

/// The samples' columns, read in pieces of any size; a column called `embedding` gives way to ours.
struct SampleColumns {
    schema: SchemaRef,
    path: std::path::PathBuf,
    reader: Box<dyn Iterator<Item = std::result::Result<RecordBatch, DataError>> + Send>,
    pending: RecordBatch,
}

impl SampleColumns {
    fn open(path: &Path) -> Result<Self> {
        let file = ParquetFile::open(path)?;
        let kept: Vec<usize> = file
            .schema()
            .fields()
            .iter()
            .enumerate()
            .filter(|(_, field)| field.name() != embeddings::EMBEDDING)
            .map(|(at, _)| at)
            .collect();
        let schema = Arc::new(file.schema().project(&kept).map_err(DataError::from)?);
        let reader = Box::new(file.batches(kept, ROWS)?);
        let pending = RecordBatch::new_empty(schema.clone());
        Ok(Self { schema, path: path.to_path_buf(), reader, pending })
    }

    fn take(&mut self, rows: usize) -> Result<RecordBatch> {
        while self.pending.num_rows() < rows {
            let Some(batch) = self.reader.next() else {
                let found = "fewer rows than the feature store";
                return Err(StoreError::corrupt(&self.path, found));
            };
            let batch = batch?.with_schema(self.schema.clone()).map_err(DataError::from)?;
            self.pending = concat_batches(&self.schema, [&self.pending, &batch]).map_err(DataError::from)?;
        }
        let taken = self.pending.slice(0, rows);
        self.pending = self.pending.slice(rows, self.pending.num_rows() - rows);
        Ok(taken)
    }
}
