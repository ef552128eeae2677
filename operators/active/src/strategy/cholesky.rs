//! The Cholesky factor of a small symmetric positive definite matrix, and what it solves.

/// A lower triangular factor, row-major.
pub(super) struct Cholesky {
    factor: Vec<f64>,
    size: usize,
}

impl Cholesky {
    /// Factors a row-major matrix. A pivot that rounding has made too small is raised to 1e-12 of the largest diagonal
    /// entry, so that there always is a factor.
    pub fn new(mut matrix: Vec<f64>, size: usize) -> Self {
        let floor = (0..size).map(|i| matrix[i * size + i]).fold(f64::MIN_POSITIVE, f64::max) * 1e-12;
        for column in 0..size {
            let above = matrix[column * size..][..column].to_vec();
            let squares: f64 = above.iter().map(|x| x * x).sum();
            let pivot = (matrix[column * size + column] - squares).max(floor).sqrt();
            matrix[column * size + column] = pivot;
            for row in column + 1..size {
                let inner: f64 = matrix[row * size..].iter().zip(&above).map(|(x, y)| x * y).sum();
                matrix[row * size + column] = (matrix[row * size + column] - inner) / pivot;
            }
        }
        Self { factor: matrix, size }
    }

    /// Replaces b by the x of factor * x = b.
    pub fn solve_lower(&self, b: &mut [f64]) {
        for (row, factor) in self.factor.chunks_exact(self.size).enumerate() {
            let inner: f64 = factor.iter().zip(&b[..row]).map(|(x, y)| x * y).sum();
            b[row] = (b[row] - inner) / factor[row];
        }
    }

    /// Replaces b by the x of matrix * x = b.
    pub fn solve(&self, b: &mut [f64]) {
        self.solve_lower(b);
        for row in (0..self.size).rev() {
            let below = row + 1..self.size;
            let inner: f64 = below.map(|other| self.factor[other * self.size + row] * b[other]).sum();
            b[row] = (b[row] - inner) / self.factor[row * self.size + row];
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use relata_data::seed::stream;

    use super::*;

    #[test]
    fn solutions_fit_their_equations() {
        let (mut rng, size) = (stream(1, &[]), 7);
        let a: Vec<f64> = (0..size * size).map(|_| rng.random_range(-1.0..1.0)).collect();
        let at = |i: usize, j: usize| (0..size).map(|k| a[i * size + k] * a[j * size + k]).sum::<f64>();
        let matrix: Vec<f64> = (0..size * size).map(|ij| at(ij / size, ij % size)).collect();
        let right: Vec<f64> = (0..size).map(|_| rng.random_range(-1.0..1.0)).collect();
        let mut x = right.clone();
        Cholesky::new(matrix.clone(), size).solve(&mut x);
        for (row, right) in matrix.chunks_exact(size).zip(right) {
            let left: f64 = row.iter().zip(&x).map(|(a, x)| a * x).sum();
            assert!((left - right).abs() < 1e-9, "{left} {right}");
        }
    }

    #[test]
    fn a_singular_matrix_has_finite_solutions() {
        let mut x = [1.0, 1.0];
        Cholesky::new(vec![1.0; 4], 2).solve(&mut x);
        assert!(x.iter().all(|x| x.is_finite()));
    }
}
