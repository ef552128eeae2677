//! Plan of a pipeline in words.

use std::fmt::Write;

use datafusion::prelude::DataFrame;
use relata_data::source::{OpenDataset, session};
use relata_data::{DataError, query};

use crate::error::Result;
use crate::stages::{Spec, Trainer};

/// Stages, settings, the columns that are read, and rough sizes.
pub(super) async fn explain(spec: &Spec) -> Result<String> {
    let session = session();
    let dataset = OpenDataset::open(&spec.dataset, &session).await?.leaving_out(spec.columns_read());
    let features = dataset.features_in_words()?;
    let table = spec.dataset.table(&session).await?;
    let columns: Vec<String> = table
        .schema()
        .fields()
        .iter()
        .map(|field| format!("{} {}", field.name(), short(&field.data_type().to_string())))
        .collect();
    let rows = count(table).await?;
    let plan = spec.plan();
    let mut text = String::from("plan\n");
    let mut before = "";
    let mut line = |stage: &'static str, content: &str| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {:<9} {content}", if stage == before { "" } else { stage });
        before = stage;
    };
    for (stage, content) in plan.lines() {
        line(stage, &content);
        if stage == "read" {
            line(stage, &format!("columns: {}", columns.join(", ")));
            if let Some(features) = &features {
                line(stage, features);
            }
            line(stage, &format!("rows: {rows}"));
        }
    }
    if let Some((oracle, config)) = spec.ask() {
        let pairs = config.units() / oracle.cost().of_each(1).max(1e-9);
        line("at most", &format!("{pairs:.0} questions of one pair, for {} units", config.units()));
    }
    match &spec.trainer {
        Trainer::Gradient { fit, .. } => {
            let batch = fit.batch_size().max(1) as u64;
            line("at most", &format!("{} steps of {batch} samples", (rows / batch).max(1) * fit.epoch_count()));
        }
        Trainer::ClosedForm(_) => {
            let nodes = rows * spec.views().count() as u64;
            line("memory", &format!("about {:.1} GB for {nodes} rows", 5.0 * 8.0 * (nodes as f64).powi(2) / 1e9));
        }
    }
    line("write", &spec.folder.display().to_string());
    Ok(text)
}

async fn count(table: DataFrame) -> Result<u64> {
    Ok(query::count(table).await.map_err(DataError::from)? as u64)
}

fn short(data_type: &str) -> String {
    data_type.replace("non-null ", "").replace("FixedSizeList", "list").replace(", field: 'item'", "")
}
