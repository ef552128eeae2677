//! Source trait: what can be read as a table of samples.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use datafusion::prelude::DataFrame;
use relata_registry::Description;

use crate::fields::Field;
use crate::{Result, Session};

/// Something that can be read as a table of samples.
#[async_trait]
pub trait Source: Send + Sync {
    /// Name and settings, for the plan.
    fn describe(&self) -> Description;

    /// What errors call it: its setting `path`, or else its name.
    fn name(&self) -> String {
        let about = self.describe();
        about["path"].as_str().unwrap_or(&about.name).to_owned()
    }

    /// The files that are read, for the input fingerprint; an error if they are not there.
    fn files(&self) -> Result<Vec<PathBuf>>;

    /// The rows, lazily. With one target partition they come in the order of the files, sorted by name.
    async fn table(&self, session: &Session) -> Result<DataFrame>;

    /// The features, if the source knows them: columns of pictures.
    fn fields(&self) -> Vec<Field> {
        vec![]
    }

    /// The folder that paths in columns are relative to: that of the table.
    fn folder(&self) -> PathBuf {
        let path = PathBuf::from(self.name());
        match path.is_dir() {
            true => path,
            false => path.parent().map(Path::to_path_buf).unwrap_or_default(),
        }
    }

    /// What to tell about the files, such as those that are passed over.
    fn notes(&self) -> Result<Vec<String>> {
        Ok(vec![])
    }

    /// Whether the fingerprint hashes what is in each file. Otherwise all files have one: of their names and lengths.
    fn fingerprint_content(&self) -> bool {
        true
    }
}
