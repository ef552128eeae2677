//! Sources: where samples come from. Every source is a DataFusion table, so that SQL works over all of them.

use relata_registry::Description;
use std::path::PathBuf;

use async_trait::async_trait;
use datafusion::prelude::DataFrame;

use crate::{Result, Session};

mod block_table;
mod csv;
mod dataset;
mod feature_columns;
mod fingerprint;
mod id_lookup;
mod idx;
mod idx_file;
mod image_folder;
mod ingest;
mod json_lines;
mod parquet;
mod paths;
mod read_error;
mod sample_ids;
mod samples;
mod session;
mod sql;

pub use self::csv::{Csv, csv, tsv};
pub use self::dataset::Dataset;
pub use self::fingerprint::fingerprint;
pub use self::id_lookup::IdLookup;
pub use self::idx::{Idx, idx, idx_splits};
pub use self::image_folder::{ImageFolder, image_folder};
pub use self::ingest::ingest;
pub use self::json_lines::json_lines;
pub use self::parquet::parquet;
pub use self::read_error::read_error;
pub use self::samples::{KEPT_BACK, Samples};
pub use self::session::{in_file_order, session, session_with_memory};
pub use self::sql::{Sql, sql};

/// Something that can be read as a table of samples.
#[async_trait]
pub trait Source: Send + Sync {
    /// Name and settings, for the plan; errors quote its `path`, or else its `source`.
    fn describe(&self) -> Description;

    /// The files that are read, for the input fingerprint; an error if they are not there.
    fn files(&self) -> Result<Vec<PathBuf>>;

    /// The rows, lazily. With one target partition they come in the order of the files, sorted by name.
    async fn table(&self, session: &Session) -> Result<DataFrame>;

    /// Whether the fingerprint hashes what is in the files; many small files are known by their times instead.
    fn fingerprint_content(&self) -> bool {
        true
    }
}
