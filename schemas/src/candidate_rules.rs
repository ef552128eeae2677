//! `candidate_rules`: what each candidate rule found, and how much of what there is to find that is.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float64Type};

use crate::{Column, SchemaError, Table};

/// The rule.
pub const RULE: &str = "rule";
/// Pairs that it found.
pub const PAIRS: &str = "pairs";
/// Pairs that no other rule found.
pub const ALONE: &str = "alone";
/// Matches among its pairs, by their probabilities.
pub const MATCHES: &str = "matches";
/// The estimated share of all matches.
pub const RECALL: &str = "recall";
/// The share of the matches that are known.
pub const KNOWN_RECALL: &str = "known_recall";
/// Blocks that were left out.
pub const CUT_BLOCKS: &str = "cut_blocks";

/// The `candidate_rules` table.
pub const CANDIDATE_RULES: Table = Table {
    name: "candidate_rules",
    version: 1,
    docs: "one row for each candidate rule, and one for all of them together",
    columns: &[
        Column { name: RULE, data_type: || DataType::Utf8, nullable: false, docs: "the rule; `all` for all together" },
        Column { name: PAIRS, data_type: || DataType::UInt64, nullable: false, docs: "candidate pairs that it found" },
        Column { name: ALONE, data_type: || DataType::UInt64, nullable: false, docs: "those that no other rule found" },
        Column {
            name: MATCHES,
            data_type: || DataType::Float64,
            nullable: false,
            docs: "its matches: the sum of the probabilities of its pairs that are more probable than not",
        },
        Column {
            name: RECALL,
            data_type: || DataType::Float64,
            nullable: true,
            docs: "the estimated share of all matches that it found, those that no rule found included (capture-recapture \
                   between rules of embeddings and rules of values; optimistic where both find the same easy ones); null \
                   unless there are rules of both kinds",
        },
        Column {
            name: KNOWN_RECALL,
            data_type: || DataType::Float64,
            nullable: true,
            docs: "the share of the pairs known to be matches that a rule would have found; null if none is known",
        },
        Column {
            name: CUT_BLOCKS,
            data_type: || DataType::UInt64,
            nullable: false,
            docs: "values that so many rows share that their pairs were left out",
        },
    ],
};

/// Checks a batch: counts that fit together, shares in [0, 1].
pub fn validate(batch: &RecordBatch, first_row: u64) -> Result<(), SchemaError> {
    CANDIDATE_RULES.check_columns(batch, first_row)?;
    for name in [RECALL, KNOWN_RECALL] {
        let share = batch[name].as_primitive::<Float64Type>();
        let odd = (0..share.len()).find(|&row| share.is_valid(row) && !(0.0..=1.0).contains(&share.value(row)));
        if let Some(row) = odd {
            let found = share.value(row).to_string();
            let error =
                SchemaError::column(CANDIDATE_RULES.name, name, "a share in [0, 1]", found, "Divide by the total.");
            return Err(error.at_row(first_row + row as u64));
        }
    }
    Ok(())
}
