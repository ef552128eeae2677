//! Cell formatter of printed tables: the first numbers of a long list, and how many there are; texts without what a
//! terminal would obey.

use std::borrow::Cow;
use std::fmt::Write;
use std::ops::Range;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Field};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, ArrayFormatterFactory, DisplayIndex, FormatOptions, FormatResult};

/// Lists up to this length are shown in full.
const WHOLE: usize = 4;
/// Items shown of a longer list.
const SHOWN: usize = 3;

/// Formats lists like `[0.12, -0.5, 0.25, … 128 numbers]`, control characters in texts like `\u{1b}`, and everything
/// else as usual.
#[derive(Debug)]
pub(super) struct CellFormatter;

impl ArrayFormatterFactory for CellFormatter {
    fn create_array_formatter<'formatter>(
        &self,
        array: &'formatter dyn Array,
        options: &FormatOptions<'formatter>,
        _: Option<&'formatter Field>,
    ) -> Result<Option<ArrayFormatter<'formatter>>, ArrowError> {
        let items: &'formatter dyn Array = match array.data_type() {
            DataType::FixedSizeList(..) => array.as_fixed_size_list().values(),
            DataType::List(_) => array.as_list::<i32>().values(),
            DataType::LargeList(_) => array.as_list::<i64>().values(),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..) => {
                let text = PlainText { array, text: ArrayFormatter::try_new(array, options)? };
                return Ok(Some(ArrayFormatter::new(Box::new(text), options.safe())));
            }
            _ => return Ok(None),
        };
        let what = if items.data_type().is_numeric() { "numbers" } else { "items" };
        let items = ArrayFormatter::try_new(items, options)?;
        let short = ShortenedList { array, items, what, null: options.null().to_owned() };
        Ok(Some(ArrayFormatter::new(Box::new(short), options.safe())))
    }
}

struct ShortenedList<'a> {
    array: &'a dyn Array,
    items: ArrayFormatter<'a>,
    what: &'static str,
    null: String,
}

impl ShortenedList<'_> {
    fn range(&self, row: usize) -> Range<usize> {
        match self.array.data_type() {
            DataType::FixedSizeList(_, width) => row * *width as usize..(row + 1) * *width as usize,
            DataType::LargeList(_) => {
                let offsets = self.array.as_list::<i64>().value_offsets();
                offsets[row] as usize..offsets[row + 1] as usize
            }
            _ => {
                let offsets = self.array.as_list::<i32>().value_offsets();
                offsets[row] as usize..offsets[row + 1] as usize
            }
        }
    }
}

impl DisplayIndex for ShortenedList<'_> {
    fn write(&self, row: usize, out: &mut dyn Write) -> FormatResult {
        if self.array.is_null(row) {
            return Ok(out.write_str(&self.null)?);
        }
        let range = self.range(row);
        let shown = if range.len() > WHOLE { SHOWN } else { range.len() };
        out.write_char('[')?;
        for (at, item) in range.clone().take(shown).enumerate() {
            let comma = if at > 0 { ", " } else { "" };
            write!(out, "{comma}{}", printable(&self.items.value(item).to_string()))?;
        }
        if shown < range.len() {
            write!(out, ", … {} {}", range.len(), self.what)?;
        }
        Ok(out.write_char(']')?)
    }
}

/// Text in which control characters, but for the ends of lines, are written as what they are.
struct PlainText<'a> {
    array: &'a dyn Array,
    text: ArrayFormatter<'a>,
}

impl DisplayIndex for PlainText<'_> {
    fn write(&self, row: usize, out: &mut dyn Write) -> FormatResult {
        let text = self.text.value(row).to_string();
        if self.array.is_null(row) {
            return Ok(out.write_str(&text)?);
        }
        Ok(out.write_str(&printable(&text))?)
    }
}

/// Text that no terminal obeys: control characters, but for tabs and the ends of lines, are written like `\u{1b}`.
///
/// ```
/// assert_eq!(relata::sql::printable("a\u{1b}[2Jb"), r"a\u{1b}[2Jb");
/// ```
pub fn printable(text: &str) -> Cow<'_, str> {
    let obeyed = |character: char| character.is_control() && !matches!(character, '\n' | '\t');
    if !text.contains(obeyed) {
        return text.into();
    }
    let escaped = |character: char| match obeyed(character) {
        true => character.escape_unicode().to_string(),
        false => character.to_string(),
    };
    text.chars().map(escaped).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use arrow::array::{FixedSizeListArray, ListArray};
    use arrow::datatypes::{Float32Type, Int32Type};

    use super::*;

    fn shown(array: &dyn Array) -> Vec<String> {
        let options = FormatOptions::new().with_null("NULL");
        let formatter = CellFormatter.create_array_formatter(array, &options, None).unwrap().unwrap();
        (0..array.len()).map(|row| formatter.value(row).to_string()).collect()
    }

    #[test]
    fn long_lists_are_shortened_also_in_slices() {
        let row = |from: f32| Some((0..5).map(|at| Some(from + at as f32)).collect::<Vec<_>>());
        let array =
            FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(vec![row(0.0), row(0.25), None, row(-7.5)], 5);
        let expected = ["[0.25, 1.25, 2.25, … 5 numbers]", "NULL", "[-7.5, -6.5, -5.5, … 5 numbers]"];
        assert_eq!(shown(&array.slice(1, 3)), expected);
        let lists = vec![Some(vec![Some(1), None]), Some(vec![]), Some((0..9).map(Some).collect())];
        let lists = ListArray::from_iter_primitive::<Int32Type, _, _>(lists);
        assert_eq!(shown(&lists.slice(0, 3)), ["[1, NULL]", "[]", "[0, 1, 2, … 9 numbers]"]);
        assert_eq!(shown(&lists.slice(2, 1)), ["[0, 1, 2, … 9 numbers]"]);
    }
}
