//! A dataset: a source, and which of its columns are the features and the id.

use relata_registry::Description;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::prelude::DataFrame;

use super::fingerprint::of_source;
use super::{Source, read_error};
use crate::{Result, Session};

/// A source and how to read it.
///
/// Features, unless named: the only column of tensors or fixed-size lists of numbers; without one, the only column of
/// lists of numbers; without one, all numeric columns except the id, `label` and `split`.
/// Ids, unless named: the column `id`, or else row numbers.
#[derive(Clone)]
pub struct Dataset {
    source: Arc<dyn Source>,
    features: Vec<String>,
    id: Option<String>,
    limit: Option<usize>,
}

impl Dataset {
    /// All rows of a source.
    pub fn new(source: impl Source + 'static) -> Self {
        Self { source: Arc::new(source), features: Vec::new(), id: None, limit: None }
    }

    /// The column that holds the features.
    pub fn features(mut self, column: impl Into<String>) -> Self {
        self.features = vec![column.into()];
        self
    }

    /// Numeric columns that make up the feature vector, in this order.
    pub fn feature_columns<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.features = columns.into_iter().map(Into::into).collect();
        self
    }

    /// The column of unique ids: integers from 0, or text.
    pub fn id(mut self, column: impl Into<String>) -> Self {
        self.id = Some(column.into());
        self
    }

    /// Only the first `rows` rows.
    pub fn limit(mut self, rows: usize) -> Self {
        self.limit = Some(rows);
        self
    }

    /// The source with its settings, and how it is read.
    pub fn describe(&self) -> Description {
        let mut about = self.source.describe();
        if !self.features.is_empty() {
            about = about.with("features", &self.features);
        }
        if let Some(id) = &self.id {
            about = about.with("id", id);
        }
        if let Some(limit) = self.limit {
            about = about.with("limit", limit);
        }
        about
    }

    /// What errors call the dataset: its path, or else the kind of its source.
    pub fn name(&self) -> String {
        let about = self.source.describe();
        about.get("path").and_then(|path| path.as_str()).unwrap_or(&about.name).to_owned()
    }

    /// Path, length in bytes and xxh64 of every file read. The hash is of the content; for more than 1000 files and
    /// for folders of images it is of path, length and modification time.
    pub fn fingerprint(&self) -> Result<Vec<(PathBuf, u64, u64)>> {
        of_source(self.source.as_ref())
    }

    /// The rows, lazily; errors if a file is missing or is not what it should be.
    pub async fn table(&self, session: &Session) -> Result<DataFrame> {
        let rows = self.source.table(session).await?;
        match self.limit {
            None => Ok(rows),
            limit => rows.limit(0, limit).map_err(|error| read_error(&self.name(), error)),
        }
    }

    pub(super) fn source(&self) -> &dyn Source {
        self.source.as_ref()
    }

    pub(super) fn asked_features(&self) -> &[String] {
        &self.features
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
    use crate::OperatorError;
    use crate::source::{csv, session};

    use super::*;

    #[tokio::test]
    async fn a_dataset_describes_reads_and_hashes_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        std::fs::write(&path, "a,b\n1,2\n3,4\n").unwrap();
        let dataset = csv(&path).feature_columns(["a", "b"]).id("a").limit(1);
        assert_eq!(
            dataset.describe(),
            json!({"source": "csv", "path": path, "features": ["a", "b"], "id": "a", "limit": 1})
        );
        assert_eq!(dataset.table(&session()).await.unwrap().count().await.unwrap(), 1);
        let before = dataset.fingerprint().unwrap();
        assert_eq!((&before[0].0, before[0].1), (&path, 12));
        std::fs::write(&path, "a,b\n1,2\n3,5\n").unwrap();
        assert_ne!(dataset.fingerprint().unwrap(), before);
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(dataset.fingerprint(), Err(OperatorError::Missing { .. })));
    }
}
