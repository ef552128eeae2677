//! Cholesky decomposition of small, dense, symmetric matrices.

/// Solves `A x = b` for a symmetric positive definite `A`, row-major, n x n, of which only the lower triangle is read.
/// Nothing if a pivot is not above 0, which means that A is not positive definite in double precision.
pub(super) fn solve(mut a: Vec<f64>, mut b: Vec<f64>) -> Option<Vec<f64>> {
    let n = b.len();
    for i in 0..n {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|k| a[i * n + k] * a[j * n + k]).sum();
            let rest = a[i * n + j] - dot;
            a[i * n + j] = if i == j { rest.sqrt() } else { rest / a[j * n + j] };
        }
        // The root of a negative number is NaN.
        if !(a[i * n + i] > 0.0 && a[i * n + i].is_finite()) {
            return None;
        }
    }
    for i in 0..n {
        let dot: f64 = (0..i).map(|k| a[i * n + k] * b[k]).sum();
        b[i] = (b[i] - dot) / a[i * n + i];
    }
    for i in (0..n).rev() {
        let dot: f64 = (i + 1..n).map(|k| a[k * n + i] * b[k]).sum();
        b[i] = (b[i] - dot) / a[i * n + i];
    }
    Some(b)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_solution_solves(
            n in 1usize..6,
            values in prop::collection::vec(-1.0..1.0f64, 36),
            b in prop::array::uniform6(-1.0..1.0f64),
        ) {
            // M M' + I is positive definite.
            let entry = |i: usize, j: usize| {
                let product: f64 = (0..n).map(|k| values[i * 6 + k] * values[j * 6 + k]).sum();
                product + f64::from(u8::from(i == j))
            };
            let a: Vec<f64> = (0..n * n).map(|at| entry(at / n, at % n)).collect();
            let x = solve(a.clone(), b[..n].to_vec()).unwrap();
            for i in 0..n {
                let product: f64 = (0..n).map(|j| a[i * n + j] * x[j]).sum();
                prop_assert!((product - b[i]).abs() < 1e-10);
            }
        }
    }

    #[test]
    fn what_is_not_positive_definite_is_refused() {
        assert_eq!(solve(vec![1.0, 2.0, 2.0, 1.0], vec![1.0, 1.0]), None);
        assert_eq!(solve(vec![0.0], vec![1.0]), None);
        assert_eq!(solve(vec![f64::NAN], vec![1.0]), None);
        assert_eq!(solve(vec![], vec![]), Some(vec![]));
    }
}
