//! Matrix products on one thread, for callers that are parallel over blocks of rows.

use faer::linalg::matmul::matmul;
use faer::traits::ComplexField;
use faer::{Accum, MatMut, MatRef, Par};

/// A view of a matrix in a slice.
#[derive(Debug, Clone, Copy)]
pub struct Matrix<'a, T> {
    view: MatRef<'a, T>,
}

impl<'a, T> Matrix<'a, T> {
    /// A matrix stored row by row.
    pub fn rows(values: &'a [T], rows: usize, columns: usize) -> Self {
        assert_eq!(values.len(), rows * columns, "a matrix has rows x columns numbers");
        Self { view: MatRef::from_row_major_slice(values, rows, columns) }
    }

    /// A matrix stored column by column.
    pub fn columns(values: &'a [T], rows: usize, columns: usize) -> Self {
        Self::rows(values, columns, rows).transposed()
    }

    /// The same numbers, rows and columns exchanged.
    pub fn transposed(self) -> Self {
        Self { view: self.view.transpose() }
    }
}

/// Writes left x right, column by column.
pub fn multiply<T: Number>(left: Matrix<'_, T>, right: Matrix<'_, T>, product: &mut [T]) {
    let (rows, columns) = (left.view.nrows(), right.view.ncols());
    let shapes_fit = left.view.ncols() == right.view.nrows() && product.len() == rows * columns;
    assert!(shapes_fit, "the shapes of a product fit");
    let product = MatMut::from_column_major_slice_mut(product, rows, columns);
    matmul(product, Accum::Replace, left.view, right.view, T::ONE, Par::Seq);
}

/// The numbers that [`multiply`] takes.
pub trait Number: ComplexField + Copy {
    /// 1.
    const ONE: Self;
}

impl Number for f32 {
    const ONE: Self = 1.0;
}

impl Number for f64 {
    const ONE: Self = 1.0;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_both_layouts() {
        let left = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let right = [1.0, 0.5, -1.0, 2.0, 0.0, 1.0];
        let mut product = [0f32; 4];
        multiply(Matrix::rows(&left, 2, 3), Matrix::columns(&right, 3, 2), &mut product);
        assert_eq!(product, [-1.0, 0.5, 5.0, 14.0]);
        multiply(Matrix::rows(&left, 3, 2).transposed(), Matrix::rows(&right, 3, 2), &mut product);
        assert_eq!(product, [-2.0, -2.0, 11.5, 15.0]);
    }
}
