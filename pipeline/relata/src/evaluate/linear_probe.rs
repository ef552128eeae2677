//! Linear probe: multinomial logistic regression on frozen, standardised embeddings, fitted by L-BFGS.

use std::cell::RefCell;

use argmin::core::{CostFunction, Error, Executor, Gradient, State};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;

use relata_registry::{Description, Settings};
use relata_schemas::samples::LABEL;
use serde::{Deserialize, Serialize};

use super::error::{EvaluateError, Result};
use super::evaluation::Evaluation;
use super::objective::{Objective, accuracy};
use super::split::Split;
use super::standardiser::Standardiser;

/// Past steps that approximate the curvature.
const MEMORY: usize = 20;
/// The gradient norm and the loss decrease at which the fit has converged, well above the rounding of 32-bit products.
const GRADIENT_TOLERANCE: f64 = 1e-5;
const LOSS_TOLERANCE: f64 = 1e-7;

/// Settings of a linear probe; see [`linear_probe`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LinearProbe {
    label: String,
    l2: f64,
    max_iterations: u64,
}

/// How well a linear classifier reads the classes off the embeddings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinearProbeResult {
    /// The share of training rows that are classified correctly.
    pub train_accuracy: f64,
    /// The share of test rows that are classified correctly.
    pub test_accuracy: f64,
    /// Mean cross-entropy on the training rows plus the penalty, at the end.
    pub loss: f64,
    /// L-BFGS iterations taken.
    pub iterations: u64,
}

/// A linear probe of the classes in `label`: penalty 1e-4 times the squared weights, at most 200 iterations.
///
/// ```
/// use relata::prelude::*;
///
/// let probe = linear_probe("label");
/// assert_eq!((probe.label(), probe.describe().name.as_str()), ("label", "linear_probe"));
/// ```
pub fn linear_probe(label: impl Into<String>) -> LinearProbe {
    LinearProbe { label: label.into(), l2: 1e-4, max_iterations: 200 }
}

impl LinearProbe {
    /// The factor of the squared weights in the loss.
    ///
    /// ```
    /// use relata::prelude::*;
    ///
    /// assert_eq!(linear_probe("label").with_l2(0.5).describe()["l2"], 0.5);
    /// ```
    pub fn with_l2(mut self, l2: f64) -> Self {
        self.l2 = l2;
        self
    }

    /// The most L-BFGS iterations.
    ///
    /// ```
    /// use relata::prelude::*;
    ///
    /// assert_eq!(linear_probe("label").with_max_iterations(50).describe()["max_iterations"], 50);
    /// ```
    pub fn with_max_iterations(mut self, iterations: u64) -> Self {
        self.max_iterations = iterations;
        self
    }

    /// Fits on the training rows and measures on both sides. An error if the training rows are of one class.
    ///
    /// ```no_run
    /// use std::path::Path;
    /// use relata::evaluate::{linear_probe, split_reader};
    ///
    /// let split = split_reader("label").read(Path::new("runs/digits/embeddings.parquet"))?;
    /// println!("{:.3}", linear_probe("label").fit(&split)?.test_accuracy);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fit(&self, split: &Split) -> Result<LinearProbeResult> {
        check_widths(split)?;
        let counts = split.train.class_counts();
        let mut present = (0..).zip(counts).filter(|(_, count)| **count > 0).map(|(class, _)| class);
        match (present.next(), present.next()) {
            (Some(_), Some(_)) => {}
            (Some(class), None) => {
                return Err(EvaluateError::OneClass { class: split.classes.name(class), rows: split.train.rows() });
            }
            _ => return Err(EvaluateError::TooFewRows { measure: "a linear probe", expected: 2, found: 0 }),
        }
        let classes = counts.len().max(split.test.class_counts().len());
        let standardiser = Standardiser::fit(&split.train)?;
        let (train, test) = (standardiser.applied(&split.train)?, standardiser.applied(&split.test)?);
        let objective = Objective { vectors: &train, classes, l2: self.l2 };
        let (parameters, loss, iterations) = minimise(&objective, self.max_iterations)?;
        Ok(LinearProbeResult {
            train_accuracy: accuracy(&train, &parameters, classes)?,
            test_accuracy: accuracy(&test, &parameters, classes)?,
            loss,
            iterations,
        })
    }
}

impl Default for LinearProbe {
    fn default() -> Self {
        linear_probe(LABEL)
    }
}

impl Settings for LinearProbe {
    const NAME: &'static str = "linear_probe";
    const SUMMARY: &'static str = "how well a linear classifier reads the classes off the embeddings";
}

impl Evaluation for LinearProbe {
    fn label(&self) -> &str {
        &self.label
    }

    fn measure(&self, split: &Split) -> Result<Vec<(String, f64)>> {
        check_classes(split, &self.label)?;
        let result = self.fit(split)?;
        Ok(vec![
            ("linear_probe.train".to_owned(), result.train_accuracy),
            ("linear_probe.test".to_owned(), result.test_accuracy),
            ("linear_probe.loss".to_owned(), result.loss),
        ])
    }

    fn describe(&self) -> Description {
        Description::of(self)
    }
}

/// Refuses a split that has no class on both sides: a probe could only be wrong.
pub(super) fn check_classes(split: &Split, label: &str) -> Result<()> {
    let sides = split.train.class_counts().iter().zip(split.test.class_counts());
    if split.test.rows() == 0 || sides.into_iter().any(|(train, test)| *train > 0 && *test > 0) {
        return Ok(());
    }
    let classes = split.test.class_counts().iter().filter(|count| **count > 0).count();
    Err(EvaluateError::ClassesApart { label: label.to_owned(), classes })
}

pub(super) fn check_widths(split: &Split) -> Result<()> {
    let (expected, found) = (split.train.width(), split.test.width());
    if expected == found { Ok(()) } else { Err(EvaluateError::Width { expected, found }) }
}

/// Where the objective was evaluated last, and what it was there.
struct Point {
    parameters: Vec<f64>,
    loss: f64,
    gradient: Vec<f64>,
}

/// The objective as argmin wants it: it asks for loss and gradient apart, so the last point's pair is kept.
struct Memoised<'a> {
    objective: &'a Objective<'a>,
    last: RefCell<Option<Point>>,
    /// The line search turns an error into an ordinary end, so the first one is kept here.
    failure: &'a RefCell<Option<EvaluateError>>,
}

impl Memoised<'_> {
    fn get<T>(&self, parameters: &[f64], pick: impl Fn(f64, &[f64]) -> T) -> Result<T, Error> {
        if let Some(last) = &*self.last.borrow()
            && last.parameters == parameters
        {
            return Ok(pick(last.loss, &last.gradient));
        }
        let (loss, gradient) = self.objective.evaluate(parameters).map_err(|error| {
            let text = error.to_string();
            self.failure.borrow_mut().get_or_insert(error);
            Error::msg(text)
        })?;
        if !loss.is_finite() {
            // The step was far too long; without an error the line search would go on with NaN for ever.
            return Err(Error::msg("the loss is not finite"));
        }
        let picked = pick(loss, &gradient);
        *self.last.borrow_mut() = Some(Point { parameters: parameters.to_vec(), loss, gradient });
        Ok(picked)
    }
}

impl CostFunction for Memoised<'_> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, parameters: &Vec<f64>) -> Result<f64, Error> {
        self.get(parameters, |loss, _| loss)
    }
}

impl Gradient for Memoised<'_> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, parameters: &Vec<f64>) -> Result<Vec<f64>, Error> {
        self.get(parameters, |_, gradient| gradient.to_vec())
    }
}

/// The best parameters found, their loss and the iterations taken.
fn minimise(objective: &Objective<'_>, max_iterations: u64) -> Result<(Vec<f64>, f64, u64)> {
    let failure = RefCell::new(None);
    let run = || {
        let line_search = MoreThuenteLineSearch::new().with_width_tolerance(1e-4)?;
        let solver = LBFGS::new(line_search, MEMORY)
            .with_tolerance_grad(GRADIENT_TOLERANCE)?
            .with_tolerance_cost(LOSS_TOLERANCE)?;
        let problem = Memoised { objective, last: RefCell::new(None), failure: &failure };
        let start = vec![0.0; objective.parameters()];
        Executor::new(problem, solver)
            .configure(|state| state.param(start).max_iters(max_iterations))
            .timer(false)
            .ctrlc(false)
            .run()
    };
    let outcome = run();
    if let Some(error) = failure.take() {
        return Err(error);
    }
    let numerics = |why: String| EvaluateError::Numerics { what: "the fit of the linear probe", why };
    let mut state = outcome.map_err(|error| numerics(error.to_string()))?.state;
    let parameters = state.take_best_param().ok_or_else(|| numerics("no parameters were found".to_owned()))?;
    Ok((parameters, state.get_best_cost(), state.get_iter()))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{blobs, split};
    use super::*;
    use crate::evaluate::{Classes, Vectors};

    #[test]
    fn the_fit_reaches_the_loss_of_plain_gradient_descent_and_no_less() {
        let split = split(3, 300, 4, 1.5);
        let result = linear_probe("label").with_l2(0.01).fit(&split).unwrap();
        let train = Standardiser::fit(&split.train).unwrap().applied(&split.train).unwrap();
        let objective = Objective { vectors: &train, classes: 3, l2: 0.01 };
        let mut parameters = vec![0.0; objective.parameters()];
        for _ in 0..3000 {
            let (_, gradient) = objective.evaluate(&parameters).unwrap();
            parameters.iter_mut().zip(gradient).for_each(|(parameter, slope)| *parameter -= 0.5 * slope);
        }
        let (loss, _) = objective.evaluate(&parameters).unwrap();
        assert!((result.loss - loss).abs() < 1e-6, "{} and {loss}", result.loss);
        assert_eq!(result.train_accuracy, naive_accuracy(&train, &parameters));
        assert!(result.iterations < 100);
    }

    fn naive_accuracy(vectors: &Vectors, parameters: &[f64]) -> f64 {
        let block = vectors.blocks(1000).next().unwrap().unwrap();
        let width = vectors.width();
        let correct = block.values.chunks(width).zip(&block.classes).filter(|(row, class)| {
            let logit = |c: usize| {
                let products = row.iter().zip(&parameters[c * width..]).map(|(x, w)| f64::from(*x) * w);
                products.sum::<f64>() + parameters[3 * width + c]
            };
            (0..3).max_by(|a, b| logit(*a).total_cmp(&logit(*b))).unwrap() == **class as usize
        });
        correct.count() as f64 / block.classes.len() as f64
    }

    #[test]
    fn separable_classes_are_told_apart() {
        let result = linear_probe("label").fit(&split(5, 500, 8, 0.3)).unwrap();
        assert_eq!((result.train_accuracy, result.test_accuracy), (1.0, 1.0));
    }

    #[test]
    fn one_class_is_an_error_that_names_it() {
        let one = Split {
            train: blobs(1, 10, 2, 1.0, 1),
            test: blobs(1, 10, 2, 1.0, 2),
            classes: Classes::new(["cat".to_owned()].into()),
        };
        let error = linear_probe("label").fit(&one).unwrap_err();
        assert!(matches!(&error, EvaluateError::OneClass { class, rows: 10 } if class == "cat"), "{error}");
    }
}
