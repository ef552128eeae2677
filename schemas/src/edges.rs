//! `edges`: one row per related pair of samples.

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float32Type, UInt64Type};

use crate::{Column, SchemaError, Table};

/// The smaller id of the pair.
pub const SRC: &str = "src";
/// The larger id of the pair.
pub const DST: &str = "dst";
/// The signed weight.
pub const WEIGHT: &str = "weight";
/// The oracle or relation.
pub const REL: &str = "rel";
/// How sure the oracle is.
pub const CONFIDENCE: &str = "confidence";
/// The round that a statement belongs to.
pub const ROUND: &str = "round";
/// Whether the edge follows from others.
pub const INFERRED: &str = "inferred";

/// The `edges` table.
pub const EDGES: Table = Table {
    name: "edges",
    version: 1,
    docs: "one row for each pair of samples that is explicitly related",
    columns: &[
        Column { name: SRC, data_type: || DataType::UInt64, nullable: false, docs: "the smaller id of the pair" },
        Column { name: DST, data_type: || DataType::UInt64, nullable: false, docs: "the larger id of the pair" },
        Column {
            name: WEIGHT,
            data_type: || DataType::Float32,
            nullable: false,
            docs: "in [-1, 1] without 0: above 0 a known positive, below 0 a known negative",
        },
        Column {
            name: REL,
            data_type: || DataType::Utf8,
            nullable: false,
            docs: "the oracle or relation that says so",
        },
        Column {
            name: CONFIDENCE,
            data_type: || DataType::Float32,
            nullable: false,
            docs: "how sure the oracle is, in [0, 1]",
        },
        Column {
            name: ROUND,
            data_type: || DataType::UInt32,
            nullable: false,
            docs: "the latest round of the statements, if a file of edges has rounds; else 0",
        },
        Column {
            name: INFERRED,
            data_type: || DataType::Boolean,
            nullable: false,
            docs: "true if the edge follows from others, by what the file of edges says of it",
        },
    ],
};

/// Checks a batch of canonical edges: `src < dst`, weights in [-1, 1] without 0, confidence in [0, 1].
pub fn validate(batch: &RecordBatch, first_row: u64) -> Result<(), SchemaError> {
    EDGES.check_columns(batch, first_row)?;
    let src = batch[SRC].as_primitive::<UInt64Type>().values();
    let dst = batch[DST].as_primitive::<UInt64Type>().values();
    let weight = batch[WEIGHT].as_primitive::<Float32Type>().values();
    let confidence = batch[CONFIDENCE].as_primitive::<Float32Type>().values();
    for row in 0..batch.num_rows() {
        let at = first_row + row as u64;
        if src[row] >= dst[row] {
            return Err(SchemaError::column(
                "edges",
                DST,
                "src < dst",
                format!("src {} and dst {}", src[row], dst[row]),
                "An edge joins two different samples and is written once, with the smaller id first.",
            )
            .at_row(at));
        }
        check_weight("edges", WEIGHT, weight[row]).map_err(|e| e.at_row(at))?;
        if !(0.0..=1.0).contains(&confidence[row]) {
            return Err(SchemaError::column(
                "edges",
                CONFIDENCE,
                "a number in [0, 1]",
                confidence[row].to_string(),
                "Scale the confidence to a probability.",
            )
            .at_row(at));
        }
    }
    Ok(())
}

/// Checks one signed weight: in [-1, 1], not 0, not NaN.
pub fn check_weight(table: &str, column: &str, weight: f32) -> Result<(), SchemaError> {
    if (-1.0..=1.0).contains(&weight) && weight != 0.0 {
        return Ok(());
    }
    Err(SchemaError::column(
        table,
        column,
        "a weight in [-1, 1] without 0",
        weight.to_string(),
        "Scale the weights into [-1, 1] and drop pairs that are not known.",
    ))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{BooleanArray, Float32Array, StringArray, UInt32Array, UInt64Array};

    use super::*;

    fn edge(src: u64, dst: u64, weight: f32) -> RecordBatch {
        RecordBatch::try_new(
            EDGES.schema(),
            vec![
                Arc::new(UInt64Array::from(vec![src])),
                Arc::new(UInt64Array::from(vec![dst])),
                Arc::new(Float32Array::from(vec![weight])),
                Arc::new(StringArray::from(vec!["test"])),
                Arc::new(Float32Array::from(vec![1.0])),
                Arc::new(UInt32Array::from(vec![0])),
                Arc::new(BooleanArray::from(vec![false])),
            ],
        )
        .unwrap()
    }

    #[test]
    fn a_canonical_edge_passes_and_others_name_the_row() {
        validate(&edge(1, 2, -0.5), 0).unwrap();
        let error = validate(&edge(2, 2, 1.0), 7).unwrap_err();
        assert_eq!((error.column.as_str(), error.row), (DST, Some(7)));
        for weight in [0.0, 1.5, f32::NAN] {
            assert_eq!(validate(&edge(1, 2, weight), 0).unwrap_err().column, WEIGHT);
        }
    }
}
