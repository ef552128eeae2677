//! Spread of what repeated trials measured.

/// What trials measured at one x: their mean, and one standard deviation to both sides of it, but no further than the
/// least and the largest value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Where it was measured.
    pub x: f64,
    /// The lower end of the band.
    pub low: f64,
    /// The mean.
    pub mean: f64,
    /// The upper end of the band.
    pub high: f64,
}

impl Spread {
    /// The spread of the values that are finite; not a number without any.
    ///
    /// ```
    /// use relata::plot::Spread;
    ///
    /// let spread = Spread::of(100.0, [1.0, 2.0, 3.0]);
    /// assert_eq!(spread.mean, 2.0);
    /// assert!(spread.low > 1.0 && spread.high < 3.0);
    /// ```
    pub fn of(x: f64, values: impl IntoIterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let deviation = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt();
        let (least, largest) =
            values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &value| (a.min(value), b.max(value)));
        Self { x, low: (mean - deviation).max(least), mean, high: (mean + deviation).min(largest) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_a_standard_deviation_within_the_values() {
        let spread = Spread::of(3.0, [1.0, 2.0, 3.0, f64::NAN]);
        let deviation = (2.0f64 / 3.0).sqrt();
        assert_eq!((spread.x, spread.mean), (3.0, 2.0));
        assert!((spread.low - (2.0 - deviation)).abs() < 1e-12 && (spread.high - (2.0 + deviation)).abs() < 1e-12);
        // One deviation below the mean of an error that is nearly always 0 would be negative.
        let skewed = Spread::of(0.0, [0.0, 0.0, 0.0, 0.0, 1.0]);
        assert_eq!((skewed.low, skewed.mean), (0.0, 0.2));
        assert!(Spread::of(0.0, []).mean.is_nan());
    }
}
