//! Log-odds (logits) and probabilities, without overflow.

/// Log-odds are kept within this bound, at which the probability still differs from 0 and 1 in double precision.
const MOST: f64 = 36.0;

/// The probability of log-odds: `1 / (1 + exp(-log_odds))`.
///
/// ```
/// use relata_decide::log_odds::probability;
///
/// assert_eq!(probability(0.0), 0.5);
/// assert_eq!(probability(-1000.0), 0.0);
/// ```
pub fn probability(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

/// The log-odds of a probability: `ln(p / (1 - p))`, clipped to [-36, 36] so that certainty stays a finite number. NaN
/// stays NaN.
///
/// ```
/// use relata_decide::log_odds::{log_odds, probability};
///
/// assert!((log_odds(probability(1.5)) - 1.5).abs() < 1e-12);
/// assert_eq!(log_odds(1.0), 36.0);
/// ```
pub fn log_odds(probability: f64) -> f64 {
    (probability.ln() - (-probability).ln_1p()).clamp(-MOST, MOST)
}

/// The negative log-likelihood of a target in [0, 1] at log-odds z: `ln(1 + exp(z)) - target z`.
pub(crate) fn logistic_loss(z: f64, target: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p() - target * z
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn they_are_inverse(z in -30.0..30.0f64) {
            prop_assert!((log_odds(probability(z)) - z).abs() < 1e-2);
            prop_assert!((probability(z) + probability(-z) - 1.0).abs() < 1e-15);
        }

        #[test]
        fn the_loss_is_the_negative_log_likelihood(z in -20.0..20.0f64, target in 0.0..1.0f64) {
            let p = probability(z);
            let naive = -target * p.ln() - (1.0 - target) * (1.0 - p).ln();
            prop_assert!((logistic_loss(z, target) - naive).abs() < 1e-6);
        }
    }

    #[test]
    fn certainty_is_finite() {
        assert_eq!((log_odds(0.0), log_odds(1.0)), (-MOST, MOST));
        assert!(log_odds(f64::NAN).is_nan());
        assert_eq!((probability(f64::NEG_INFINITY), probability(f64::INFINITY)), (0.0, 1.0));
        assert_eq!(logistic_loss(1e4, 1.0), 0.0);
        assert!(probability(MOST) < 1.0);
    }
}
