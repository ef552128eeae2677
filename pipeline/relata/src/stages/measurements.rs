//! Measurements: evaluations of a file of embeddings.

use std::collections::BTreeMap;
use std::path::Path;

use relata_schemas::samples::SPLIT;

use crate::error::Result;
use crate::evaluate::{Evaluation, Split, split_reader};

/// Reads the labelled vectors of a file for every label column that the evaluations need, and measures; in `folder`, if
/// they are those of a run.
pub(crate) fn measure(
    evaluations: &[Box<dyn Evaluation>],
    embeddings: &Path,
    columns: &[String],
    prefix: &str,
    folder: Option<&Path>,
) -> Result<Vec<(String, f64)>> {
    let mut splits: BTreeMap<&str, Split> = BTreeMap::new();
    let mut measured = Vec::new();
    for evaluation in evaluations {
        if evaluation.needs_decision() {
            if let Some(folder) = folder {
                measured.extend(evaluation.measure_decision(folder)?);
            }
            continue;
        }
        let label = evaluation.label();
        if !splits.contains_key(label) {
            splits.insert(label, read_split(embeddings, columns, label)?);
        }
        let split = &splits[label];
        let values = match folder {
            Some(folder) => evaluation.measure_run(split, folder)?,
            None => evaluation.measure(split)?,
        };
        measured.extend(values.into_iter().map(|(name, value)| (format!("{prefix}{name}"), value)));
    }
    Ok(measured)
}

/// What evaluations of a decision measure of that in a run folder.
pub(crate) fn measure_decision(evaluations: &[Box<dyn Evaluation>], folder: &Path) -> Result<Vec<(String, f64)>> {
    let mut measured = Vec::new();
    for evaluation in evaluations.iter().filter(|evaluation| evaluation.needs_decision()) {
        measured.extend(evaluation.measure_decision(folder)?);
    }
    Ok(measured)
}

/// Training and test rows by the column `split` where there is one.
pub(crate) fn read_split(embeddings: &Path, columns: &[String], label: &str) -> Result<Split> {
    let reader = split_reader(label);
    let by_column = columns.iter().any(|column| column == SPLIT);
    Ok(if by_column { reader.with_split(SPLIT) } else { reader }.read(embeddings)?)
}
