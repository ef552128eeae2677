//! The tile of every product here: a few rows times two registers of columns, summed in registers.
//!
//! A convolution is the same product as a linear layer, except that a row of the left factor is not one stretch of
//! memory: it is a stretch for each tap of the filter. So rows are given by offsets, and no patches are ever copied.

use crate::lanes::Lanes;
use crate::level::{Level, at_level};

/// Most rows of a tile, over all levels.
pub const MOST_ROWS: usize = 12;

/// Columns of a tile at this level.
pub fn columns(level: Level) -> usize {
    match level {
        Level::Avx512 => 32,
        Level::Avx2 | Level::Portable => 16,
    }
}

/// Sums `rows` of the left factor with one panel of the right.
///
/// Row `r` of the left factor consists of `taps.len()` stretches of `depth` numbers, the stretch of tap `t` at
/// `left[rows[r] + taps[t]..]`. `panel` holds `taps.len() * depth` rows of [`columns`] numbers. Row `r` of the result goes
/// to `out + r * stride`, `width` of its columns, added to what is there if `add`.
///
/// # Safety
/// All of these lie within `left` and within what `out` may write.
#[inline]
#[allow(clippy::too_many_arguments)]
pub unsafe fn forward(
    level: Level,
    left: &[f32],
    rows: &[usize],
    taps: &[usize],
    depth: usize,
    panel: &[f32],
    out: *mut f32,
    stride: usize,
    width: usize,
    add: bool,
) {
    at_level!(
        level,
        forward_rows(
            left: &[f32] = left, rows: &[usize] = rows, taps: &[usize] = taps, depth: usize = depth,
            panel: &[f32] = panel, out: *mut f32 = out, stride: usize = stride, width: usize = width, add: bool = add
        )
    )
}

/// Splits any number of rows into tiles of nearly equal height: a last tile of one row would waste most of its time.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
unsafe fn forward_rows<L: Lanes>(
    left: &[f32],
    rows: &[usize],
    taps: &[usize],
    depth: usize,
    panel: &[f32],
    out: *mut f32,
    stride: usize,
    width: usize,
    add: bool,
) {
    let tiles = rows.len().div_ceil(L::ROWS);
    for tile in 0..tiles {
        let (from, to) = (tile * rows.len() / tiles, (tile + 1) * rows.len() / tiles);
        let rows = &rows[from..to];
        // SAFETY: the caller vouches for every row; `rows` has exactly as many as the constant says.
        unsafe {
            let out = out.add(from * stride);
            macro_rules! with_rows {
                ($($n:literal)*) => {
                    match rows.len() {
                        $($n => forward_tile::<L, $n>(left, rows, taps, depth, panel, out, stride, width, add),)*
                        _ => unreachable!("a tile has between one and MOST_ROWS rows"),
                    }
                };
            }
            with_rows!(1 2 3 4 5 6 7 8 9 10 11 12)
        }
    }
}

#[inline(always)]
#[allow(clippy::too_many_arguments)]
unsafe fn forward_tile<L: Lanes, const R: usize>(
    left: &[f32],
    rows: &[usize],
    taps: &[usize],
    depth: usize,
    panel: &[f32],
    out: *mut f32,
    stride: usize,
    width: usize,
    add: bool,
) {
    if R > L::ROWS {
        return;
    }
    debug_assert!(rows.len() == R && panel.len() >= taps.len() * depth * 2 * L::WIDTH);
    // SAFETY: the caller vouches that each stretch lies within `left` and each row of the result within `out`; the
    // panel has a row of two registers for each of the `taps.len() * depth` numbers of a row.
    unsafe {
        let mut sums = [[L::splat(0.0); 2]; R];
        let mut column = panel.as_ptr();
        for &tap in taps {
            let starts: [*const f32; R] = std::array::from_fn(|r| left.as_ptr().add(rows[r] + tap));
            for k in 0..depth {
                let (first, second) = (L::load(column), L::load(column.add(L::WIDTH)));
                for r in 0..R {
                    let value = L::splat(*starts[r].add(k));
                    sums[r][0] = L::multiply_add(value, first, sums[r][0]);
                    sums[r][1] = L::multiply_add(value, second, sums[r][1]);
                }
                column = column.add(2 * L::WIDTH);
            }
        }
        write::<L, R>(&sums, out, stride, width, add);
    }
}

#[inline(always)]
unsafe fn write<L: Lanes, const R: usize>(
    sums: &[[L::Register; 2]; R],
    out: *mut f32,
    stride: usize,
    width: usize,
    add: bool,
) {
    // SAFETY: the caller vouches for `width` numbers at each row of `out`; full registers are only used if there are
    // that many, else the row goes through a buffer of a full row's length.
    unsafe {
        if width == 2 * L::WIDTH {
            for (r, sum) in sums.iter().enumerate() {
                let to = out.add(r * stride);
                let (mut first, mut second) = (sum[0], sum[1]);
                if add {
                    first = L::add(first, L::load(to));
                    second = L::add(second, L::load(to.add(L::WIDTH)));
                }
                L::store(to, first);
                L::store(to.add(L::WIDTH), second);
            }
            return;
        }
        let mut buffer = [0.0f32; 32];
        for (r, sum) in sums.iter().enumerate() {
            L::store(buffer.as_mut_ptr(), sum[0]);
            L::store(buffer.as_mut_ptr().add(L::WIDTH), sum[1]);
            for (c, &value) in buffer[..width].iter().enumerate() {
                let to = out.add(r * stride + c);
                *to = if add { *to + value } else { value };
            }
        }
    }
}

/// Adds to `rows.len()`-long sums of outer products: `out[m][n] += sum over i of left[rows[i] + m] * panel[i][n]`, for
/// `height` rows `m` of `width` columns.
///
/// # Safety
/// `left[rows[i] + m]` exists for all i and m, `out` may write `height` rows of `width` numbers, `stride` apart.
#[inline]
#[allow(clippy::too_many_arguments)]
pub unsafe fn outer(
    level: Level,
    left: &[f32],
    rows: &[usize],
    offset: usize,
    height: usize,
    panel: &[f32],
    out: *mut f32,
    stride: usize,
    width: usize,
    add: bool,
) {
    at_level!(
        level,
        outer_rows(
            left: &[f32] = left, rows: &[usize] = rows, offset: usize = offset, height: usize = height,
            panel: &[f32] = panel, out: *mut f32 = out, stride: usize = stride, width: usize = width, add: bool = add
        )
    )
}

#[inline(always)]
#[allow(clippy::too_many_arguments)]
unsafe fn outer_rows<L: Lanes>(
    left: &[f32],
    rows: &[usize],
    offset: usize,
    height: usize,
    panel: &[f32],
    out: *mut f32,
    stride: usize,
    width: usize,
    add: bool,
) {
    let tiles = height.div_ceil(L::ROWS);
    for tile in 0..tiles {
        let (from, to) = (tile * height / tiles, (tile + 1) * height / tiles);
        // SAFETY: the caller vouches for all rows, of which these are some.
        unsafe {
            let out = out.add(from * stride);
            macro_rules! with_rows {
                ($($n:literal)*) => {
                    match to - from {
                        $($n => outer_tile::<L, $n>(left, rows, offset + from, panel, out, stride, width, add),)*
                        _ => unreachable!("a tile has between one and MOST_ROWS rows"),
                    }
                };
            }
            with_rows!(1 2 3 4 5 6 7 8 9 10 11 12)
        }
    }
}

#[inline(always)]
#[allow(clippy::too_many_arguments)]
unsafe fn outer_tile<L: Lanes, const R: usize>(
    left: &[f32],
    rows: &[usize],
    offset: usize,
    panel: &[f32],
    out: *mut f32,
    stride: usize,
    width: usize,
    add: bool,
) {
    if R > L::ROWS {
        return;
    }
    debug_assert!(panel.len() >= rows.len() * 2 * L::WIDTH);
    // SAFETY: the caller vouches for `left` at every row and for `out`; the panel has two registers for each row.
    unsafe {
        let mut sums = [[L::splat(0.0); 2]; R];
        let mut column = panel.as_ptr();
        let left = left.as_ptr().add(offset);
        for &row in rows {
            let start = left.add(row);
            let (first, second) = (L::load(column), L::load(column.add(L::WIDTH)));
            for r in 0..R {
                let value = L::splat(*start.add(r));
                sums[r][0] = L::multiply_add(value, first, sums[r][0]);
                sums[r][1] = L::multiply_add(value, second, sums[r][1]);
            }
            column = column.add(2 * L::WIDTH);
        }
        write::<L, R>(&sums, out, stride, width, add);
    }
}
