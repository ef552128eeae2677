//! `pairs`: candidate pairs of samples with the probability that both are the same entity, and what that follows from.

use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Float64Type, UInt64Type};

use crate::{Column, SchemaError, Table};

/// The smaller id of the pair.
pub const SRC: &str = "src";
/// The larger id of the pair.
pub const DST: &str = "dst";
/// The probability of the pair.
pub const PROBABILITY: &str = "probability";
/// Whether the relation of the pair is known.
pub const KNOWN: &str = "known";
/// The candidate rules that found the pair.
pub const RULES: &str = "rules";

/// The `pairs` table; one column of numbers for each comparator follows.
pub const PAIRS: Table = Table {
    name: "pairs",
    version: 1,
    docs: "one row for each candidate pair; a column for each comparator follows, such as `name.jaro_winkler`",
    columns: &[
        Column { name: SRC, data_type: || DataType::UInt64, nullable: false, docs: "the smaller id of the pair" },
        Column { name: DST, data_type: || DataType::UInt64, nullable: false, docs: "the larger id of the pair" },
        Column {
            name: PROBABILITY,
            data_type: || DataType::Float64,
            nullable: false,
            docs: "the probability that both samples are the same entity, in [0, 1]",
        },
        Column {
            name: KNOWN,
            data_type: || DataType::Boolean,
            nullable: true,
            docs: "what is known of the pair by answers and statements, and by what follows from them; null if nothing is",
        },
        Column { name: RULES, data_type: rules_type, nullable: false, docs: "the candidate rules that found the pair" },
    ],
};

fn rules_type() -> DataType {
    DataType::List(Arc::new(Field::new("item", DataType::Utf8, false)))
}

/// Checks a batch of pairs: `src < dst`, probabilities in [0, 1].
pub fn validate(batch: &RecordBatch, first_row: u64) -> Result<(), SchemaError> {
    PAIRS.check_columns(batch, first_row)?;
    let src = batch[SRC].as_primitive::<UInt64Type>().values();
    let dst = batch[DST].as_primitive::<UInt64Type>().values();
    let probability = batch[PROBABILITY].as_primitive::<Float64Type>().values();
    for row in 0..batch.num_rows() {
        let error = if src[row] >= dst[row] {
            let found = format!("src {} and dst {}", src[row], dst[row]);
            let hint = "A pair is of two different samples and is written once, with the smaller id first.";
            SchemaError::column(PAIRS.name, DST, "src < dst", found, hint)
        } else if !(0.0..=1.0).contains(&probability[row]) {
            let found = probability[row].to_string();
            SchemaError::column(PAIRS.name, PROBABILITY, "a number in [0, 1]", found, "Scale it to a probability.")
        } else {
            continue;
        };
        return Err(error.at_row(first_row + row as u64));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use arrow::array::{BooleanArray, Float64Array, ListBuilder, StringBuilder, UInt64Array};

    use super::*;

    fn pair(src: u64, dst: u64, probability: f64) -> RecordBatch {
        let item = Field::new("item", DataType::Utf8, false);
        let mut rules = ListBuilder::new(StringBuilder::new()).with_field(item);
        rules.append_value([Some("nearest")]);
        RecordBatch::try_new(
            PAIRS.schema(),
            vec![
                Arc::new(UInt64Array::from(vec![src])),
                Arc::new(UInt64Array::from(vec![dst])),
                Arc::new(Float64Array::from(vec![probability])),
                Arc::new(BooleanArray::from(vec![None])),
                Arc::new(rules.finish()),
            ],
        )
        .unwrap()
    }

    #[test]
    fn a_pair_has_an_order_and_a_probability() {
        validate(&pair(1, 2, 0.5), 0).unwrap();
        let error = validate(&pair(2, 2, 0.5), 7).unwrap_err();
        assert_eq!((error.column.as_str(), error.row), (DST, Some(7)));
        assert_eq!(validate(&pair(1, 2, f64::NAN), 0).unwrap_err().column, PROBABILITY);
    }
}
