//! Sources: where samples come from. Every source is a DataFusion table, so that SQL works over all of them.

mod block_table;
mod blocking;
mod dataset;
mod decoded_file;
mod extend;
mod fingerprint;
mod id_lookup;
mod idx_file;
mod ingest;
mod paths;
mod read_error;
mod sample_ids;
mod samples;
mod session;
mod source_trait;

pub use self::dataset::{Dataset, DatasetPlan};
pub use self::extend::extend;
pub use self::fingerprint::fingerprint;
pub use self::id_lookup::IdLookup;
pub use self::ingest::{OpenDataset, ingest};
pub use self::read_error::read_error;
pub use self::samples::{KEPT_BACK, Samples};
pub use self::session::{in_file_order, session, session_spilling_to, session_with_memory};
pub use self::source_trait::Source;
pub use crate::object_store::{is_address, set_store_variable};

relata_registry::components! {
    /// Every built-in source. `tsv` is a [`Csv`] with tabs; `idx_splits` is an [`Idx`] of several files.
    ///
    /// ```
    /// use relata_data::source::{SOURCES, Source};
    /// use relata_registry::Description;
    ///
    /// let source = SOURCES.read(&Description::new("parquet").with("path", "data/part-*.parquet"))?;
    /// assert_eq!(source.name(), "data/part-*.parquet");
    /// # Ok::<(), relata_registry::ReadError>(())
    /// ```
    pub static SOURCES: dyn Source = "source" [
        csv::Csv,
        idx::Idx,
        image_folder::ImageFolder,
        json_lines::JsonLines,
        parquet::Parquet,
        sql::Sql,
    ]
}
