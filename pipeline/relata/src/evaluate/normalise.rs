//! Normalised vectors: centred, each of unit length.

use super::error::Result;
use super::standardiser::mean;
use super::vectors::{Vectors, block_rows};

/// A copy in which the mean is taken away from every row and its length divided out; a row at the mean becomes zeros.
pub(super) fn normalised(vectors: &Vectors) -> Result<Vectors> {
    let width = vectors.width();
    let mean: Vec<f32> = mean(vectors)?.into_iter().map(|m| m as f32).collect();
    let mut copy = vectors.builder_like()?;
    for block in vectors.blocks(block_rows(width)) {
        let mut block = block?;
        for (row, &class) in block.values.chunks_exact_mut(width).zip(&block.classes) {
            row.iter_mut().zip(&mean).for_each(|(x, m)| *x -= m);
            let length = row.iter().map(|x| x * x).sum::<f32>().sqrt();
            if length > 0.0 {
                row.iter_mut().for_each(|x| *x /= length);
            }
            copy.push(row, class)?;
        }
    }
    copy.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_seen_from_their_mean() {
        let mut builder = Vectors::builder(2).unwrap();
        for (row, class) in [([11.0, 5.0], 1), ([7.0, 5.0], 0), ([9.0, 8.0], 2), ([9.0, 2.0], 0), ([9.0, 5.0], 0)] {
            builder.push(&row, class).unwrap();
        }
        let found = normalised(&builder.finish().unwrap()).unwrap();
        let block = found.blocks(9).next().unwrap().unwrap();
        assert_eq!(block.values, [1.0, 0.0, -1.0, 0.0, 0.0, 1.0, 0.0, -1.0, 0.0, 0.0]);
        assert_eq!(block.classes, [1, 0, 2, 0, 0]);
    }
}
