//! Logistic regression with a ridge penalty: log-odds as a weighted sum of features.

use serde::{Deserialize, Serialize};

use super::cholesky::solve;
use super::features::Features;
use super::observations::Observations;
use crate::error::{self, DecideError, Result};
use crate::log_odds::{logistic_loss, probability};

/// Newton's method ends when a step promises a smaller gain than this, relative to the weight of the observations.
const TOLERANCE: f64 = 1e-14;

const STEPS: usize = 200;

/// How to fit a [`LogisticRegression`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogisticRegressionSettings {
    /// The strength of the penalty `ridge / 2 * sum(coefficient^2)`, above 0; 1 by default. It acts on features as they
    /// are, so bring them to a similar scale.
    pub ridge: f64,
    /// Whether the penalty is on the intercept, too; not by default.
    pub penalise_intercept: bool,
}

impl Default for LogisticRegressionSettings {
    fn default() -> Self {
        Self { ridge: 1.0, penalise_intercept: false }
    }
}

/// Ridge logistic regression (le Cessie and van Houwelingen 1992): the log-odds of a pair are `offset + intercept +
/// coefficients . features`.
///
/// ```
/// use relata_decide::pair_model::{Features, LogisticRegression, LogisticRegressionSettings, Observations};
///
/// let features = Features::new(&[0.9, 0.8, 0.3, 0.1], 4, 1)?;
/// let observations = Observations::new(features, &[1.0, 1.0, 0.0, 0.0])?;
/// let model = LogisticRegression::fit(&observations, LogisticRegressionSettings::default())?;
/// let log_odds = model.log_odds(&features, None)?;
/// assert!(log_odds[0] > 0.0 && log_odds[3] < 0.0);
/// # Ok::<(), relata_decide::DecideError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogisticRegression {
    coefficients: Vec<f64>,
    intercept: f64,
}

impl LogisticRegression {
    /// Minimises `sum(weight * logistic loss) + ridge / 2 * sum(coefficient^2)` by Newton's method (iteratively
    /// reweighted least squares) with steps halved until they help. The penalty makes the loss strictly convex, so that
    /// it converges on separable classes as well. One class alone is an error unless the intercept is penalised.
    pub fn fit(observations: &Observations<'_>, settings: LogisticRegressionSettings) -> Result<Self> {
        let ridge = settings.ridge;
        error::setting("ridge", ridge.is_finite() && ridge > 0.0, "a finite number above 0", ridge)?;
        let [related, unrelated] = observations.class_weights()?;
        if !settings.penalise_intercept && (related == 0.0 || unrelated == 0.0) {
            return Err(DecideError::OneClass { related: related > 0.0 });
        }
        // The intercept is the last coefficient.
        let width = observations.features().width();
        let mut penalties = vec![ridge; width + 1];
        penalties[width] = if settings.penalise_intercept { ridge } else { 0.0 };
        let problem = Problem { observations, penalties, weight: related + unrelated };
        let mut coefficients = problem.minimise();
        let intercept = coefficients.pop().unwrap_or_default();
        Ok(Self { coefficients, intercept })
    }

    /// What each feature adds to the log-odds, per unit.
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }

    /// The log-odds of a pair whose features are all 0.
    pub fn intercept(&self) -> f64 {
        self.intercept
    }

    /// The log-odds of each pair, with the offsets added if there are any.
    pub fn log_odds(&self, features: &Features<'_>, offsets: Option<&[f64]>) -> Result<Vec<f64>> {
        features.expect_width(self.coefficients.len())?;
        let mut log_odds = features.offsets(offsets)?;
        for (row, log_odds) in log_odds.iter_mut().enumerate() {
            *log_odds += self.intercept + dot(&self.coefficients, features.row(row));
        }
        Ok(log_odds)
    }
}

struct Problem<'a> {
    observations: &'a Observations<'a>,
    penalties: Vec<f64>,
    weight: f64,
}

impl Problem<'_> {
    fn minimise(&self) -> Vec<f64> {
        let mut best = vec![0.0; self.penalties.len()];
        let mut loss = self.loss(&best);
        for _ in 0..STEPS {
            let (gradient, hessian) = self.derivatives(&best);
            let Some(step) = newton_step(&gradient, hessian) else { break };
            let promised = dot(&step, &gradient);
            // A loss without curvature left in double precision promises no number.
            if promised.is_nan() || promised <= TOLERANCE * self.weight {
                break;
            }
            let shorter = (0..50).map(|halvings| 0.5_f64.powi(halvings)).find_map(|length| {
                let next: Vec<f64> = best.iter().zip(&step).map(|(at, step)| at - length * step).collect();
                let there = self.loss(&next);
                (there < loss).then_some((next, there))
            });
            let Some(better) = shorter else { break };
            (best, loss) = better;
        }
        best
    }

    fn loss(&self, coefficients: &[f64]) -> f64 {
        let data = |o| logistic_loss(log_odds(coefficients, o), o.target) * o.weight;
        let penalty: f64 = coefficients.iter().zip(&self.penalties).map(|(at, ridge)| ridge * at * at).sum();
        self.observations.iter().map(data).sum::<f64>() + penalty / 2.0
    }

    /// The gradient, and the lower triangle of the Hessian.
    fn derivatives(&self, coefficients: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let n = coefficients.len();
        let mut gradient: Vec<f64> = coefficients.iter().zip(&self.penalties).map(|(at, ridge)| ridge * at).collect();
        let mut hessian = vec![0.0; n * n];
        for (at, &ridge) in self.penalties.iter().enumerate() {
            hessian[at * n + at] = ridge;
        }
        for o in self.observations.iter() {
            let p = probability(log_odds(coefficients, o));
            let (error, curvature) = (o.weight * (p - o.target), o.weight * p * (1.0 - p));
            let feature = |at: usize| o.features.get(at).copied().unwrap_or(1.0);
            for i in 0..n {
                gradient[i] += error * feature(i);
                let scaled = curvature * feature(i);
                for (j, entry) in hessian[i * n..=i * n + i].iter_mut().enumerate() {
                    *entry += scaled * feature(j);
                }
            }
        }
        (gradient, hessian)
    }
}

/// Newton's step. Where nearly all probabilities are 0 or 1, an intercept without penalty has no curvature left: then
/// more and more is added to the diagonal, which turns the step towards the gradient.
fn newton_step(gradient: &[f64], hessian: Vec<f64>) -> Option<Vec<f64>> {
    let n = gradient.len();
    (0..12).find_map(|attempt| {
        let mut damped = hessian.clone();
        let added = if attempt == 0 { 0.0 } else { 1e-9 * 10_f64.powi(attempt) };
        (0..n).for_each(|at| damped[at * n + at] += added);
        solve(damped, gradient.to_vec()).filter(|step| step.iter().all(|value| value.is_finite()))
    })
}

fn log_odds(coefficients: &[f64], o: super::observations::Observation<'_>) -> f64 {
    let width = o.features.len();
    o.offset + coefficients[width] + dot(&coefficients[..width], o.features)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn settings(ridge: f64) -> LogisticRegressionSettings {
        LogisticRegressionSettings { ridge, penalise_intercept: false }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_gradient_is_zero_at_the_optimum(
            rows in prop::collection::vec(
                (prop::array::uniform2(-2.0..2.0f64), 0.0..1.0f64, 0.1..3.0f64, -2.0..2.0f64), 2..40
            ),
            ridge in 0.01..10.0f64,
            penalise_intercept in any::<bool>(),
        ) {
            let values: Vec<f64> = rows.iter().flat_map(|row| row.0).collect();
            let targets: Vec<f64> = rows.iter().map(|row| row.1).collect();
            let weights: Vec<f64> = rows.iter().map(|row| row.2).collect();
            let offsets: Vec<f64> = rows.iter().map(|row| row.3).collect();
            let features = Features::new(&values, rows.len(), 2).unwrap();
            let observations = Observations::new(features, &targets).unwrap();
            let observations = observations.with_weights(&weights).unwrap().with_offsets(&offsets).unwrap();
            let settings = LogisticRegressionSettings { ridge, penalise_intercept };
            let model = LogisticRegression::fit(&observations, settings).unwrap();
            let loss = |at: &[f64; 3]| {
                let data: f64 = rows.iter().map(|(x, target, weight, offset)| {
                    let p = probability(offset + at[0] * x[0] + at[1] * x[1] + at[2]);
                    -weight * (target * p.ln() + (1.0 - target) * (1.0 - p).ln())
                }).sum();
                let intercept = if penalise_intercept { at[2] * at[2] } else { 0.0 };
                data + ridge / 2.0 * (at[0] * at[0] + at[1] * at[1] + intercept)
            };
            let best = [model.coefficients()[0], model.coefficients()[1], model.intercept()];
            for at in 0..3 {
                let moved = |by: f64| { let mut there = best; there[at] += by; loss(&there) };
                let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                prop_assert!(slope.abs() < 1e-4 * rows.len() as f64, "{} {:?}", slope, best);
            }
        }
    }

    #[test]
    fn separable_classes_converge() {
        let features = Features::new(&[0.0, 0.1, 0.9, 1e6], 4, 1).unwrap();
        let observations = Observations::new(features, &[0.0, 0.0, 1.0, 1.0]).unwrap();
        for ridge in [1e-9, 1e-3, 1.0] {
            let model = LogisticRegression::fit(&observations, settings(ridge)).unwrap();
            let log_odds = model.log_odds(&features, None).unwrap();
            assert!(log_odds.iter().all(|z| z.is_finite()) && log_odds[1] < log_odds[2], "{model:?}");
        }
    }

    #[test]
    fn without_features_it_is_the_share() {
        let features = Features::new(&[], 4, 0).unwrap();
        let observations = Observations::new(features, &[1.0, 0.0, 0.0, 0.0]).unwrap();
        let model = LogisticRegression::fit(&observations, settings(1.0)).unwrap();
        assert!((probability(model.intercept()) - 0.25).abs() < 1e-9);
        // An offset that says the same leaves nothing to learn.
        let observations = observations.with_offsets(&[(1.0_f64 / 3.0).ln(); 4]).unwrap();
        assert!(LogisticRegression::fit(&observations, settings(1.0)).unwrap().intercept().abs() < 1e-9);
    }

    #[test]
    fn weights_are_repetitions() {
        let fit = |values: &[f64], targets: &[f64], weights: &[f64]| {
            let features = Features::new(values, values.len(), 1).unwrap();
            let observations = Observations::new(features, targets).unwrap().with_weights(weights).unwrap();
            LogisticRegression::fit(&observations, settings(0.5)).unwrap()
        };
        let weighted = fit(&[0.1, 0.7, 0.6], &[0.0, 1.0, 0.0], &[2.0, 3.0, 1.0]);
        let repeated = fit(&[0.1, 0.1, 0.7, 0.7, 0.7, 0.6], &[0.0, 0.0, 1.0, 1.0, 1.0, 0.0], &[1.0; 6]);
        assert!((weighted.intercept() - repeated.intercept()).abs() < 1e-6);
    }

    #[test]
    fn degenerate_input_is_refused() {
        let features = Features::new(&[0.1, 0.2], 2, 1).unwrap();
        let one_class = Observations::new(features, &[1.0, 1.0]).unwrap();
        let refused = LogisticRegression::fit(&one_class, settings(1.0));
        assert_eq!(refused, Err(DecideError::OneClass { related: true }));
        let penalised = LogisticRegressionSettings { ridge: 0.1, penalise_intercept: true };
        assert!(LogisticRegression::fit(&one_class, penalised).unwrap().intercept() > 1.0);
        let empty = Observations::new(Features::new(&[], 0, 1).unwrap(), &[]).unwrap();
        assert_eq!(LogisticRegression::fit(&empty, penalised), Err(DecideError::NoObservations));
        assert!(LogisticRegression::fit(&one_class, settings(0.0)).is_err());
        assert!(LogisticRegression::fit(&one_class, settings(f64::NAN)).is_err());
        let model = LogisticRegression::fit(&one_class, penalised).unwrap();
        assert!(model.log_odds(&Features::new(&[1.0, 2.0], 1, 2).unwrap(), None).is_err());
        assert!(model.log_odds(&features, Some(&[1.0])).is_err());
    }
}
