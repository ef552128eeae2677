//! Confidence intervals of shares (Wilson).

use serde::{Deserialize, Serialize};

use crate::error::{self, DecideError, Result};

/// The 97.5 % quantile of the normal distribution: intervals hold the truth 95 times out of 100.
const Z: f64 = 1.959_963_984_540_054;

/// A share and its 95 % confidence interval, all in [0, 1].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The best single value.
    pub estimate: f64,
    /// The lower end.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
}

impl Interval {
    /// The score interval of a share (Wilson 1927) that was seen in so many trials. It holds up for few trials and for
    /// shares near 0 or 1. Trials need not be a whole number: those of a weighted sample are its effective size.
    ///
    /// ```
    /// use relata_decide::evaluation::Interval;
    ///
    /// // 9 of 10.
    /// let found = Interval::wilson(0.9, 10.0)?;
    /// assert!((found.lower - 0.596).abs() < 1e-3 && (found.upper - 0.982).abs() < 1e-3);
    /// # Ok::<(), relata_decide::DecideError>(())
    /// ```
    pub fn wilson(share: f64, trials: f64) -> Result<Self> {
        error::share("share", 0, share)?;
        if trials == 0.0 {
            return Err(DecideError::NoObservations);
        }
        error::setting("trials", trials > 0.0 && trials.is_finite(), "a finite number above 0", trials)?;
        let z2 = Z * Z / trials;
        let centre = (share + z2 / 2.0) / (1.0 + z2);
        let radius = ((share * (1.0 - share) / trials) + z2 / trials / 4.0).sqrt() * Z / (1.0 + z2);
        // Nothing certain is outside by rounding, and a tiny number of trials says nothing at all.
        let [lower, upper] = [centre - radius, centre + radius].map(|end| if end.is_finite() { end } else { 0.5 });
        Ok(Self { estimate: share, lower: lower.clamp(0.0, share), upper: upper.clamp(share, 1.0) })
    }

    /// The size of an unweighted sample that is as informative as one of these weights (Kish 1965): `(sum w)^2 / sum
    /// w^2`; 0 without weights.
    pub(crate) fn effective_size(sum: f64, sum_of_squares: f64) -> f64 {
        if sum_of_squares > 0.0 { sum * sum / sum_of_squares } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The probability of k successes of n.
    fn binomial(n: u32, k: u32, p: f64) -> f64 {
        let choose: f64 = (0..k).map(|at| f64::from(n - at) / f64::from(at + 1)).product();
        choose * p.powi(k as i32) * (1.0 - p).powi((n - k) as i32)
    }

    proptest! {
        #[test]
        fn ends_solve_the_score_equation(share in 0.0..1.0f64, trials in 1.0..1e5f64) {
            let found = Interval::wilson(share, trials).unwrap();
            for end in [found.lower, found.upper] {
                let distance = (share - end).abs() / (end * (1.0 - end) / trials).sqrt();
                prop_assert!(end <= 0.0 || end >= 1.0 || (distance - Z).abs() < 1e-5, "{} {}", end, distance);
            }
        }

        #[test]
        fn any_share_of_any_trials_has_one(share in 0.0..=1.0f64, trials in any::<f64>()) {
            if let Ok(found) = Interval::wilson(share, trials) {
                prop_assert!(0.0 <= found.lower && found.lower <= share && share <= found.upper && found.upper <= 1.0);
            }
        }
    }

    #[test]
    fn it_holds_the_truth_often_enough() {
        for p in [0.05, 0.3, 0.5, 0.9] {
            let covers = |k: u32| {
                let found = Interval::wilson(f64::from(k) / 40.0, 40.0).unwrap();
                found.lower <= p && p <= found.upper
            };
            let coverage: f64 = (0..=40).filter(|&k| covers(k)).map(|k| binomial(40, k, p)).sum();
            assert!(coverage > 0.92, "{coverage} at {p}");
        }
    }

    #[test]
    fn degenerate_input_is_refused() {
        assert_eq!(Interval::wilson(0.5, 0.0), Err(DecideError::NoObservations));
        assert!(Interval::wilson(1.1, 5.0).is_err() && Interval::wilson(f64::NAN, 5.0).is_err());
        assert!(Interval::wilson(0.5, f64::NAN).is_err() && Interval::wilson(0.5, -1.0).is_err());
        assert_eq!(Interval::effective_size(0.0, 0.0), 0.0);
        assert_eq!(Interval::effective_size(4.0, 4.0), 4.0);
    }
}
