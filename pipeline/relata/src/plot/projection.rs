//! Projection of embeddings to two dimensions: a sample of rows on the first two principal axes of all rows.

use relata_data::seed;

use super::scatter::{Scatter, scatter};
use crate::evaluate::{Classes, Moments, Result, Vectors};

/// The most rows that are projected.
const SAMPLE: usize = 5000;

/// Projected rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Projection {
    /// The sampled rows on the first and the second axis.
    pub points: Vec<(f64, f64)>,
    /// Their classes.
    pub classes: Vec<u32>,
    /// The share of the whole variance along each of the two axes.
    pub explained: [f64; 2],
    /// The rows as they were before, one after the other.
    pub vectors: Vec<f32>,
    /// The numbers per row.
    pub width: usize,
    /// How many rows there are, projected or not.
    pub all_rows: u64,
}

/// Projects at most 5,000 rows, drawn with `seed`, on the principal axes of all rows (PCA by the covariance, streamed).
/// The second coordinate of vectors of one number is 0. An error if there are fewer than two rows.
///
/// ```
/// use relata::evaluate::Vectors;
/// use relata::plot::projection;
///
/// let mut vectors = Vectors::builder(3)?;
/// for row in [[0.0, 0.0, 1.0], [1.0, 0.0, 1.0], [0.0, 2.0, 1.0]] {
///     vectors.push(&row, 0)?;
/// }
/// assert_eq!(projection(&vectors.finish()?, 7)?.points.len(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn projection(vectors: &Vectors, seed: u64) -> Result<Projection> {
    let moments = Moments::measure(vectors)?;
    let axes = moments.principal_axes(2)?;
    let width = vectors.width();
    let total: f64 = moments.covariance().iter().step_by(width + 1).sum();
    let share = |axis: usize| axes.get(axis).filter(|_| total > 0.0).map_or(0.0, |(variance, _)| variance / total);
    let sample = vectors.sample(SAMPLE, &mut seed::stream(seed, &[]))?;
    let coordinate = |row: &[f32], axis: usize| {
        let Some((_, axis)) = axes.get(axis) else { return 0.0 };
        let centred = row.iter().zip(moments.mean()).map(|(x, mean)| f64::from(*x) - mean);
        centred.zip(axis).map(|(x, weight)| x * weight).sum()
    };
    let points = sample.values.chunks_exact(width).map(|row| (coordinate(row, 0), coordinate(row, 1))).collect();
    Ok(Projection {
        points,
        classes: sample.classes,
        explained: [share(0), share(1)],
        vectors: sample.values,
        width,
        all_rows: vectors.rows(),
    })
}

impl Projection {
    /// The picture, with the shares of the variance on the axes.
    pub fn figure(&self, title: impl Into<String>, classes: &Classes) -> Scatter {
        let axis =
            |number: usize| format!("PC {} ({:.1} % of the variance)", number + 1, 100.0 * self.explained[number]);
        scatter(title, &self.points, &self.classes, classes.names()).with_axes(axis(0), axis(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ellipse_is_turned_onto_the_axes() {
        let mut builder = Vectors::builder(2).unwrap();
        for (along, across) in [(-3.0, 0.0), (3.0, 0.0), (0.0, 1.0), (0.0, -1.0)] {
            builder.push(&[5.0 + 0.6 * along - 0.8 * across, 0.8 * along + 0.6 * across], 1).unwrap();
        }
        let projected = projection(&builder.finish().unwrap(), 0).unwrap();
        for (point, expected) in projected.points.iter().zip([(-3.0, 0.0), (3.0, 0.0), (0.0, -1.0), (0.0, 1.0)]) {
            assert!((point.0 - expected.0).abs() < 1e-5 && (point.1 - expected.1).abs() < 1e-5, "{projected:?}");
        }
        assert!((projected.explained[0] - 0.9).abs() < 1e-6 && (projected.explained[1] - 0.1).abs() < 1e-6);
        assert_eq!((&projected.classes[..], projected.vectors.len(), projected.all_rows), (&[1; 4][..], 8, 4));
    }
}
