//! Matrix products (GEMM) by the `gemm` library: what a linear layer and a 1x1 convolution consist of.

use std::mem::MaybeUninit;

use gemm::{Parallelism, gemm};

use crate::geometry::ConvGeometry;
use crate::isa::Isa;

/// A matrix in a slice: element (i, j) is at `i * row + j * column`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MatrixView<'a> {
    pub values: &'a [f32],
    pub row: usize,
    pub column: usize,
}

impl<'a> MatrixView<'a> {
    /// Rows of `width` numbers one after another.
    pub fn rows(values: &'a [f32], width: usize) -> Self {
        Self { values, row: width, column: 1 }
    }

    /// Rows for columns.
    pub fn transposed(self) -> Self {
        Self { row: self.column, column: self.row, ..self }
    }

    fn holds(&self, rows: usize, columns: usize) -> bool {
        holds(self.values.len(), [self.row, self.column], rows, columns)
    }
}

fn holds(len: usize, [row, column]: [usize; 2], rows: usize, columns: usize) -> bool {
    rows == 0 || columns == 0 || (rows - 1) * row + (columns - 1) * column < len
}

/// Whether the layer's products are those of plain matrices. The library chooses its own instructions, so the portable
/// instruction set does without it.
pub(crate) fn is_plain(geometry: &ConvGeometry, isa: Isa) -> bool {
    isa != Isa::Portable && geometry.kernel == 1 && geometry.stride == 1 && geometry.padding == 0
}

/// Writes `left * right`, `[m, n]` with `depth` summands each, to `to`, whose element (i, j) is at `i * row + j *
/// column`.
pub(crate) fn multiply(
    [m, n, depth]: [usize; 3],
    left: MatrixView<'_>,
    right: MatrixView<'_>,
    to: &mut [MaybeUninit<f32>],
    [row, column]: [usize; 2],
) {
    assert!(left.holds(m, depth) && right.holds(depth, n) && holds(to.len(), [row, column], m, n));
    // SAFETY: all three matrices lie within their slices, and `to` is borrowed alone.
    unsafe {
        gemm(
            m,
            n,
            depth,
            to.as_mut_ptr().cast(),
            column as isize,
            row as isize,
            false,
            left.values.as_ptr(),
            left.column as isize,
            left.row as isize,
            right.values.as_ptr(),
            right.column as isize,
            right.row as isize,
            0.0f32,
            1.0f32,
            false,
            false,
            false,
            Parallelism::Rayon(0),
        );
    }
}
