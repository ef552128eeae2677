//! Alignment and uniformity on the unit sphere (Wang & Isola 2020), from a seeded sample of rows and pairs.

use rand::RngExt;
use relata_data::seed::{self, Rng};

use super::error::{EvaluateError, Result};
use super::vectors::{Block, Vectors};

/// The most pairs that are looked at for each of the two measures.
const PAIRS: usize = 100_000;
/// Numbers in the sample of rows.
const SAMPLE: usize = 1 << 21;

/// Two measures of normalised vectors; lower is better for both.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Alignment {
    /// The mean squared distance of two rows of one class; absent if no class has two rows in the sample.
    pub alignment: Option<f64>,
    /// The logarithm of the mean of exp(-2 d^2) over pairs of rows at distance d: 0 if all coincide.
    pub uniformity: f64,
}

/// Measures a sample of at most 16,384 rows: every pair if there are at most 100,000 of them, else that many drawn with
/// replacement. Rows are scaled to length 1. An error if there are fewer than two rows.
///
/// ```
/// use relata::evaluate::{Vectors, alignment};
///
/// // Two rows of one class that point the same way.
/// let mut vectors = Vectors::builder(2)?;
/// vectors.push(&[1.0, 0.0], 0)?;
/// vectors.push(&[2.0, 0.0], 0)?;
/// let found = alignment(&vectors.finish()?, 7)?;
/// assert_eq!((found.alignment, found.uniformity), (Some(0.0), 0.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn alignment(vectors: &Vectors, seed: u64) -> Result<Alignment> {
    if vectors.rows() < 2 {
        return Err(EvaluateError::TooFewRows { measure: "alignment", expected: 2, found: vectors.rows() });
    }
    let width = vectors.width();
    let mut rng = seed::stream(seed, &[]);
    let mut sample = vectors.sample((SAMPLE / width).clamp(2, 16_384), &mut rng)?;
    for row in sample.values.chunks_exact_mut(width) {
        let norm = row.iter().map(|x| x * x).sum::<f32>().sqrt();
        if norm > 0.0 {
            row.iter_mut().for_each(|x| *x /= norm);
        }
    }
    let row = |number: usize| &sample.values[number * width..][..width];
    let distance =
        |(a, b): (usize, usize)| row(a).iter().zip(row(b)).map(|(a, b)| (a - b) * (a - b)).sum::<f32>() as f64;
    let groups = by_class(&sample);
    let positives = pairs(&groups, &mut rng);
    let all = pairs(&[(0..sample.classes.len()).collect()], &mut rng);
    let mean = |pairs: &[(usize, usize)], term: &dyn Fn(f64) -> f64| {
        pairs.iter().map(|&pair| term(distance(pair))).sum::<f64>() / pairs.len() as f64
    };
    Ok(Alignment {
        alignment: (!positives.is_empty()).then(|| mean(&positives, &|d| d)),
        uniformity: mean(&all, &|d| (-2.0 * d).exp()).ln(),
    })
}

fn by_class(sample: &Block) -> Vec<Vec<usize>> {
    let mut groups = vec![];
    for (row, &class) in sample.classes.iter().enumerate() {
        if groups.len() <= class as usize {
            groups.resize(class as usize + 1, vec![]);
        }
        groups[class as usize].push(row);
    }
    groups
}

/// Pairs of different members of one group: all of them, or [`PAIRS`] drawn uniformly if there are more.
fn pairs(groups: &[Vec<usize>], rng: &mut Rng) -> Vec<(usize, usize)> {
    let mut ends = vec![];
    let mut total = 0;
    for group in groups {
        total += group.len() * group.len().saturating_sub(1) / 2;
        ends.push(total);
    }
    if total <= PAIRS {
        let of_group = |group: &Vec<usize>| {
            let mut pairs = vec![];
            for (at, a) in group.iter().enumerate() {
                pairs.extend(group[..at].iter().map(|b| (*a, *b)));
            }
            pairs
        };
        return groups.iter().flat_map(of_group).collect();
    }
    let draw = |_| {
        let at = rng.random_range(0..total);
        let group = &groups[ends.partition_point(|end| *end <= at)];
        let a = rng.random_range(0..group.len());
        let b = rng.random_range(0..group.len() - 1);
        (group[a], group[b + usize::from(b >= a)])
    };
    (0..PAIRS).map(draw).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::blobs;
    use super::*;

    #[test]
    fn a_square_on_the_circle() {
        let mut builder = Vectors::builder(2).unwrap();
        for (row, class) in [([2.0, 0.0], 0), ([0.0, 0.5], 0), ([-1.0, 0.0], 1), ([0.0, -3.0], 1)] {
            builder.push(&row, class).unwrap();
        }
        let measured = alignment(&builder.finish().unwrap(), 0).unwrap();
        assert!((measured.alignment.unwrap() - 2.0).abs() < 1e-6);
        // Four sides of squared length 2 and two diagonals of squared length 4.
        let expected = ((4.0 * (-4f64).exp() + 2.0 * (-8f64).exp()) / 6.0).ln();
        assert!((measured.uniformity - expected).abs() < 1e-6);
    }

    #[test]
    fn sampled_pairs_come_close_to_all_pairs() {
        let vectors = blobs(4, 2000, 6, 1.0, 2);
        let measured = alignment(&vectors, 0).unwrap();
        let mut block = vectors.blocks(2000).next().unwrap().unwrap();
        for row in block.values.chunks_mut(6) {
            let norm = row.iter().map(|x| x * x).sum::<f32>().sqrt();
            row.iter_mut().for_each(|x| *x /= norm);
        }
        let rows: Vec<&[f32]> = block.values.chunks(6).collect();
        let (mut same, mut same_pairs, mut exponentials) = (0.0, 0.0, 0.0);
        for (i, a) in rows.iter().enumerate() {
            for (j, b) in rows[..i].iter().enumerate() {
                let distance: f64 = a.iter().zip(*b).map(|(a, b)| f64::from(a - b).powi(2)).sum();
                exponentials += (-2.0 * distance).exp();
                if block.classes[i] == block.classes[j] {
                    same += distance;
                    same_pairs += 1.0;
                }
            }
        }
        assert!((measured.alignment.unwrap() - same / same_pairs).abs() < 0.005, "{measured:?}");
        assert!((measured.uniformity - (exponentials / (2000.0 * 1999.0 / 2.0)).ln()).abs() < 0.02, "{measured:?}");
    }

    #[test]
    fn classes_of_one_row_have_no_alignment() {
        let measured = alignment(&blobs(3, 3, 2, 1.0, 1), 0).unwrap();
        assert_eq!(measured.alignment, None);
    }
}
