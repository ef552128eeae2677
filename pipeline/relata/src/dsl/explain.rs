//! Plan of a pipeline in words.

use std::fmt::Write;

use datafusion::prelude::DataFrame;
use relata_data::source::session;
use relata_data::{OperatorError, query};

use crate::error::Result;
use crate::stages::{Spec, Trainer};
use crate::store::settings;

/// Stages, settings, the columns that are read, and rough sizes.
pub(super) async fn explain(spec: &Spec) -> Result<String> {
    let session = session();
    let table = spec.dataset.table(&session).await?;
    let columns: Vec<String> = table
        .schema()
        .fields()
        .iter()
        .map(|field| format!("{} {}", field.name(), short(&field.data_type().to_string())))
        .collect();
    let rows = count(table).await?;
    let stages = spec.describe();
    let mut text = String::from("plan\n");
    let mut line = |stage: &str, content: String| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {stage:<9} {content}");
    };
    line("read", settings(&stages["read"]));
    line("", format!("columns: {}", columns.join(", ")));
    line("", format!("rows: {rows}"));
    if let Some(condition) = &spec.training {
        line("train on", condition.clone());
    }
    if let Some(seed) = spec.seed {
        line("seed", seed.to_string());
    }
    line("views", settings(&stages["views"]));
    for oracle in stages["relate"].as_array().into_iter().flatten() {
        line("relate", settings(oracle));
    }
    if let Some((oracle, asking)) = spec.ask() {
        line("ask", settings(&stages["ask"]["oracle"]));
        line("", settings(&stages["ask"]["how"]));
        let pairs = asking.units() / oracle.cost().of_each(1).max(1e-9);
        line("", format!("at most {pairs:.0} questions of one pair, for {} units", asking.units()));
    }
    line("resolve", settings(&stages["resolve"]));
    match &spec.trainer {
        Trainer::Gradient { .. } => {
            let fit = &stages["train"]["fit"];
            let batch = fit["batch"].as_u64().unwrap_or(1).max(1);
            let epochs = fit["epochs"].as_u64().unwrap_or_default();
            line("train", settings(&stages["train"]["encoder"]));
            line("", settings(&stages["train"]["loss"]));
            line("", settings(fit));
            line("", format!("at most {} steps of {batch} samples", (rows / batch).max(1) * epochs));
        }
        Trainer::ClosedForm(_) => {
            line("solve", settings(&stages["train"]));
            line("", format!("about {:.1} GB for {rows} rows", 5.0 * 8.0 * (rows as f64).powi(2) / 1e9));
        }
    }
    line("embed", settings(&stages["embed"]));
    for evaluation in stages["evaluate"].as_array().into_iter().flatten() {
        line("evaluate", settings(evaluation));
    }
    line("write", spec.folder.display().to_string());
    Ok(text)
}

async fn count(table: DataFrame) -> Result<u64> {
    Ok(query::count(table).await.map_err(OperatorError::from)? as u64)
}

fn short(data_type: &str) -> String {
    data_type.replace("non-null ", "").replace("FixedSizeList", "list").replace(", field: 'item'", "")
}
