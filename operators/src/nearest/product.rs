//! Matrix products on one thread, for callers that are parallel over blocks of rows.

use gemm::{Parallelism, gemm};

/// A view of a matrix in a slice.
#[derive(Clone, Copy)]
pub struct Matrix<'a, T> {
    values: &'a [T],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a, T> Matrix<'a, T> {
    /// A matrix stored row by row.
    pub fn rows(values: &'a [T], rows: usize, columns: usize) -> Self {
        assert_eq!(values.len(), rows * columns, "a matrix has rows x columns numbers");
        Self { values, rows, columns, row_stride: columns, column_stride: 1 }
    }

    /// A matrix stored column by column.
    pub fn columns(values: &'a [T], rows: usize, columns: usize) -> Self {
        Self::rows(values, columns, rows).transposed()
    }

    /// The same numbers, rows and columns exchanged.
    pub fn transposed(self) -> Self {
        Self {
            values: self.values,
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
        }
    }
}

/// Writes left x right, column by column.
pub fn multiply<T: Number>(left: Matrix<'_, T>, right: Matrix<'_, T>, product: &mut [T]) {
    let (rows, inner, columns) = (left.rows, left.columns, right.columns);
    assert!(inner == right.rows && product.len() == rows * columns, "the shapes of a product fit");
    // SAFETY: the views cover their slices (checked when they are made) and the product is checked above.
    unsafe {
        gemm(
            rows,
            columns,
            inner,
            product.as_mut_ptr(),
            rows as isize,
            1,
            false,
            left.values.as_ptr(),
            left.column_stride as isize,
            left.row_stride as isize,
            right.values.as_ptr(),
            right.column_stride as isize,
            right.row_stride as isize,
            T::ZERO,
            T::ONE,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

/// The numbers that [`multiply`] takes.
pub trait Number: Copy + 'static {
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
}

impl Number for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
}

impl Number for f64 {
    const ZERO: Self = 0.0;
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
