//! IDX source: images and labels in the format of MNIST.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, FixedSizeListArray, Int64Array, RecordBatch, StringArray, UInt8Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::prelude::DataFrame;
use relata_registry::{Description, Settings};
use relata_schemas::samples::{LABEL, SPLIT};
use relata_schemas::{Element, FeatureShape};
use serde::{Deserialize, Serialize};

use super::block_table::{BlockReader, block_table};
use super::dataset::Dataset;
use super::idx_file::{IdxFile, unreadable};
use super::source_trait::Source;
use crate::{DataError, Result, Session};

/// Rows per block.
const BLOCK: usize = 1024;

/// Images in an IDX file, plain or gzipped: column `image`, a tensor of 1 x height x width bytes.
///
/// ```
/// use relata_data::source::{Dataset, idx};
///
/// let dataset = Dataset::from(idx("train-images.gz").labels("train-labels.gz")).limit(1000);
/// assert_eq!(dataset.name(), "train-images.gz");
/// ```
pub fn idx(images: impl Into<PathBuf>) -> Idx {
    Idx { files: vec![Part { split: None, images: images.into(), labels: None }] }
}

/// Several pairs of files, each `(split, images, labels)`, one after the other, with the split in column `split`.
///
/// ```
/// use relata_data::source::idx_splits;
///
/// let dataset = idx_splits([
///     ("train", "train-images.gz", "train-labels.gz"),
///     ("test", "t10k-images.gz", "t10k-labels.gz"),
/// ]);
/// assert_eq!(dataset.name(), "idx");
/// ```
pub fn idx_splits<S, P>(splits: impl IntoIterator<Item = (S, P, P)>) -> Dataset
where
    S: Into<String>,
    P: Into<PathBuf>,
{
    let part = |(split, images, labels): (S, P, P)| Part {
        split: Some(split.into()),
        images: images.into(),
        labels: Some(labels.into()),
    };
    Dataset::new(Idx { files: splits.into_iter().map(part).collect() })
}

/// IDX files as a source; see [`idx`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Idx {
    files: Vec<Part>,
}

impl Settings for Idx {
    const NAME: &'static str = "idx";
    const SUMMARY: &'static str = "images and labels in IDX files, the format of MNIST";
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    split: Option<String>,
    images: PathBuf,
    labels: Option<PathBuf>,
}

impl Idx {
    /// The IDX file with one label (0 to 255) per image: column `label`, Int64.
    ///
    /// ```
    /// use relata_data::source::{Source, idx};
    ///
    /// let source = idx("train-images.gz").labels("train-labels.gz");
    /// assert_eq!(source.describe()["files"][0]["labels"], "train-labels.gz");
    /// ```
    pub fn labels(mut self, path: impl Into<PathBuf>) -> Self {
        if let Some(part) = self.files.first_mut() {
            part.labels = Some(path.into());
        }
        self
    }
}

#[async_trait]
impl Source for Idx {
    fn describe(&self) -> Description {
        Description::of(self)
    }

    fn name(&self) -> String {
        match &self.files[..] {
            [only] => only.images.display().to_string(),
            _ => Self::NAME.to_owned(),
        }
    }

    fn files(&self) -> Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for part in &self.files {
            IdxFile::open(&part.images, 2)?;
            files.push(part.images.clone());
            if let Some(labels) = &part.labels {
                IdxFile::open(labels, 0)?;
                files.push(labels.clone());
            }
        }
        Ok(files)
    }

    async fn table(&self, session: &Session) -> Result<DataFrame> {
        let mut first: Option<(&Part, Vec<usize>)> = None;
        for part in &self.files {
            let images = IdxFile::open(&part.images, 2)?;
            if let Some(labels) = &part.labels {
                let found = IdxFile::open(labels, 0)?.items;
                if found != images.items {
                    let expected = format!("{} labels, one per image of `{}`", images.items, part.images.display());
                    return Err(unreadable(labels, &expected, found.to_string()));
                }
            }
            match &first {
                Some((start, dims)) if *dims != images.dims => {
                    let expected = format!("images of {dims:?} pixels as in `{}`", start.images.display());
                    return Err(unreadable(&part.images, &expected, format!("{:?}", images.dims)));
                }
                Some(_) => {}
                None => first = Some((part, images.dims)),
            }
        }
        let Some((part, dims)) = first else {
            return Err(DataError::setting("idx", "files", "at least one", 0));
        };
        let mut fields = vec![FeatureShape::image(1, dims[0], dims[1], Element::U8).field("image")];
        fields.extend(part.labels.is_some().then(|| Field::new(LABEL, DataType::Int64, false)));
        fields.extend(part.split.is_some().then(|| Field::new(SPLIT, DataType::Utf8, false)));
        block_table(session, IdxBlocks { schema: Arc::new(Schema::new(fields)), parts: self.files.clone() })
    }
}

#[derive(Debug)]
struct IdxBlocks {
    schema: SchemaRef,
    parts: Vec<Part>,
}

impl BlockReader for IdxBlocks {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn read(&self, emit: &mut dyn FnMut(RecordBatch) -> bool) -> Result<()> {
        for part in &self.parts {
            let mut images = IdxFile::open(&part.images, 2)?;
            let mut labels = part.labels.as_ref().map(|path| IdxFile::open(path, 0)).transpose()?;
            loop {
                let pixels = images.read(BLOCK)?;
                let rows = pixels.len() / images.item_len();
                if rows == 0 {
                    break;
                }
                let item = Field::new("item", DataType::UInt8, false);
                let values = Arc::new(UInt8Array::from(pixels));
                let list = FixedSizeListArray::try_new(item.into(), images.item_len() as i32, values, None)?;
                let mut columns: Vec<ArrayRef> = vec![Arc::new(list)];
                if let Some(labels) = &mut labels {
                    columns
                        .push(Arc::new(Int64Array::from_iter_values(labels.read(BLOCK)?.into_iter().map(i64::from))));
                }
                if let Some(split) = &part.split {
                    columns.push(Arc::new(StringArray::from_iter_values(std::iter::repeat_n(split, rows))));
                }
                if !emit(RecordBatch::try_new(self.schema.clone(), columns)?) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::path::Path;

    use arrow::array::AsArray;
    use arrow::compute::concat_batches;
    use arrow::datatypes::{Int64Type, UInt8Type};
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use crate::source::session;

    use super::*;

    fn idx_bytes(dims: &[usize], data: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0, 0, 8, dims.len() as u8];
        for &dim in dims {
            bytes.extend((dim as u32).to_be_bytes());
        }
        bytes.extend(data);
        bytes
    }

    fn gzip(path: &Path, bytes: &[u8]) {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        std::fs::write(path, encoder.finish().unwrap()).unwrap();
    }

    async fn read(dataset: impl Into<Dataset>) -> Result<RecordBatch> {
        let table = dataset.into().table(&session()).await?;
        let schema = Arc::new(table.schema().as_arrow().clone());
        let batches = table.collect().await.map_err(|e| crate::source::read_error("idx", e))?;
        Ok(concat_batches(&schema, &batches)?)
    }

    #[tokio::test]
    async fn plain_and_gzipped_pairs_join() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let pixels: Vec<u8> = (0..1500 * 6).map(|v| (v % 251) as u8).collect();
        let labels: Vec<u8> = (0..1500).map(|v| (v % 10) as u8).collect();
        gzip(&at("train-images.gz"), &idx_bytes(&[1500, 2, 3], &pixels));
        gzip(&at("train-labels.gz"), &idx_bytes(&[1500], &labels));
        std::fs::write(at("t10k-images"), idx_bytes(&[2, 2, 3], &pixels[..12])).unwrap();
        std::fs::write(at("t10k-labels"), idx_bytes(&[2], &[7, 8])).unwrap();

        let splits =
            [("train", at("train-images.gz"), at("train-labels.gz")), ("test", at("t10k-images"), at("t10k-labels"))];
        let rows = read(idx_splits(splits)).await.unwrap();
        assert_eq!(rows.num_rows(), 1502);
        let shape = FeatureShape::of_field("idx", rows.schema().field(0)).unwrap();
        assert_eq!(shape, FeatureShape::image(1, 2, 3, Element::U8));
        let values = rows["image"].as_fixed_size_list().values().as_primitive::<UInt8Type>().values().to_vec();
        assert_eq!((&values[..9000], &values[9000..]), (&pixels[..], &pixels[..12]));
        let read_labels = rows["label"].as_primitive::<Int64Type>();
        assert_eq!((read_labels.value(1499), read_labels.value(1501)), (9, 8));
        let split = rows["split"].as_string::<i32>();
        assert_eq!((split.value(1499), split.value(1500)), ("train", "test"));

        let pair = read(Dataset::from(idx(at("t10k-images")).labels(at("t10k-labels"))).limit(1)).await.unwrap();
        assert_eq!((pair.num_rows(), pair.num_columns()), (1, 2));
    }

    #[tokio::test]
    async fn truncated_gzip_and_mismatched_labels_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let noise: Vec<u8> = (0..400_u32).map(|v| (v.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        gzip(&at("images"), &idx_bytes(&[100, 2, 2], &noise));
        std::fs::write(at("labels"), idx_bytes(&[99], &noise[..99])).unwrap();
        let error = read(idx(at("images")).labels(at("labels"))).await.unwrap_err().to_string();
        assert!(
            error.contains("labels` could not be read: expected 100 labels") && error.contains("found 99"),
            "{error}"
        );

        let whole = std::fs::read(at("images")).unwrap();
        std::fs::write(at("images"), &whole[..whole.len() / 2]).unwrap();
        let error = read(idx(at("images"))).await.unwrap_err();
        assert!(matches!(&error, DataError::Unreadable { path, .. } if *path == at("images")), "{error}");
        let mut flipped = whole.clone();
        let crc = flipped.len() - 6;
        flipped[crc] ^= 1;
        std::fs::write(at("images"), flipped).unwrap();
        assert!(read(idx(at("images"))).await.unwrap_err().to_string().contains("broken end"));
        assert!(matches!(read(idx(at("none"))).await, Err(DataError::Missing { .. })));
    }
}
