//! Classes of a decision beside those of a label column.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type, UInt64Type};
use relata_data::{DataError, ParquetFile};
use relata_decide::labelled_score::LabelledScore;
use relata_decide::pair_model::Reliability;
use relata_schemas::classes;
use relata_schemas::samples::{ID, SPLIT};

use super::error::Result;
use crate::store::Artifact;

/// Ranges of probability of the calibration error.
const BINS: usize = 15;
/// The rows of the column `split` that are told apart.
const TEST: &str = "test";

/// Accuracy and calibration error of the rows whose class was not known; of those of the split `test` too, if there are any.
pub(super) fn measure(folder: &Path, truth: &HashMap<u64, String>) -> Result<Vec<(String, f64)>> {
    let test = test_rows(&folder.join(Artifact::Samples))?;
    let (mut all, mut of_test) = (Vec::new(), Vec::new());
    let mut named = false;
    for batch in ParquetFile::open(&folder.join(Artifact::Classes))?.all_batches()? {
        let batch = batch?;
        let ids = batch[classes::ID].as_primitive::<UInt64Type>().values();
        let probability = batch[classes::PROBABILITY].as_primitive::<Float32Type>().values();
        let (class, known) = (batch[classes::CLASS].as_string::<i32>(), batch[classes::KNOWN].as_boolean());
        named |= class.null_count() < class.len();
        for (at, id) in ids.iter().enumerate().filter(|(at, _)| !known.value(*at)) {
            let Some(expected) = truth.get(id) else { continue };
            let right = class.is_valid(at) && class.value(at) == expected;
            let score = LabelledScore::new(f64::from(probability[at]), right);
            all.push(score);
            if test.contains(id) {
                of_test.push(score);
            }
        }
    }
    let mut measured = Vec::new();
    for (rows, suffix) in [(all, ""), (of_test, ".test")] {
        // Groups without names are neither right nor wrong.
        if rows.is_empty() || !named {
            continue;
        }
        let right = rows.iter().map(|row| row.related).sum::<f64>() / rows.len() as f64;
        let error = Reliability::of(&rows, BINS)?.expected_calibration_error;
        measured.push((format!("decision.accuracy{suffix}"), right));
        measured.push((format!("decision.calibration_error{suffix}"), error));
    }
    Ok(measured)
}

/// The ids of rows of the split `test`.
fn test_rows(path: &Path) -> Result<HashSet<u64>> {
    let file = ParquetFile::open(path)?;
    let place = |column: &str| file.schema().fields().iter().position(|field| field.name() == column);
    let (Some(id), Some(split)) = (place(ID), place(SPLIT)) else { return Ok(HashSet::new()) };
    let mut found = HashSet::new();
    for batch in file.batches([id, split], 8192)? {
        let batch = batch?;
        let ids = batch[ID].as_primitive::<UInt64Type>().values();
        let sides = cast(&batch[SPLIT], &DataType::Utf8).map_err(DataError::from)?;
        let sides = sides.as_string::<i32>();
        found.extend(ids.iter().zip(sides.iter()).filter(|(_, side)| *side == Some(TEST)).map(|(&id, _)| id));
    }
    Ok(found)
}
