//! The loss of multinomial logistic regression and its gradient, in parallel blocks: products in 32 bits, sums in 64.

use relata_graph::knn::{Matrix, multiply};
use relata_kernels::{Isa, softmax};

use super::error::Result;
use super::vectors::{Vectors, block_rows};

/// Mean cross-entropy plus `l2` times the squared weights, over standardised vectors.
pub(super) struct Objective<'a> {
    pub vectors: &'a Vectors,
    pub classes: usize,
    pub l2: f64,
}

impl Objective<'_> {
    /// The number of parameters: a weight per feature and class (a class's weights are consecutive), then the biases.
    pub fn parameters(&self) -> usize {
        (self.vectors.width() + 1) * self.classes
    }

    /// Loss and gradient at `parameters`.
    pub fn evaluate(&self, parameters: &[f64]) -> Result<(f64, Vec<f64>)> {
        let (width, classes) = (self.vectors.width(), self.classes);
        let weights: Vec<f32> = parameters.iter().map(|&p| p as f32).collect();
        let mut loss = 0.0;
        let mut gradient = vec![0.0; parameters.len()];
        self.vectors.map_blocks(
            block_rows(width + classes),
            |block| {
                let mut logits = logits(&block.values, &weights, classes);
                let loss = softmax::cross_entropy(Isa::best(), &mut logits, &block.classes);
                let rows = block.classes.len();
                let mut gradient = vec![0.0; weights.len()];
                let delta = Matrix::columns(&logits, rows, classes);
                multiply(
                    Matrix::rows(&block.values, rows, width).transposed(),
                    delta,
                    &mut gradient[..width * classes],
                );
                for (bias, delta) in gradient[width * classes..].iter_mut().zip(logits.chunks_exact(rows)) {
                    *bias = delta.iter().sum();
                }
                (loss, gradient)
            },
            |(part, parts)| {
                loss += part;
                gradient.iter_mut().zip(parts).for_each(|(sum, part)| *sum += f64::from(part));
            },
        )?;
        let rows = self.vectors.rows().max(1) as f64;
        loss /= rows;
        gradient.iter_mut().for_each(|sum| *sum /= rows);
        for (gradient, weight) in gradient.iter_mut().zip(&parameters[..width * classes]) {
            loss += self.l2 * weight * weight;
            *gradient += 2.0 * self.l2 * weight;
        }
        Ok((loss, gradient))
    }
}

/// The share of rows whose largest logit is that of their class; of equal logits the first counts.
pub(super) fn accuracy(vectors: &Vectors, parameters: &[f64], classes: usize) -> Result<f64> {
    let weights: Vec<f32> = parameters.iter().map(|&p| p as f32).collect();
    let mut correct = 0;
    vectors.map_blocks(
        block_rows(vectors.width() + classes),
        |block| {
            let logits = logits(&block.values, &weights, classes);
            let rows = block.classes.len();
            let best = |row: usize| {
                let better =
                    |best, class| if logits[class * rows + row] > logits[best * rows + row] { class } else { best };
                (1..classes).fold(0, better)
            };
            block.classes.iter().enumerate().filter(|&(row, &class)| best(row) == class as usize).count() as u64
        },
        |part| correct += part,
    )?;
    Ok(correct as f64 / vectors.rows().max(1) as f64)
}

/// The logits of a block, class by class: the log-likelihoods of class c are `logits[c * rows..][..rows]`, so that the
/// softmax runs over consecutive rows.
fn logits(values: &[f32], weights: &[f32], classes: usize) -> Vec<f32> {
    let width = weights.len() / classes - 1;
    let rows = values.len() / width;
    let (weights, biases) = weights.split_at(width * classes);
    let mut logits = vec![0.0; rows * classes];
    multiply(Matrix::rows(values, rows, width), Matrix::columns(weights, width, classes), &mut logits);
    for (logits, bias) in logits.chunks_exact_mut(rows).zip(biases) {
        logits.iter_mut().for_each(|logit| *logit += bias);
    }
    logits
}

#[cfg(test)]
mod tests {
    use super::super::fixture::blobs;
    use super::*;
    use crate::evaluate::Standardiser;

    #[test]
    fn the_gradient_agrees_with_finite_differences() {
        let vectors = blobs(3, 100, 4, 1.0, 5);
        let vectors = Standardiser::fit(&vectors).unwrap().applied(&vectors).unwrap();
        let objective = Objective { vectors: &vectors, classes: 3, l2: 0.01 };
        let at: Vec<f64> = (0..objective.parameters()).map(|i| ((i * 7) % 5) as f64 * 0.25 - 0.5).collect();
        let (_, gradient) = objective.evaluate(&at).unwrap();
        for (i, &slope) in gradient.iter().enumerate() {
            let loss = |step: f64| {
                let mut moved = at.clone();
                moved[i] += step;
                objective.evaluate(&moved).unwrap().0
            };
            // The steps are powers of two, so that they survive the weights' rounding to 32 bits.
            let difference = (loss(1.0 / 256.0) - loss(-1.0 / 256.0)) * 128.0;
            assert!((difference - slope).abs() < 2e-4 * (1.0 + slope.abs()), "{i}: {difference} and {slope}");
        }
    }

    #[test]
    fn the_loss_of_no_weights_is_the_logarithm_of_the_classes() {
        let vectors = blobs(4, 50, 3, 1.0, 5);
        let objective = Objective { vectors: &vectors, classes: 4, l2: 1.0 };
        let (loss, _) = objective.evaluate(&vec![0.0; objective.parameters()]).unwrap();
        assert!((loss - 4f64.ln()).abs() < 1e-6);
    }
}
