//! Train-test split of an embeddings table: any Parquet file with a column of float lists of one length.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, UInt64Type};
use relata_data::index::SampleId;
use relata_data::{DataError, ParquetFile};
use relata_schemas::embeddings::{EMBEDDING, ID};

use super::classes::{Classes, MAX_CLASSES};
use super::error::{EvaluateError, Result};
use super::vectors::{Vectors, VectorsBuilder};
use relata_data::embeddings::VectorColumn;

/// Rows per record batch while reading.
const BATCH: usize = 1024;
/// Split values listed in an error.
const LISTED: usize = 10;

/// Labelled vectors to learn from and to measure on.
#[derive(Debug)]
pub struct Split {
    /// The rows to learn from; at least one.
    pub train: Vectors,
    /// The rows to measure on; at least one.
    pub test: Vectors,
    /// What the class numbers of both stand for.
    pub classes: Classes,
}

/// Reads a [`Split`] from a Parquet file; see [`split_reader`].
#[derive(Debug, Clone)]
pub struct SplitReader {
    embedding: String,
    label: String,
    split: Option<String>,
    training: Option<HashMap<SampleId, String>>,
}

/// Reads vectors from the column `embedding` and classes from the column `label` (text, numbers or booleans; rows
/// without a label are skipped). Every fifth labelled row is a test row unless a split column is named.
///
/// ```no_run
/// use std::path::Path;
/// use relata::evaluate::split_reader;
///
/// let split = split_reader("label").with_split("split").read(Path::new("embeddings.parquet"))?;
/// println!("{} and {} rows", split.train.rows(), split.test.rows());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn split_reader(label: impl Into<String>) -> SplitReader {
    SplitReader { embedding: EMBEDDING.to_owned(), label: label.into(), split: None, training: None }
}

#[derive(Clone, Copy)]
enum Side {
    Train,
    Test,
}

impl Split {
    /// Classes of test rows that no training row has, which a classifier can only get wrong, and how many rows have them.
    pub fn unseen(&self) -> (Vec<String>, u64) {
        let train = |class: usize| self.train.class_counts().get(class).copied().unwrap_or_default();
        let test = self.test.class_counts().iter().copied().enumerate();
        let unseen: Vec<(usize, u64)> = test.filter(|&(class, rows)| rows > 0 && train(class) == 0).collect();
        let names = unseen.iter().map(|&(class, _)| self.classes.name(class as u32)).collect();
        (names, unseen.iter().map(|(_, rows)| rows).sum())
    }
}

impl SplitReader {
    /// Reads the vectors from another column: FixedSizeList or List of Float32 or Float64, all of one length.
    ///
    /// ```no_run
    /// use std::path::Path;
    /// use relata::evaluate::split_reader;
    ///
    /// let split = split_reader("label").with_embedding("vector").read(Path::new("vectors.parquet"))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_embedding(mut self, column: impl Into<String>) -> Self {
        self.embedding = column.into();
        self
    }

    /// Takes the sides from a column with the values `train` and `test`; rows with other values are left out.
    ///
    /// ```no_run
    /// use std::path::Path;
    /// use relata::evaluate::split_reader;
    ///
    /// let split = split_reader("label").with_split("split").read(Path::new("embeddings.parquet"))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_split(mut self, column: impl Into<String>) -> Self {
        self.split = Some(column.into());
        self
    }

    /// Takes as training rows only those of these ids (column `id`), under these labels instead of their own.
    ///
    /// ```no_run
    /// use std::collections::HashMap;
    /// use std::path::Path;
    /// use relata::data::index::SampleId;
    /// use relata::evaluate::split_reader;
    ///
    /// let known = HashMap::from([(SampleId(7), "cat".to_owned()), (SampleId(12), "dog".to_owned())]);
    /// let split = split_reader("label").with_training_labels(known).read(Path::new("embeddings.parquet"))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_training_labels(mut self, labels: HashMap<SampleId, String>) -> Self {
        self.training = Some(labels);
        self
    }

    /// Reads the file twice, once for the labels and once for the vectors, one batch of rows in memory at a time.
    pub fn read(&self, path: &Path) -> Result<Split> {
        let (classes, found) = self.read_classes(path)?;
        let table = path.display().to_string();
        let mut sides: Option<(VectorsBuilder, VectorsBuilder)> = None;
        let (mut width, mut first_row, mut labelled) = (None, 0, HashMap::new());
        for batch in self.batches(path, true)? {
            let batch = batch?;
            let column = batch[self.embedding.as_str()].clone();
            let vectors = VectorColumn::new(&table, &self.embedding, first_row, column)?;
            for (row, class, side) in self.labelled(&batch, &mut labelled)? {
                let vector = vectors.row(row, width)?;
                let (train, test) = match &mut sides {
                    Some(sides) => sides,
                    None => {
                        let builder = || Vectors::builder_beside(vector.len(), path);
                        sides.insert((builder()?, builder()?))
                    }
                };
                width = Some(vector.len());
                // A file that changes between the two passes may show new labels; those rows are left out.
                let Some(class) = classes.number(&class) else { continue };
                match side {
                    Side::Train => train.push(vector, class)?,
                    Side::Test => test.push(vector, class)?,
                }
            }
            first_row += batch.num_rows() as u64;
        }
        let empty = |side| EvaluateError::EmptySide { side, column: self.split.clone(), found: found.clone() };
        let Some((train, test)) = sides else { return Err(empty("train")) };
        let split = Split { train: train.finish()?, test: test.finish()?, classes };
        for (side, vectors) in [("train", &split.train), ("test", &split.test)] {
            if vectors.rows() == 0 {
                return Err(empty(side));
            }
        }
        Ok(split)
    }

    /// The distinct labels of the rows of both sides, and the first few values of the split column.
    fn read_classes(&self, path: &Path) -> Result<(Classes, Vec<String>)> {
        let mut labels = BTreeSet::new();
        let mut found = BTreeSet::new();
        let mut labelled = HashMap::new();
        for batch in self.batches(path, false)? {
            let batch = batch?;
            for (_, label, _) in self.labelled(&batch, &mut labelled)? {
                labels.insert(label);
            }
            if labels.len() > MAX_CLASSES {
                return Err(EvaluateError::TooManyClasses { column: self.label.clone(), limit: MAX_CLASSES });
            }
            if let Some(split) = &self.split {
                let values = text(&batch, split)?;
                found.extend(values.iter().flatten().map(str::to_owned).take(BATCH));
                while found.len() > LISTED {
                    found.pop_last();
                }
            }
        }
        Ok((Classes::new(labels), found.into_iter().collect()))
    }

    /// The rows of a batch that have a label and a side; `labelled` counts them over the whole file.
    fn labelled(&self, batch: &RecordBatch, labelled: &mut HashMap<String, u64>) -> Result<Vec<(usize, String, Side)>> {
        let labels = text(batch, &self.label)?;
        let splits = self.split.as_deref().map(|split| text(batch, split)).transpose()?;
        let ids = || SampleId::slice(batch[ID].as_primitive::<UInt64Type>().values());
        let given = self.training.as_ref().map(|given| (given, ids()));
        let mut rows = Vec::with_capacity(batch.num_rows());
        for (row, label) in labels.iter().enumerate() {
            let Some(label) = label else { continue };
            let side = match &splits {
                Some(splits) if splits.is_null(row) => continue,
                Some(splits) => match splits.value(row) {
                    "train" => Side::Train,
                    "test" => Side::Test,
                    _ => continue,
                },
                None => side_of(label, labelled),
            };
            match (side, given) {
                (Side::Train, Some((given, ids))) => {
                    rows.extend(given.get(&ids[row]).map(|label| (row, label.clone(), side)));
                }
                _ => rows.push((row, label.to_owned(), side)),
            }
        }
        Ok(rows)
    }

    /// The batches of the columns that are needed.
    fn batches(
        &self,
        path: &Path,
        vectors: bool,
    ) -> Result<impl Iterator<Item = relata_data::Result<RecordBatch>> + use<>> {
        let file = ParquetFile::open(path)?;
        let schema = file.schema().clone();
        let mut wanted = vec![];
        let embedding = vectors.then_some(("embedding", self.embedding.as_str()));
        let split = self.split.as_ref().map(|split| ("split", split.as_str()));
        let label = Some(("label", self.label.as_str()));
        let id = self.training.is_some().then_some(("id", ID));
        for (role, column) in [label, split, embedding, id].into_iter().flatten() {
            wanted.push(schema.index_of(column).map_err(|_| EvaluateError::MissingColumn {
                path: path.to_path_buf(),
                column: column.to_owned(),
                role,
                columns: schema.fields().iter().map(|field| field.name().clone()).collect(),
            })?);
        }
        Ok(file.batches(wanted, BATCH)?)
    }
}

/// Every fifth row of each class is for the test, never its first; where it begins differs by class, so that classes of
/// a few rows are on both sides, too. Counting all rows would follow any order that the file has.
fn side_of(label: &str, rows: &mut HashMap<String, u64>) -> Side {
    let before = match rows.get_mut(label) {
        Some(count) => {
            *count += 1;
            *count
        }
        None => {
            rows.insert(label.to_owned(), 0);
            return Side::Train;
        }
    };
    let start: u64 = label.bytes().map(u64::from).sum();
    if (before + start).is_multiple_of(5) { Side::Test } else { Side::Train }
}

/// A column as text; a NaN counts as no value, because that is how some writers mark one.
fn text(batch: &RecordBatch, column: &str) -> Result<StringArray> {
    let values = &batch[column];
    let floating = values.data_type().is_floating();
    let text = cast(values, &DataType::Utf8).map_err(DataError::from)?;
    let text = text.as_string::<i32>();
    Ok(if floating { text.iter().map(|value| value.filter(|value| *value != "NaN")).collect() } else { text.clone() })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, FixedSizeListArray, Float64Array, Int64Array};
    use arrow::datatypes::Float32Type;
    use parquet::arrow::ArrowWriter;

    use super::*;

    fn file(columns: Vec<(&str, ArrayRef)>) -> tempfile::NamedTempFile {
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut writer = ArrowWriter::try_new(file.reopen().unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        file
    }

    fn vectors(rows: usize) -> ArrayRef {
        let row = |row| Some([Some(row as f32), Some(0.5)]);
        Arc::new(FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>((0..rows).map(row), 2))
    }

    fn firsts(vectors: &Vectors) -> (Vec<f32>, Vec<u32>) {
        let block = vectors.blocks(1000).next().unwrap().unwrap();
        (block.values.chunks(2).map(|row| row[0]).collect(), block.classes)
    }

    #[test]
    fn the_split_column_decides_and_other_values_and_unlabelled_rows_are_left_out() {
        let file = file(vec![
            ("embedding", vectors(6)),
            (
                "label",
                Arc::new(Float64Array::from(vec![Some(10.0), Some(9.0), None, Some(f64::NAN), Some(9.0), Some(7.0)])),
            ),
            ("part", Arc::new(StringArray::from(vec!["train", "train", "train", "test", "test", "val"]))),
        ]);
        let split = split_reader("label").with_split("part").read(file.path()).unwrap();
        assert_eq!(split.classes.names(), ["9.0", "10.0"]);
        assert_eq!(firsts(&split.train), (vec![0.0, 1.0], vec![1, 0]));
        assert_eq!(firsts(&split.test), (vec![4.0], vec![0]));
    }

    #[test]
    fn a_fifth_of_each_class_is_held_out_whatever_the_order() {
        // Counted over all rows, every class but one would be in the training rows alone.
        let labels: Int64Array = (0..3000).map(|row| (row != 1).then_some(row % 5)).collect();
        let file = file(vec![("v", vectors(3000)), ("label", Arc::new(labels))]);
        let split = split_reader("label").with_embedding("v").read(file.path()).unwrap();
        assert_eq!((split.train.rows() + split.test.rows(), split.unseen()), (2999, (vec![], 0)));
        for count in split.test.class_counts() {
            assert!((119..=120).contains(count), "{count}");
        }
        assert_eq!(split.test.class_counts().len(), 5);
    }

    #[test]
    fn classes_without_a_training_row_are_named() {
        let labels: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "c", "c", "a"]));
        let part: ArrayRef = Arc::new(StringArray::from(vec!["train", "train", "test", "test", "test"]));
        let file = file(vec![("embedding", vectors(5)), ("label", labels), ("part", part)]);
        let split = split_reader("label").with_split("part").read(file.path()).unwrap();
        assert_eq!(split.unseen(), (vec!["c".to_owned()], 2));
    }

    #[test]
    fn errors_list_the_columns_and_the_split_values() {
        let labels: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
        let part: ArrayRef = Arc::new(StringArray::from(vec!["train", "holdout"]));
        let file = file(vec![("embedding", vectors(2)), ("label", labels), ("part", part)]);
        let error = split_reader("class").read(file.path()).unwrap_err().to_string();
        assert!(error.contains("`class`") && error.contains("embedding, label, part"), "{error}");
        let error = split_reader("label").with_split("part").read(file.path()).unwrap_err().to_string();
        assert!(error.contains("`test`") && error.contains("holdout, train"), "{error}");
        let error = split_reader("label").read(file.path()).unwrap_err().to_string();
        assert!(error.contains("too few rows"), "{error}");
    }
}
