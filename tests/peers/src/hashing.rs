//! A table of six columns of text, from CSV to bags of hashed n-grams of all its rows.

use std::path::Path;

use relata::prelude::csv;
use relata_data::index::Row;
use relata_data::sample_batch::SampleContent;
use relata_data::source::{ingest, session};
use tempfile::TempDir;

use crate::{Done, Result, Work};

/// Rows of the table.
const ROWS: u32 = 100_000;

/// Reads the table into a run folder, learns its statistics and hashes every row; the check is how many tokens a row has.
pub fn table_to_bags(folder: &Path) -> Result<Work> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let table = csv(folder.join("people.csv")).id("id");
    let rows: Vec<Row> = (0..ROWS).map(Row).collect();
    Ok(Box::new(move || {
        let run = TempDir::new()?;
        let mut samples = runtime.block_on(ingest(&table, &session(), run.path(), &mut |_| {}))?;
        samples.fit(run.path(), &rows)?;
        let mut tokens = 0;
        for batch in samples.features.scan(SampleContent::Bags)? {
            tokens += batch?.bags.tokens.len();
        }
        Ok(Done { units: ROWS.into(), check: tokens as f64 / f64::from(ROWS) })
    }))
}
