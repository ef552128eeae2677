//! What the values of a column are: numbers or text.

use super::normal_value::is_number;

/// A column is one of numbers if at least this share of its values are.
const NUMBERS: f64 = 0.95;

/// Kept above 0, so that differences can be divided by it in a column of equal numbers.
const LEAST_DEVIATION: f64 = 1e-9;

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum ColumnKind {
    /// Names, addresses, words, codes.
    Text,
    /// Numbers.
    Number {
        /// Their standard deviation, the unit of differences.
        deviation: f64,
    },
}

impl ColumnKind {
    /// The kind of a column by its different values and how many rows have each.
    pub(super) fn of<'a>(values: impl Iterator<Item = (&'a str, u32)>) -> Self {
        let (mut all, mut count, mut mean, mut squares) = (0.0, 0.0, 0.0, 0.0);
        for (text, rows) in values {
            let rows = f64::from(rows);
            all += rows;
            if let Some(number) = number(text) {
                // Welford's update, which does not cancel.
                count += rows;
                let off = number - mean;
                mean += off * rows / count;
                squares += rows * off * (number - mean);
            }
        }
        if all == 0.0 || count < NUMBERS * all {
            return Self::Text;
        }
        let deviation = (squares / count).sqrt() + LEAST_DEVIATION;
        if deviation.is_finite() { Self::Number { deviation } } else { Self::Text }
    }
}

/// The number that a text is, if it is a finite one.
pub(super) fn number(text: &str) -> Option<f64> {
    if is_number(text) { text.parse().ok().filter(|number: &f64| number.is_finite()) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_from_text() {
        let kind = |values: &[&'static str]| ColumnKind::of(values.iter().map(|&value| (value, 1)));
        assert!(matches!(kind(&["1", "3"]), ColumnKind::Number { deviation } if (deviation - 1.0).abs() < 1e-6));
        assert_eq!((kind(&["1", "b"]), kind(&[])), (ColumnKind::Text, ColumnKind::Text));
        assert!(matches!(kind(&["7"]), ColumnKind::Number { deviation } if deviation > 0.0));
    }
}
