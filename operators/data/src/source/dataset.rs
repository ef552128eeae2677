//! Dataset: a source, and which of its columns are the features and the id.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::prelude::DataFrame;
use relata_registry::{Description, ReadError, Registry};
use serde::{Deserialize, Serialize};

use super::fingerprint::{fingerprint, of_source};
use super::read_error::read_error;
use super::source_trait::Source;
use crate::fields::Field;
use crate::{Result, Session};

/// A source and how to read it.
///
/// Features, unless named: the only column of tensors or fixed-size lists of numbers; without one, the only column of
/// lists of numbers; without one, every column by its type, as text, number, category or date (see
/// [`fields`](crate::fields)), except the id, `label`, `split` and those that an oracle or an evaluation reads.
/// Ids, unless named: the column `id`, or else row numbers.
#[derive(Clone)]
pub struct Dataset {
    source: Arc<dyn Source>,
    features: Vec<String>,
    fields: Vec<Field>,
    without: Vec<String>,
    shape: Option<[usize; 3]>,
    id: Option<String>,
    limit: Option<usize>,
}

impl fmt::Debug for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.plan().fmt(f)
    }
}

/// A dataset as a plan keeps it; see [`Dataset::plan`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetPlan {
    /// The source with its settings.
    pub source: Description,
    /// The columns that hold the features; none if they are to be found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    /// The columns that are features, and how; none if they are to be found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// The columns that are no features.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
    /// Channels, height and width of images that are flat numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<[usize; 3]>,
    /// The column of ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Only so many of the first rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

impl fmt::Display for DatasetPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.source)?;
        if !self.features.is_empty() {
            write!(f, " features=[{}]", self.features.join(", "))?;
        }
        if !self.fields.is_empty() {
            let fields: Vec<String> = self.fields.iter().map(Field::to_string).collect();
            write!(f, " fields=[{}]", fields.join(", "))?;
        }
        if !self.without.is_empty() {
            write!(f, " without=[{}]", self.without.join(", "))?;
        }
        if let Some(shape) = &self.shape {
            write!(f, " shape={shape:?}")?;
        }
        if let Some(id) = &self.id {
            write!(f, " id={id}")?;
        }
        self.limit.map_or(Ok(()), |limit| write!(f, " limit={limit}"))
    }
}

impl Dataset {
    /// All rows of a source.
    ///
    /// ```
    /// use relata_data::source::{Csv, Dataset};
    ///
    /// // Of text with semicolons, the first hundred rows.
    /// let dataset = Dataset::new(Csv::new("t.csv", ';')).limit(100);
    /// assert_eq!(dataset.name(), "t.csv");
    /// ```
    pub fn new(source: impl Source + 'static) -> Self {
        let (features, fields, without) = (Vec::new(), Vec::new(), Vec::new());
        Self { source: Arc::new(source), features, fields, without, shape: None, id: None, limit: None }
    }

    /// The column that holds the features.
    ///
    /// ```
    /// use relata_data::source::parquet;
    ///
    /// let dataset = parquet("t.parquet").features("pixels");
    /// assert_eq!(dataset.plan().features, ["pixels"]);
    /// ```
    pub fn features(mut self, column: impl Into<String>) -> Self {
        self.features = vec![column.into()];
        self
    }

    /// Numeric columns that make up the feature vector, in this order.
    ///
    /// ```
    /// use relata_data::source::csv;
    ///
    /// let dataset = csv("t.csv").feature_columns(["x", "y"]);
    /// assert_eq!(dataset.plan().to_string(), "csv path=t.csv text=[] features=[x, y]");
    /// ```
    pub fn feature_columns<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.features = columns.into_iter().map(Into::into).collect();
        self
    }

    /// Columns that become features, each in its way; see [`fields`](crate::fields).
    ///
    /// ```
    /// use relata_data::fields::{category, number, text};
    /// use relata_data::source::csv;
    ///
    /// let dataset = csv("t.csv").fields([text("name"), category("city"), number("income")]);
    /// assert!(dataset.plan().to_string().ends_with("fields=[text(name), category(city), number(income)]"));
    /// ```
    pub fn fields(mut self, fields: impl IntoIterator<Item = Field>) -> Self {
        self.fields = fields.into_iter().collect();
        self
    }

    /// Columns that are not to be features where all others are found by their types.
    ///
    /// ```
    /// use relata_data::source::csv;
    ///
    /// let dataset = csv("t.csv").without(["entity"]);
    /// assert!(dataset.plan().to_string().ends_with("without=[entity]"));
    /// ```
    pub fn without<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.without = columns.into_iter().map(Into::into).collect();
        self
    }

    /// Numbers that are images: a list, or one column a number, becomes channels x height x width. Whole numbers are
    /// bytes, 0 to 255, and are scaled to [0, 1] as those of picture files are; others are taken as they are.
    ///
    /// ```
    /// use relata_data::source::parquet;
    ///
    /// let dataset = parquet("mnist.parquet").shape([1, 28, 28]);
    /// assert_eq!(dataset.plan().to_string(), "parquet path=mnist.parquet shape=[1, 28, 28]");
    /// ```
    pub fn shape(mut self, [channels, height, width]: [usize; 3]) -> Self {
        self.shape = Some([channels, height, width]);
        self
    }

    /// The column of unique ids: integers from 0, or text.
    ///
    /// ```
    /// use relata_data::source::csv;
    ///
    /// let dataset = csv("t.csv").id("key");
    /// assert_eq!(dataset.plan().to_string(), "csv path=t.csv text=[] id=key");
    /// ```
    pub fn id(mut self, column: impl Into<String>) -> Self {
        self.id = Some(column.into());
        self
    }

    /// Only the first `rows` rows.
    ///
    /// ```
    /// use relata_data::source::csv;
    ///
    /// let dataset = csv("t.csv").limit(1000);
    /// assert_eq!(dataset.plan().to_string(), "csv path=t.csv text=[] limit=1000");
    /// ```
    pub fn limit(mut self, rows: usize) -> Self {
        self.limit = Some(rows);
        self
    }

    /// The source with its settings, and how it is read.
    ///
    /// ```
    /// use relata_data::source::csv;
    ///
    /// assert_eq!(csv("t.csv").limit(10).plan().limit, Some(10));
    /// ```
    pub fn plan(&self) -> DatasetPlan {
        let (features, id) = (self.features.clone(), self.id.clone());
        let (fields, without) = (self.fields.clone(), self.without.clone());
        DatasetPlan {
            source: self.source.describe(),
            features,
            fields,
            without,
            shape: self.shape,
            id,
            limit: self.limit,
        }
    }

    /// The dataset of a plan, whose source is read through a registry, such as [`SOURCES`](super::SOURCES).
    ///
    /// ```
    /// use relata_data::source::{Dataset, SOURCES, csv};
    ///
    /// let plan = csv("t.csv").id("key").limit(10).plan();
    /// let json = r#"{"source":{"name":"csv","path":"t.csv","text":[]},"id":"key","limit":10}"#;
    /// assert_eq!(serde_json::to_string(&plan)?, json);
    /// assert_eq!(Dataset::from_plan(&serde_json::from_str(json)?, &SOURCES)?.plan(), plan);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_plan(plan: &DatasetPlan, sources: &Registry<dyn Source>) -> Result<Self, ReadError> {
        let (features, id, limit) = (plan.features.clone(), plan.id.clone(), plan.limit);
        let (fields, without) = (plan.fields.clone(), plan.without.clone());
        let source = sources.read(&plan.source)?.into();
        Ok(Self { source, features, fields, without, shape: plan.shape, id, limit })
    }

    /// What errors call the dataset: its path, or else the kind of its source.
    pub fn name(&self) -> String {
        self.source.name()
    }

    /// Path, length in bytes and xxh64 of every file read. The hash is of the content; for more than 1000 files it is of
    /// path, length and modification time. Of an object in a store it is of address, length and entity tag or version, or
    /// else the time of its last change. A folder of images has one hash, of the names and lengths of its files: a file
    /// that changes while its length stays is not noticed. Files of static embeddings are hashed, too.
    pub fn fingerprint(&self) -> Result<Vec<(PathBuf, u64, u64)>> {
        let mut found = of_source(self.source.as_ref())?;
        let models = self.fields.iter().filter_map(|field| field.model.clone());
        found.extend(fingerprint(models.flat_map(|files| [files.table, files.tokenizer]).collect())?);
        Ok(found)
    }

    /// The rows, lazily; errors if a file is missing or is not what it should be.
    pub async fn table(&self, session: &Session) -> Result<DataFrame> {
        let rows = self.source.table(session).await?;
        match self.limit {
            None => Ok(rows),
            limit => rows.limit(0, limit).map_err(|error| read_error(&self.name(), error)),
        }
    }

    /// The files that it is read from; objects of a store by their addresses.
    pub fn files(&self) -> Result<Vec<PathBuf>> {
        self.source.files()
    }

    pub(super) fn source(&self) -> &dyn Source {
        self.source.as_ref()
    }

    pub(super) fn asked_features(&self) -> &[String] {
        &self.features
    }

    pub(super) fn asked_fields(&self) -> &[Field] {
        &self.fields
    }

    pub(super) fn unwanted(&self) -> &[String] {
        &self.without
    }

    pub(super) fn asked_shape(&self) -> Option<[usize; 3]> {
        self.shape
    }

    pub(super) fn asked_id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    pub(super) fn asked_limit(&self) -> Option<usize> {
        self.limit
    }
}

impl<S: Source + 'static> From<S> for Dataset {
    fn from(source: S) -> Self {
        Self::new(source)
    }
}

#[cfg(test)]
mod tests {
    use crate::DataError;
    use crate::source::{SOURCES, csv, session};

    use super::*;

    #[tokio::test]
    async fn a_dataset_describes_reads_and_hashes_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        std::fs::write(&path, "a,b\n1,2\n3,4\n").unwrap();
        let dataset = csv(&path).feature_columns(["a", "b"]).id("a").limit(1);
        let plan = dataset.plan();
        assert_eq!((plan.source.name.as_str(), &plan.features[..]), ("csv", &["a".to_owned(), "b".to_owned()][..]));
        let json = serde_json::to_string(&plan).unwrap();
        let again = Dataset::from_plan(&serde_json::from_str(&json).unwrap(), &SOURCES).unwrap();
        assert_eq!(again.plan(), plan);
        assert_eq!(dataset.table(&session()).await.unwrap().count().await.unwrap(), 1);
        let before = dataset.fingerprint().unwrap();
        assert_eq!((&before[0].0, before[0].1), (&path, 12));
        std::fs::write(&path, "a,b\n1,2\n3,5\n").unwrap();
        assert_ne!(dataset.fingerprint().unwrap(), before);
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(dataset.fingerprint(), Err(DataError::Missing { .. })));
    }
}
