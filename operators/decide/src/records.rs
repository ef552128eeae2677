//! Records: the columns of a table's fields as text, to be compared value by value.

use relata_data::fields::{Field, FieldKind, Value};
use relata_data::index::Row;
use relata_data::source::Samples;

use crate::linkage::RecordColumn;

/// The text of every field that a person would compare: texts, categories, numbers and dates; none of samples that are no
/// rows of a table.
pub fn record_columns(samples: &Samples) -> Vec<RecordColumn> {
    let Some(table) = samples.features.table() else { return vec![] };
    let records = table.records();
    let compared = table.fitted().specs().into_iter().enumerate();
    let compared = compared.filter(|(_, field)| !matches!(field.kind, FieldKind::Vector {} | FieldKind::Image(_)));
    let column = |(at, field): (usize, Field)| {
        let mut value = Value::Null;
        let text = |row: u32| {
            records.read_value(Row(row), at, &mut value);
            match &value {
                Value::Text(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                Value::Date(milliseconds) => Some(day(*milliseconds)),
                Value::Null | Value::Vector(_) | Value::Image(_) => None,
            }
        };
        let values = (0..records.rows() as u32).map(text).collect();
        RecordColumn { name: field.column, values }
    };
    compared.map(column).collect()
}

/// A moment as a date in ISO 8601, with its time unless that is midnight.
fn day(milliseconds: i64) -> String {
    let moment = arrow::temporal_conversions::timestamp_ms_to_datetime(milliseconds);
    moment.map_or_else(
        || milliseconds.to_string(),
        |moment| {
            let text = moment.to_string();
            text.strip_suffix(" 00:00:00").unwrap_or(&text).to_owned()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_people_write_them() {
        assert_eq!(day(0), "1970-01-01");
        assert_eq!(day(-86_400_000 + 3_600_000), "1969-12-31 01:00:00");
    }
}
