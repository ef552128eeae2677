//! Features: a matrix of finite numbers, a row per pair.

use crate::error::{self, DecideError, Result};

/// A row-major matrix of features, rows x width, all of them finite.
#[derive(Debug, Clone, Copy)]
pub struct Features<'a> {
    values: &'a [f64],
    rows: usize,
    width: usize,
}

impl<'a> Features<'a> {
    /// Takes `rows * width` values, a row after another. A value that is not finite is refused; the position that the
    /// error names is `row * width + column`.
    ///
    /// ```
    /// use relata_decide::pair_model::Features;
    ///
    /// assert_eq!(Features::new(&[0.1, 0.2, 0.3, 0.4], 2, 2)?.row(1), [0.3, 0.4]);
    /// assert!(Features::new(&[0.1, f64::NAN], 1, 2).is_err());
    /// # Ok::<(), relata_decide::DecideError>(())
    /// ```
    pub fn new(values: &'a [f64], rows: usize, width: usize) -> Result<Self> {
        // An overflow is a size that no slice has.
        error::same_length("values of features", rows.saturating_mul(width), values.len())?;
        values.iter().enumerate().try_for_each(|(at, &value)| error::finite("feature", at, value))?;
        Ok(Self { values, rows, width })
    }

    /// How many pairs there are.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many features a pair has.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The features of a pair; none for a row that there is not.
    pub fn row(&self, row: usize) -> &'a [f64] {
        let start = row.saturating_mul(self.width);
        self.values.get(start..start.saturating_add(self.width)).unwrap_or_default()
    }

    /// Refuses offsets that do not fit, and says what is added to the log-odds of each row.
    pub(super) fn offsets(&self, offsets: Option<&[f64]>) -> Result<Vec<f64>> {
        let Some(offsets) = offsets else { return Ok(vec![0.0; self.rows]) };
        error::same_length("offsets", self.rows, offsets.len())?;
        offsets.iter().enumerate().try_for_each(|(row, &offset)| error::finite("offset", row, offset))?;
        Ok(offsets.to_vec())
    }

    /// Refuses features of another width than a model was fitted to.
    pub(super) fn expect_width(&self, width: usize) -> Result<()> {
        let problem = DecideError::Length { what: "features of a pair", expected: width, found: self.width };
        if self.width == width { Ok(()) } else { Err(problem) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_have_to_fit() {
        assert!(Features::new(&[1.0; 5], 2, 3).is_err());
        assert!(Features::new(&[], usize::MAX, 2).is_err());
        let none = Features::new(&[], 3, 0).unwrap();
        assert_eq!((none.rows(), none.row(2)), (3, [].as_slice()));
        let found = Features::new(&[1.0, f64::INFINITY], 2, 1).unwrap_err().to_string();
        assert_eq!(found, "feature 1: expected a finite number, found inf");
    }
}
