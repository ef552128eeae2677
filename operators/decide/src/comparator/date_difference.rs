//! Date differences, in days.

use serde::{Deserialize, Serialize};

use crate::error::{self, DecideError, Result};

/// Similarity of two days: `2^(-|a - b| / half)`. It is 1 on the same day, and one half `half` days apart.
///
/// ```
/// use relata_decide::comparator::DateDifference;
///
/// // 1970-01-01 and 1970-01-31, as days since then.
/// assert_eq!(DateDifference::new(30.0)?.similarity(Some(0), Some(30)), Some(0.5));
/// # Ok::<(), relata_decide::DecideError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct DateDifference {
    half: f64,
}

impl DateDifference {
    /// The number of days after which two dates are half similar, above 0.
    pub fn new(half: f64) -> Result<Self> {
        error::setting("half", half.is_finite() && half > 0.0, "a finite number of days above 0", half)?;
        Ok(Self { half })
    }

    /// The similarity of two dates, as days since 1970-01-01; nothing if one of them is missing.
    pub fn similarity(&self, a: Option<i32>, b: Option<i32>) -> Option<f64> {
        let days = (i64::from(a?) - i64::from(b?)).abs();
        Some((-(days as f64) / self.half).exp2())
    }
}

impl TryFrom<f64> for DateDifference {
    type Error = DecideError;

    /// See [`new`](Self::new).
    fn try_from(half: f64) -> Result<Self> {
        Self::new(half)
    }
}

impl From<DateDifference> for f64 {
    fn from(difference: DateDifference) -> Self {
        difference.half
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearer_the_more_alike() {
        let weeks = DateDifference::new(7.0).unwrap();
        let apart = |days| weeks.similarity(Some(-3), Some(-3 + days)).unwrap();
        assert_eq!((apart(0), apart(7), apart(-14)), (1.0, 0.5, 0.25));
        assert_eq!(weeks.similarity(Some(i32::MIN), Some(i32::MAX)), Some(0.0));
        assert_eq!(weeks.similarity(None, Some(1)), None);
        assert!(DateDifference::new(f64::NAN).is_err() && DateDifference::new(0.0).is_err());
    }

    #[test]
    fn a_file_with_a_bad_half_is_refused() {
        let read = serde_json::from_str::<DateDifference>;
        assert_eq!(read("2.5").unwrap(), DateDifference::new(2.5).unwrap());
        assert!(read("0.0").is_err());
    }
}
