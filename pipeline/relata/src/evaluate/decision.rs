//! Evaluation of a decision: the entities or classes that were found beside those of a label column.

use std::collections::HashMap;
use std::path::Path;

use arrow::array::{Array, AsArray, BooleanArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, UInt64Type};
use relata_data::ParquetFile;
use relata_decide::evaluation::{BCubed, Contingency, ExactEntities, PairMeasures, adjusted_rand, average_precision};
use relata_decide::labelled_score::LabelledScore;
use relata_registry::{Description, Settings};
use relata_schemas::samples::{ID, LABEL};
use relata_schemas::{entities, pairs};
use serde::{Deserialize, Serialize};

use super::decision_classes;
use super::error::{EvaluateError, Result};
use super::evaluation::Evaluation;
use super::split::Split;
use crate::store::Artifact;

/// Settings of the evaluation of a decision; see [`decision`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DecisionEvaluation {
    label: String,
}

/// Compares a decision with a column that tells what is true; rows where it is null are left out. Of
/// `.decide(entities())`, where rows with a value of their own count as entities of one row:
///
/// - `decision.precision`, `recall`, `f1`: over pairs of rows. Recall counts all true pairs, also those that were no
///   candidates;
/// - `decision.candidate_recall`: the share of true pairs that were candidates, which recall cannot exceed by much;
/// - `decision.average_precision`: of the candidates by their probability, known ones left out;
/// - `decision.b_cubed`: F1 over rows (Bagga and Baldwin 1998);
/// - `decision.exact_entities`: the share of true entities of several rows that were found exactly;
/// - `decision.adjusted_rand`: adjusted Rand index (Hubert and Arabie 1985).
///
/// Of `.decide(classes())`, if classes have names, over the rows whose class was not known (and with the suffix `.test` over
/// those of the split `test`, if there is a column `split`):
///
/// - `decision.accuracy`: the share of rows with the right class;
/// - `decision.calibration_error`: how far probabilities are from the share that is right (expected calibration error,
///   Naeini et al. 2015, over 15 ranges).
///
/// ```
/// use relata::prelude::*;
///
/// assert_eq!(decision("person").describe().to_string(), "decision label=person");
/// ```
pub fn decision(label: impl Into<String>) -> DecisionEvaluation {
    DecisionEvaluation { label: label.into() }
}

impl Default for DecisionEvaluation {
    fn default() -> Self {
        decision(LABEL)
    }
}

impl Settings for DecisionEvaluation {
    const NAME: &'static str = "decision";
    const SUMMARY: &'static str =
        "a decision beside a label column: entities by pairs, rows and whole entities; classes by rows";
}

impl Evaluation for DecisionEvaluation {
    fn label(&self) -> &str {
        &self.label
    }

    fn measure(&self, _: &Split) -> Result<Vec<(String, f64)>> {
        Ok(vec![])
    }

    fn needs_decision(&self) -> bool {
        true
    }

    fn measure_decision(&self, folder: &Path) -> Result<Vec<(String, f64)>> {
        let (path, classes) = (folder.join(Artifact::Entities), folder.join(Artifact::Classes).exists());
        if !path.exists() && !classes {
            return Ok(vec![]);
        }
        let names = self.names(&folder.join(Artifact::Samples))?;
        if classes {
            return decision_classes::measure(folder, &names);
        }
        let mut places: HashMap<&str, u32> = HashMap::new();
        let mut number = |name| {
            let next = places.len() as u32;
            *places.entry(name).or_insert(next)
        };
        let truth: HashMap<u64, u32> = names.iter().map(|(&id, name)| (id, number(name.as_str()))).collect();
        let (mut numbers, mut found, mut expected) = (HashMap::new(), Vec::new(), Vec::new());
        for batch in ParquetFile::open(&path)?.all_batches()? {
            let batch = batch?;
            let ids = batch[entities::ID].as_primitive::<UInt64Type>().values();
            for (id, &entity) in ids.iter().zip(batch[entities::ENTITY].as_primitive::<UInt64Type>().values()) {
                let next = numbers.len() as u32;
                found.push(*numbers.entry(entity).or_insert(next));
                expected.push(truth.get(id).copied());
            }
        }
        let table = Contingency::of(&found, &expected)?;
        let pairs = PairMeasures::of(&table);
        let (candidates, precision) = candidates(&folder.join(Artifact::Pairs), &truth)?;
        let recall = (pairs.true_pairs > 0).then(|| candidates as f64 / pairs.true_pairs as f64);
        let values = [
            ("precision", pairs.precision()),
            ("recall", pairs.recall()),
            ("f1", pairs.f1()),
            ("candidate_recall", recall),
            ("average_precision", precision),
            ("b_cubed", BCubed::of(&table).map(|measure| measure.f1())),
            ("exact_entities", ExactEntities::of(&table).recall()),
            ("adjusted_rand", adjusted_rand(&table)),
        ];
        Ok(values.into_iter().filter_map(|(name, value)| Some((format!("decision.{name}"), value?))).collect())
    }

    fn describe(&self) -> Description {
        Description::of(self)
    }
}

impl DecisionEvaluation {
    /// The value of the label column of each row that has one, by the row's id.
    fn names(&self, path: &Path) -> Result<HashMap<u64, String>> {
        let file = ParquetFile::open(path)?;
        let columns: Vec<String> = file.schema().fields().iter().map(|field| field.name().clone()).collect();
        let place = |column: &str| columns.iter().position(|name| name == column);
        let (Some(id), Some(label)) = (place(ID), place(&self.label)) else {
            let (path, column) = (path.to_path_buf(), self.label.clone());
            return Err(EvaluateError::MissingColumn { path, column, role: "label", columns });
        };
        let mut names = HashMap::new();
        for batch in file.batches([id, label], 8192)? {
            let batch = batch?;
            let labels = cast(&batch[self.label.as_str()], &DataType::Utf8).map_err(relata_data::DataError::from)?;
            let ids = batch[ID].as_primitive::<UInt64Type>().values();
            let labelled = ids.iter().zip(labels.as_string::<i32>());
            names.extend(labelled.filter_map(|(&id, label)| Some((id, label?.to_owned()))));
        }
        Ok(names)
    }
}

/// How many candidates are true pairs, and the average precision of those that were not known.
fn candidates(path: &Path, truth: &HashMap<u64, u32>) -> Result<(u64, Option<f64>)> {
    let (mut right, mut scored) = (0, Vec::new());
    let file = ParquetFile::open(path)?;
    let place = |column: &str| file.schema().index_of(column).map_err(relata_data::DataError::from);
    let columns = [place(pairs::SRC)?, place(pairs::DST)?, place(pairs::PROBABILITY)?, place(pairs::KNOWN)?];
    for batch in file.batches(columns, 8192)? {
        let batch = batch?;
        let src = batch[pairs::SRC].as_primitive::<UInt64Type>().values();
        let dst = batch[pairs::DST].as_primitive::<UInt64Type>().values();
        let probability = batch[pairs::PROBABILITY].as_primitive::<Float64Type>().values();
        let known: &BooleanArray = batch[pairs::KNOWN].as_boolean();
        for at in 0..batch.num_rows() {
            let (Some(a), Some(b)) = (truth.get(&src[at]), truth.get(&dst[at])) else { continue };
            right += u64::from(a == b);
            if known.is_null(at) {
                scored.push(LabelledScore::new(probability[at], a == b));
            }
        }
    }
    Ok((right, average_precision(&scored)?))
}
