//! Column types of delimited text: what all values of a column can be read as.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::timezone::Tz;
use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray, UInt64Array};
use arrow::compute::kernels::cast::{CastOptions, cast_with_options};
use arrow::compute::kernels::cast_utils::{Parser, string_to_datetime};
use arrow::datatypes::{DataType, Date32Type, TimeUnit};

/// Words that stand for a missing number, truth value or date. In texts they are texts: Namibia is `NA`.
const MISSING: [&str; 20] = [
    "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "Null", "None", "none", "#N/A", "-", "\\N", "<NA>", "NaT", "?",
    ".", "#DIV/0!", "#VALUE!", "#REF!",
];

/// Bytes of a moment up to its minutes.
const MINUTES: usize = 16;

/// How numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Numbers {
    /// Whether the decimal point is a comma.
    pub decimal_comma: bool,
    /// What stands between thousands.
    pub thousands: Option<char>,
}

impl Numbers {
    /// The number as programs write it; none if what stands between thousands does not stand there.
    pub fn plain<'a>(&self, text: &'a str) -> Option<Cow<'a, str>> {
        let mut plain = Cow::Borrowed(text);
        if let Some(thousands) = self.thousands.filter(|&thousands| text.contains(thousands)) {
            let whole = text.trim_start_matches(['-', '+']);
            let whole = whole.split(if self.decimal_comma { ',' } else { '.' }).next().unwrap_or_default();
            let mut groups = whole.split(thousands);
            let first = groups.next().map_or(0, str::len);
            if !(1..=3).contains(&first) || groups.any(|group| group.len() != 3) {
                return None;
            }
            plain = text.replace(thousands, "").into();
        }
        match self.decimal_comma {
            // A point is no decimal point then.
            true if plain.contains('.') => None,
            true => Some(plain.replace(',', ".").into()),
            false => Some(plain),
        }
    }
}

/// What all values so far can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum ColumnType {
    /// Nothing but missing values.
    #[default]
    Unknown,
    Boolean,
    Int,
    /// A whole number, some of them below 0.
    Negative,
    /// A whole number beyond 64 bits with a sign.
    UInt,
    Float,
    Date,
    Timestamp,
    Text,
}

impl ColumnType {
    /// What this value can be.
    pub fn of(text: &str, numbers: &Numbers) -> Self {
        let text = text.trim();
        if text.is_empty() || MISSING.contains(&text) {
            return Self::Unknown;
        }
        if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") {
            return Self::Boolean;
        }
        let first = text.trim_start_matches(['-', '+']).as_bytes();
        if let (Some(b'0'..=b'9' | b'.' | b','), Some(plain)) = (first.first(), numbers.plain(text)) {
            // An id such as 007 would lose its zeros.
            let zeros = first.len() > 1 && first[0] == b'0' && first[1].is_ascii_digit();
            if !zeros {
                if let Ok(number) = plain.parse::<i64>() {
                    return if number < 0 { Self::Negative } else { Self::Int };
                }
                if plain.parse::<u64>().is_ok() {
                    return Self::UInt;
                }
                // Digits alone that are no such number are an id.
                let digits = plain.bytes().all(|byte| byte.is_ascii_digit());
                if !digits && plain.parse::<f64>().is_ok_and(f64::is_finite) {
                    return Self::Float;
                }
            }
        }
        match moment_type(text) {
            Some(DataType::Date32) => Self::Date,
            Some(_) => Self::Timestamp,
            None => Self::Text,
        }
    }

    /// What values of both types can be.
    pub fn with(self, other: Self) -> Self {
        match (self, other) {
            (a, b) if a == b => a,
            (Self::Unknown, a) | (a, Self::Unknown) => a,
            (Self::Int | Self::Negative, Self::Int | Self::Negative) => Self::Negative,
            (Self::Int | Self::UInt, Self::Int | Self::UInt) => Self::UInt,
            // Numbers of both signs beyond 63 bits have no type of their own.
            (Self::Negative | Self::UInt, Self::Negative | Self::UInt) => Self::Text,
            (a, b) if a.is_number() && b.is_number() => Self::Float,
            (Self::Date | Self::Timestamp, Self::Date | Self::Timestamp) => Self::Timestamp,
            _ => Self::Text,
        }
    }

    /// Whether the values are numbers.
    pub fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Negative | Self::UInt | Self::Float)
    }

    /// The type of the column.
    pub fn data_type(self) -> DataType {
        match self {
            Self::Boolean => DataType::Boolean,
            Self::Int | Self::Negative => DataType::Int64,
            Self::UInt => DataType::UInt64,
            Self::Float => DataType::Float64,
            Self::Date => DataType::Date32,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Unknown | Self::Text => DataType::Utf8,
        }
    }

    /// A column of values, each of which can be of this type; an empty field is null.
    pub fn array(self, values: &[Option<&str>], numbers: &Numbers) -> Result<ArrayRef, arrow::error::ArrowError> {
        let known =
            || values.iter().map(|value| value.map(str::trim).filter(|v| !v.is_empty() && !MISSING.contains(v)));
        let plain = || known().map(|value| value.and_then(|value| numbers.plain(value)));
        Ok(match self {
            Self::Boolean => {
                Arc::new(known().map(|v| v.map(|v| v.eq_ignore_ascii_case("true"))).collect::<BooleanArray>())
            }
            Self::Int | Self::Negative => {
                Arc::new(plain().map(|v| v.and_then(|v| v.parse().ok())).collect::<Int64Array>())
            }
            Self::UInt => Arc::new(plain().map(|v| v.and_then(|v| v.parse().ok())).collect::<UInt64Array>()),
            Self::Float => Arc::new(plain().map(|v| v.and_then(|v| v.parse().ok())).collect::<Float64Array>()),
            Self::Date | Self::Timestamp => {
                let texts: ArrayRef = Arc::new(known().map(|value| value.map(with_seconds)).collect::<StringArray>());
                cast_with_options(&texts, &self.data_type(), &CastOptions { safe: false, ..Default::default() })?
            }
            Self::Unknown | Self::Text => {
                Arc::new(values.iter().map(|v| v.filter(|v| !v.is_empty())).collect::<StringArray>())
            }
        })
    }
}

/// Whether a field is one of the words that stand for a null.
pub(super) fn is_null(words: &[String], text: &str) -> bool {
    !words.is_empty() && words.iter().any(|word| word == text.trim())
}

/// The type of a date (`2024-02-29`) or a moment (`2024-02-29 12:30:00`, with a `T`, without seconds or with fractions of
/// one).
pub(in crate::source) fn moment_type(text: &str) -> Option<DataType> {
    let bytes = text.as_bytes();
    let dated = bytes.len() >= 10
        && bytes[..10].iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !dated {
        return None;
    }
    if bytes.len() == 10 {
        return Date32Type::parse(text).map(|_| DataType::Date32);
    }
    let utc: Tz = "+00:00".parse().ok()?;
    let moment = string_to_datetime(&utc, &with_seconds(text)).ok();
    moment.map(|_| DataType::Timestamp(TimeUnit::Microsecond, None))
}

/// A moment with its seconds: arrow's parser asks for them.
fn with_seconds(text: &str) -> Cow<'_, str> {
    // 2024-02-29T12:30, and perhaps an offset from UTC.
    match (text.get(..MINUTES), text.get(MINUTES..)) {
        (Some(minutes), Some(rest)) if minutes.as_bytes()[13] == b':' && !rest.starts_with(':') => {
            format!("{minutes}:00{rest}").into()
        }
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray};
    use arrow::datatypes::{Float64Type, Int64Type};

    use super::*;

    #[test]
    fn values_have_the_type_that_people_expect() {
        let of = |text: &str| ColumnType::of(text, &Numbers::default());
        let expected = [
            (ColumnType::Int, vec!["0", "+12", " 3 ", "9223372036854775807"]),
            (ColumnType::Negative, vec!["-7", "-9223372036854775808"]),
            (ColumnType::UInt, vec!["18446744073709551615"]),
            (ColumnType::Float, vec!["1.5", "-.5", "1e-3", "0.25", "3."]),
            (ColumnType::Boolean, vec!["true", "False", "TRUE"]),
            (ColumnType::Unknown, vec!["", " ", "NA", "NaN", "null", "\\N", "?"]),
            (ColumnType::Date, vec!["2024-02-29"]),
            (
                ColumnType::Timestamp,
                vec!["2024-02-29 12:30:00", "2024-02-29T12:30:00.123", "2024-02-29T12:30Z", "9999-12-31 00:00:00"],
            ),
            (ColumnType::Text, vec!["007", "1,5", "1.2.3", "2024-02-30", "12345678901234567890123", "inf", "x", "1 2"]),
        ];
        for (kind, texts) in expected {
            texts.into_iter().for_each(|text| assert_eq!(of(text), kind, "`{text}`"));
        }
    }

    #[test]
    fn commas_and_thousands_are_read_where_they_are_said_to_be_there() {
        let german = Numbers { decimal_comma: true, thousands: Some('.') };
        assert_eq!(german.plain("1.234.567,5").as_deref(), Some("1234567.5"));
        assert_eq!(ColumnType::of("1.234,5", &german), ColumnType::Float);
        assert_eq!(ColumnType::of("1.234", &german), ColumnType::Int);
        assert_eq!(ColumnType::of("1.2345", &german), ColumnType::Text);
        let english = Numbers { decimal_comma: false, thousands: Some(',') };
        assert_eq!(english.plain("-12,345.5").as_deref(), Some("-12345.5"));
        assert_eq!(ColumnType::of("12,34", &english), ColumnType::Text);
        let array = ColumnType::Float.array(&[Some("1.234,5"), Some("NA"), None], &german).unwrap();
        assert_eq!(array.as_primitive::<Float64Type>().value(0), 1234.5);
        assert_eq!(array.null_count(), 2);
    }

    #[test]
    fn columns_take_the_type_that_holds_all_values() {
        let with = |a: ColumnType, b: ColumnType| [a.with(b), b.with(a)];
        assert_eq!(with(ColumnType::Int, ColumnType::Float), [ColumnType::Float; 2]);
        assert_eq!(with(ColumnType::Int, ColumnType::Negative), [ColumnType::Negative; 2]);
        assert_eq!(with(ColumnType::Negative, ColumnType::UInt), [ColumnType::Text; 2]);
        assert_eq!(with(ColumnType::Unknown, ColumnType::Date), [ColumnType::Date; 2]);
        assert_eq!(with(ColumnType::Date, ColumnType::Timestamp), [ColumnType::Timestamp; 2]);
        assert_eq!(with(ColumnType::Boolean, ColumnType::Int), [ColumnType::Text; 2]);
        let array = ColumnType::Int.array(&[Some("7"), Some(" 8"), Some("")], &Numbers::default()).unwrap();
        assert_eq!(array.as_primitive::<Int64Type>().iter().collect::<Vec<_>>(), [Some(7), Some(8), None]);
        let texts = ColumnType::Text.array(&[Some("NA"), Some(""), Some(" x")], &Numbers::default()).unwrap();
        assert_eq!(texts.as_string::<i32>().iter().collect::<Vec<_>>(), [Some("NA"), None, Some(" x")]);
    }
}
