//! Formulas (CSV injection): texts that a spreadsheet would compute, or even run, instead of showing them.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, LargeStringArray, RecordBatch, StringArray, StringViewArray};
use arrow::datatypes::DataType;

use super::error::SqlError;

/// Puts an apostrophe before every text of a batch that is taken for a formula; returns how many there are.
pub(super) fn defuse(batch: &mut RecordBatch) -> Result<u64, SqlError> {
    let mut count = 0;
    let columns: Vec<ArrayRef> = batch.columns().iter().map(|column| defused(column, &mut count)).collect();
    if count > 0 {
        *batch = RecordBatch::try_new(batch.schema(), columns)?;
    }
    Ok(count)
}

fn defused(column: &ArrayRef, count: &mut u64) -> ArrayRef {
    let texts: Vec<Option<&str>> = match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().iter().collect(),
        DataType::LargeUtf8 => column.as_string::<i64>().iter().collect(),
        DataType::Utf8View => column.as_string_view().iter().collect(),
        _ => return column.clone(),
    };
    let formulas = texts.iter().flatten().filter(|text| is_formula(text)).count();
    if formulas == 0 {
        return column.clone();
    }
    *count += formulas as u64;
    let texts = texts
        .into_iter()
        .map(|text| text.map(|text| if is_formula(text) { format!("'{text}") } else { text.to_owned() }));
    match column.data_type() {
        DataType::Utf8 => Arc::new(texts.collect::<StringArray>()),
        DataType::LargeUtf8 => Arc::new(texts.collect::<LargeStringArray>()),
        _ => Arc::new(texts.collect::<StringViewArray>()),
    }
}

/// Whether a spreadsheet takes a text for a formula. Digits and signs alone, such as those of telephone numbers, can
/// do no more than to be added up.
fn is_formula(text: &str) -> bool {
    let harmless = |character: char| character.is_ascii_digit() || " +-.,()/:".contains(character);
    text.starts_with(['=', '+', '-', '@', '\t', '\r']) && !text.chars().all(harmless)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_told_from_numbers() {
        for text in ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+A1", "\t=1", "=", "@home"] {
            assert!(is_formula(text), "{text}");
        }
        for text in ["", "-1.5", "+49 (30) 12/34-5", "a=b", "--", " =1", "1-2", "- 3,5"] {
            assert!(!is_formula(text), "{text}");
        }
        let column: ArrayRef = Arc::new(StringViewArray::from(vec![Some("=a"), None, Some("b")]));
        let mut batch = RecordBatch::try_from_iter([("x", column)]).unwrap();
        assert_eq!(defuse(&mut batch).unwrap(), 1);
        let texts: Vec<_> = batch["x"].as_string_view().iter().collect();
        assert_eq!(texts, [Some("'=a"), None, Some("b")]);
        assert_eq!(defuse(&mut batch).unwrap(), 0);
    }
}
