//! Source trait: what can be read as a table of samples.

use std::path::PathBuf;

use async_trait::async_trait;
use datafusion::prelude::DataFrame;
use relata_registry::Description;

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

    /// Whether the fingerprint hashes what is in the files; many small files are known by their times instead.
    fn fingerprint_content(&self) -> bool {
        true
    }
}
