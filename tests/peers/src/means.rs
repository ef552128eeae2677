//! The mean embedding of every label, in SQL over a Parquet file of embeddings.

use std::path::Path;

use arrow::array::AsArray;
use arrow::datatypes::Float32Type;
use relata_data::query::register_parquet;

use crate::{Done, Result, Work};

/// The query over `embeddings.parquet`; the check is the sum of all means.
pub fn by_label(folder: &Path) -> Result<Work> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let path = folder.join("embeddings.parquet").display().to_string();
    let session = runtime.block_on(relata::sql::session(&[]))?;
    runtime.block_on(register_parquet(&session, "embeddings", &path))?;
    Ok(Box::new(move || {
        let text = "SELECT label, mean_vector(embedding) AS mean FROM embeddings GROUP BY label ORDER BY label";
        let batches = runtime.block_on(async { relata::sql::query(&session, text).await?.collect().await })?;
        let mut sum = 0.0;
        for batch in &batches {
            let means = batch["mean"].as_fixed_size_list().values();
            sum += means.as_primitive::<Float32Type>().values().iter().map(|&mean| f64::from(mean)).sum::<f64>();
        }
        Ok(Done { units: 1_000_000.0, check: sum })
    }))
}
