//! Numeric differences: absolute, on a scale of their own, and relative.

use serde::{Deserialize, Serialize};

use crate::error::{self, DecideError, Result};

/// Similarity by absolute difference: `2^(-|a - b| / half)`. It is 1 for equal numbers, one half at the difference
/// `half`, and never quite 0.
///
/// ```
/// use relata_decide::comparator::NumericDifference;
///
/// let price = NumericDifference::new(5.0)?;
/// assert_eq!(price.similarity(Some(20.0), Some(25.0)), Some(0.5));
/// assert_eq!(price.similarity(Some(20.0), None), None);
/// # Ok::<(), relata_decide::DecideError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct NumericDifference {
    half: f64,
}

impl NumericDifference {
    /// The difference at which two numbers are half similar, above 0.
    pub fn new(half: f64) -> Result<Self> {
        error::setting("half", half.is_finite() && half > 0.0, "a finite number above 0", half)?;
        Ok(Self { half })
    }

    /// The similarity of two numbers; nothing if one of them is missing or not finite.
    pub fn similarity(&self, a: Option<f64>, b: Option<f64>) -> Option<f64> {
        let (a, b) = (known(a)?, known(b)?);
        Some((-(a - b).abs() / self.half).exp2())
    }
}

impl TryFrom<f64> for NumericDifference {
    type Error = DecideError;

    /// See [`new`](Self::new).
    fn try_from(half: f64) -> Result<Self> {
        Self::new(half)
    }
}

impl From<NumericDifference> for f64 {
    fn from(difference: NumericDifference) -> Self {
        difference.half
    }
}

/// Similarity by relative difference: `1 - |a - b| / max(|a|, |b|)`, and 0 where that is negative, as between numbers
/// of different sign. Two zeros are equal. Nothing if a number is missing or not finite.
///
/// ```
/// use relata_decide::comparator::relative_difference;
///
/// assert_eq!(relative_difference(Some(80.0), Some(100.0)), Some(0.8));
/// assert_eq!(relative_difference(Some(-1.0), Some(1.0)), Some(0.0));
/// ```
pub fn relative_difference(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    let (a, b) = (known(a)?, known(b)?);
    let largest = a.abs().max(b.abs());
    Some(if a == b { 1.0 } else { (1.0 - (a - b).abs() / largest).max(0.0) })
}

/// A number that says something.
fn known(number: Option<f64>) -> Option<f64> {
    number.filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn similarities_are_symmetric_and_bounded(a in any::<f64>(), b in any::<f64>(), half in 1e-300..1e300f64) {
            let absolute = NumericDifference::new(half).unwrap();
            let both = |a, b| [absolute.similarity(Some(a), Some(b)), relative_difference(Some(a), Some(b))];
            prop_assert_eq!(both(a, b), both(b, a));
            prop_assert!(both(a, b).into_iter().flatten().all(|similarity| (0.0..=1.0).contains(&similarity)));
            prop_assert!(both(a, a).into_iter().flatten().all(|similarity| similarity == 1.0));
        }
    }

    #[test]
    fn what_is_no_number_is_missing() {
        assert_eq!(relative_difference(Some(f64::NAN), Some(1.0)), None);
        assert_eq!(relative_difference(Some(f64::INFINITY), Some(f64::INFINITY)), None);
        assert_eq!(relative_difference(Some(0.0), Some(-0.0)), Some(1.0));
        assert!([0.0, -1.0, f64::NAN, f64::INFINITY].into_iter().all(|half| NumericDifference::new(half).is_err()));
    }

    #[test]
    fn a_file_with_a_bad_half_is_refused() {
        let read = serde_json::from_str::<NumericDifference>;
        assert_eq!(read("2.5").unwrap(), NumericDifference::new(2.5).unwrap());
        assert!(read("0.0").is_err());
    }
}
