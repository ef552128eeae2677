//! Suspect columns: those that might say whether a pair is alike, or how much, under a name that is not known.

use arrow::datatypes::{DataType, Field, Schema};

/// Words of column names that speak of the pair as a whole.
const WORDS: &[&str] = &[
    "affinity",
    "agreement",
    "alike",
    "answer",
    "class",
    "confidence",
    "cosine",
    "decision",
    "different",
    "dist",
    "distance",
    "distinct",
    "dup",
    "dupe",
    "duplicate",
    "duplicates",
    "evidence",
    "gold",
    "grade",
    "judgement",
    "judgment",
    "label",
    "labels",
    "likelihood",
    "link",
    "linked",
    "logit",
    "match",
    "matches",
    "odds",
    "outcome",
    "pred",
    "predicted",
    "prediction",
    "prob",
    "probability",
    "rating",
    "related",
    "relation",
    "relevance",
    "result",
    "same",
    "score",
    "sign",
    "sim",
    "similarity",
    "status",
    "strength",
    "truth",
    "verdict",
    "vote",
    "votes",
    "weight",
    "weights",
];

/// Whole names that do so, too, unless they are columns of ids.
const NAMES: &[&str] = &["positive", "negative", "target", "y", "y_true", "y_pred", "value"];

/// Beginnings and whole names of columns that splink writes beside its answer.
const SPLINK: &[&str] = &["gamma_", "bf_", "mw_", "tf_", "__splink", "match_key", "found_by_blocking_rules"];

/// What two columns end with that hold the same attribute of the two samples of a pair.
const ENDINGS: &[[&str; 2]] = &[["_l", "_r"], ["_left", "_right"], ["_1", "_2"], ["_a", "_b"], ["_x", "_y"]];

/// What such columns begin with.
const BEGINNINGS: &[[&str; 2]] = &[
    ["l_", "r_"],
    ["left_", "right_"],
    ["ltable_", "rtable_"],
    ["src_", "dst_"],
    ["source_", "target_"],
    ["lhs_", "rhs_"],
    ["a_", "b_"],
    ["anchor_", "positive_"],
];

/// Whether a column might be a label or a weight: by a word of its name, or because it holds booleans or fractions, and
/// unless there are two of it, one for each sample.
pub(super) fn is_suspect(field: &Field, schema: &Schema) -> bool {
    let name = field.name().trim().to_lowercase();
    let splink = SPLINK.iter().any(|start| name.starts_with(start));
    if splink || is_copied(&name, schema) {
        return false;
    }
    let plain = match field.data_type() {
        DataType::Dictionary(_, values) => values.as_ref(),
        other => other,
    };
    let words = name.split(|c: char| !c.is_alphanumeric()).any(|word| WORDS.contains(&word));
    words || NAMES.contains(&name.as_str()) || plain == &DataType::Boolean || plain.is_floating()
}

/// Whether a column holds an attribute of one sample: another one holds that of the other.
fn is_copied(name: &str, schema: &Schema) -> bool {
    let there = |other: String| schema.fields().iter().any(|field| field.name().trim().to_lowercase() == other);
    let both = |pair: &[&'static str; 2]| [(pair[0], pair[1]), (pair[1], pair[0])];
    let ending = |(own, other): (&str, &str)| {
        name.strip_suffix(own).is_some_and(|rest| !rest.is_empty() && there(format!("{rest}{other}")))
    };
    let beginning = |(own, other): (&str, &str)| {
        name.strip_prefix(own).is_some_and(|rest| !rest.is_empty() && there(format!("{other}{rest}")))
    };
    ENDINGS.iter().flat_map(both).any(ending) || BEGINNINGS.iter().flat_map(both).any(beginning)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suspects(columns: &[(&str, DataType)]) -> Vec<String> {
        let fields: Vec<_> = columns.iter().map(|(name, of)| Field::new(*name, of.clone(), true)).collect();
        let schema = Schema::new(fields);
        let found = schema.fields().iter().filter(|field| is_suspect(field, &schema));
        found.map(|field| field.name().clone()).collect()
    }

    #[test]
    fn names_and_types_give_a_label_away() {
        let named = ["verdict", "Result", "jaro score", "similarity", "order_status", "decision", "is_same", "Y"];
        let named = named.map(|name| (name, DataType::Utf8));
        assert_eq!(suspects(&named), named.clone().map(|(name, _)| name.to_owned()));
        assert_eq!(suspects(&[("reviewed", DataType::Boolean), ("jaccard", DataType::Float64)]).len(), 2);
        assert!(suspects(&[("note", DataType::Utf8), ("year", DataType::Int64), ("city", DataType::Utf8)]).is_empty());
    }

    #[test]
    fn attributes_of_both_samples_are_passed_over() {
        let copied = ["name_l", "name_r", "status_l", "status_r", "left_price", "right_price", "gamma_name", "bf_name"];
        assert!(suspects(&copied.map(|name| (name, DataType::Float64))).is_empty());
        assert_eq!(suspects(&[("status_l", DataType::Utf8), ("name_r", DataType::Utf8)]), ["status_l"]);
        assert!(suspects(&[("match_key", DataType::Utf8), ("tf_name_l", DataType::Float64)]).is_empty());
    }
}
