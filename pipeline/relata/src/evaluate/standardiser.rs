//! Standardised features: the mean of the training rows taken away, divided by their standard deviation.

use super::error::{EvaluateError, Result};
use super::vectors::{Block, Vectors, block_rows};

/// Added to every standard deviation, in units of the largest, so that nearly constant features do not become noise and
/// the unit of the features does not matter.
const EPSILON: f64 = 1e-6;

/// Mean and scale of every feature.
#[derive(Debug, Clone, PartialEq)]
pub struct Standardiser {
    mean: Vec<f32>,
    scale: Vec<f32>,
}

impl Standardiser {
    /// Measures mean and (unbiased) standard deviation in two passes; a feature that is constant up to rounding
    /// becomes 0. An error if there are no rows.
    pub fn fit(vectors: &Vectors) -> Result<Self> {
        if vectors.rows() == 0 {
            return Err(EvaluateError::TooFewRows { measure: "a standard deviation", expected: 1, found: 0 });
        }
        let mean = mean(vectors)?;
        let variance = sums(vectors, |feature, value| (value - mean[feature]).powi(2))?;
        let deviation = |sum: &f64| (sum / (vectors.rows() - 1).max(1) as f64).sqrt();
        let deviations: Vec<f64> = variance.iter().map(deviation).collect();
        let epsilon = EPSILON * deviations.iter().fold(0.0, |largest: f64, deviation| largest.max(*deviation));
        let scale = |(deviation, mean): (&f64, &f64)| {
            if *deviation <= f64::from(f32::EPSILON) * mean.abs() { 0.0 } else { 1.0 / (deviation + epsilon) }
        };
        let scale = deviations.iter().zip(&mean).map(|pair| scale(pair) as f32).collect();
        Ok(Self { mean: mean.iter().map(|&mean| mean as f32).collect(), scale })
    }

    /// All vectors standardised, once for everything that reads them more than once.
    pub fn applied(&self, vectors: &Vectors) -> Result<Vectors> {
        let mut builder = vectors.builder_like()?;
        let step = |block: &mut Block| {
            self.apply(&mut block.values);
            std::mem::take(block)
        };
        let mut outcome = Ok(());
        vectors.map_blocks(block_rows(vectors.width()), step, |block| {
            let rows = block.values.chunks_exact(vectors.width()).zip(&block.classes);
            for (row, &class) in rows {
                if outcome.is_ok() {
                    outcome = builder.push(row, class);
                }
            }
        })?;
        outcome?;
        builder.finish()
    }

    /// Standardises rows in place.
    pub fn apply(&self, values: &mut [f32]) {
        for row in values.chunks_exact_mut(self.mean.len()) {
            for ((value, mean), scale) in row.iter_mut().zip(&self.mean).zip(&self.scale) {
                *value = (*value - mean) * scale;
            }
        }
    }
}

/// The mean of every feature; 0 without rows.
pub(crate) fn mean(vectors: &Vectors) -> Result<Vec<f64>> {
    let mut mean = sums(vectors, |_, value| value)?;
    mean.iter_mut().for_each(|sum| *sum /= vectors.rows().max(1) as f64);
    Ok(mean)
}

fn sums(vectors: &Vectors, term: impl Fn(usize, f64) -> f64 + Sync) -> Result<Vec<f64>> {
    let width = vectors.width();
    let mut total = vec![0.0; width];
    vectors.map_blocks(
        block_rows(width),
        |block| {
            let mut sum = vec![0.0; width];
            for row in block.values.chunks_exact(width) {
                for (feature, (sum, value)) in sum.iter_mut().zip(row).enumerate() {
                    *sum += term(feature, f64::from(*value));
                }
            }
            sum
        },
        |part| total.iter_mut().zip(part).for_each(|(total, part)| *total += part),
    )?;
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_get_mean_zero_and_deviation_one() {
        let mut builder = Vectors::builder(3).unwrap();
        for value in [1.0, 2.0, 6.0] {
            builder.push(&[value, 0.1, 1e6 + value], 0).unwrap();
        }
        let standardiser = Standardiser::fit(&builder.finish().unwrap()).unwrap();
        let mut row = [6.0, 0.1, 1e6 + 6.0];
        standardiser.apply(&mut row);
        let expected = 3.0 / 7f32.sqrt();
        assert!((row[0] - expected).abs() < 1e-5 && (row[2] - expected).abs() < 1e-5, "{row:?}");
        assert_eq!(row[1], 0.0);
    }
}
