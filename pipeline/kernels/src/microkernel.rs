//! Microkernel of every matrix product here: a tile of a few rows times two registers of columns, summed in registers.
//!
//! A convolution is the same product as a linear layer, except that a row of the left factor is not one stretch of
//! memory: it is a stretch for each tap of the filter. So rows are given by offsets, and no patches are copied.

use crate::isa::{Isa, dispatch};
use crate::simd::Simd;

/// Columns of a tile at this instruction set.
pub(crate) fn columns(isa: Isa) -> usize {
    match isa {
        Isa::Avx512 => 32,
        Isa::Avx2 | Isa::Portable => 16,
    }
}

/// Where a product's result goes: row `r`, of `width` columns, to `to + rows[r]`, added to what is there if `add`.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    pub to: *mut f32,
    pub rows: &'a [usize],
    pub width: usize,
    pub add: bool,
}

/// A stretch of a row: how far behind the row's beginning it is, and which row of the right factor its first number
/// meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tap {
    pub offset: usize,
    pub row: usize,
}

/// The left factor: row `r` consists of `taps.len()` stretches of `depth` numbers, that of tap `t` at
/// `values[rows[r] + taps[t].offset..]`.
#[derive(Clone, Copy)]
pub(crate) struct Stretches<'a> {
    pub values: &'a [f32],
    pub rows: &'a [usize],
    pub taps: &'a [Tap],
    pub depth: usize,
}

fn farthest(offsets: impl Iterator<Item = usize>) -> usize {
    offsets.max().unwrap_or(0)
}

/// One panel of the product: `left` times `panel`, which has rows of [`columns`] numbers.
///
/// # Safety
/// `target` may be written at each of its rows. (What is read is checked.)
pub(crate) unsafe fn product(isa: Isa, left: Stretches<'_>, panel: &[f32], target: Target<'_>) {
    let meets = farthest(left.taps.iter().map(|tap| tap.row + left.depth));
    assert!(panel.len() >= meets * columns(isa) && target.width <= columns(isa));
    assert_eq!(left.rows.len(), target.rows.len());
    let offset = farthest(left.taps.iter().map(|tap| tap.offset));
    let last = farthest(left.rows.iter().copied()) + offset + left.depth;
    assert!(left.taps.is_empty() || left.rows.is_empty() || last <= left.values.len());
    dispatch!(
        isa,
        product_tiles(left: Stretches<'_> = left, panel: &[f32] = panel, target: Target<'_> = target)
    )
}

/// Calls a tile function with its number of rows as a constant.
macro_rules! with_rows {
    ($rows:expr, $tile:ident, $lanes:ident, $arguments:tt) => {
        with_rows!(@ $rows, $tile, $lanes, $arguments, 1 2 3 4 5 6 7 8 9 10 11 12)
    };
    (@ $rows:expr, $tile:ident, $lanes:ident, $arguments:tt, $($n:literal)*) => {
        match $rows {
            $($n => $tile::<$lanes, $n> $arguments,)*
            _ => unreachable!("a tile has between one and 12 rows"),
        }
    };
}

/// Splits any number of rows into tiles of nearly equal height: a last tile of one row would waste most of its time.
#[inline(always)]
unsafe fn product_tiles<L: Simd>(left: Stretches<'_>, panel: &[f32], target: Target<'_>) {
    let count = left.rows.len();
    let tiles = count.div_ceil(L::ROWS);
    for tile in 0..tiles {
        let range = tile * count / tiles..(tile + 1) * count / tiles;
        let left = Stretches { rows: &left.rows[range.clone()], ..left };
        let target = Target { rows: &target.rows[range], ..target };
        // SAFETY: `product` checked every row, of which these are some.
        unsafe { with_rows!(left.rows.len(), product_tile, L, (left, panel, target)) }
    }
}

#[inline(always)]
unsafe fn product_tile<L: Simd, const R: usize>(left: Stretches<'_>, panel: &[f32], target: Target<'_>) {
    let (true, Ok(rows)) = (R <= L::ROWS, <&[usize; R]>::try_from(left.rows)) else { return };
    // SAFETY: `product` checked that each stretch lies within `values` and that the panel has two registers for each of
    // its `depth` numbers.
    unsafe {
        let mut sums = [[L::splat(0.0); 2]; R];
        for tap in left.taps {
            let mut column = panel.as_ptr().add(tap.row * 2 * L::WIDTH);
            let mut starts = [left.values.as_ptr(); R];
            for r in 0..R {
                starts[r] = starts[r].add(rows[r] + tap.offset);
            }
            for k in 0..left.depth {
                let (first, second) = (L::load(column), L::load(column.add(L::WIDTH)));
                for r in 0..R {
                    let value = L::splat(*starts[r].add(k));
                    sums[r][0] = L::multiply_add(value, first, sums[r][0]);
                    sums[r][1] = L::multiply_add(value, second, sums[r][1]);
                }
                column = column.add(2 * L::WIDTH);
            }
        }
        write::<L, R>(&sums, target);
    }
}

/// Some of the rows that a transposed product sums over: `values[rows[i] + offset..]` meets row `i` of `panel`.
#[derive(Clone, Copy)]
pub(crate) struct Summands<'a> {
    pub rows: &'a [usize],
    pub offset: usize,
    pub panel: &'a [f32],
}

/// The transposed product: row `m` is the sum over all summands and their rows `i` of `values[rows[i] + offset + m]`
/// times row `i` of `panel`; the number of rows is that of `target`.
///
/// # Safety
/// `target` may be written at each of its rows. (What is read is checked.)
pub(crate) unsafe fn transposed(isa: Isa, values: &[f32], summands: &[Summands<'_>], target: Target<'_>) {
    assert!(target.width <= columns(isa));
    for Summands { rows, offset, panel } in summands {
        assert!(panel.len() >= rows.len() * columns(isa));
        assert!(rows.is_empty() || farthest(rows.iter().copied()) + offset + target.rows.len() <= values.len());
    }
    dispatch!(
        isa,
        transposed_tiles(values: &[f32] = values, summands: &[Summands<'_>] = summands, target: Target<'_> = target)
    )
}

#[inline(always)]
unsafe fn transposed_tiles<L: Simd>(values: &[f32], summands: &[Summands<'_>], target: Target<'_>) {
    let count = target.rows.len();
    let tiles = count.div_ceil(L::ROWS);
    for tile in 0..tiles {
        let range = tile * count / tiles..(tile + 1) * count / tiles;
        let (from, height) = (range.start, range.len());
        let target = Target { rows: &target.rows[range], ..target };
        // SAFETY: `transposed` checked every row, of which these are some.
        unsafe { with_rows!(height, transposed_tile, L, (values, from, summands, target)) }
    }
}

#[inline(always)]
unsafe fn transposed_tile<L: Simd, const R: usize>(
    values: &[f32],
    from: usize,
    summands: &[Summands<'_>],
    target: Target<'_>,
) {
    if R > L::ROWS {
        return;
    }
    // SAFETY: `transposed` checked `values` at every row, and that the panels have two registers for each row.
    unsafe {
        let mut sums = [[L::splat(0.0); 2]; R];
        for Summands { rows, offset, panel } in summands {
            let mut column = panel.as_ptr();
            let values = values.as_ptr().add(offset + from);
            for &row in *rows {
                let start = values.add(row);
                let (first, second) = (L::load(column), L::load(column.add(L::WIDTH)));
                for r in 0..R {
                    let value = L::splat(*start.add(r));
                    sums[r][0] = L::multiply_add(value, first, sums[r][0]);
                    sums[r][1] = L::multiply_add(value, second, sums[r][1]);
                }
                column = column.add(2 * L::WIDTH);
            }
        }
        write::<L, R>(&sums, target);
    }
}

#[inline(always)]
unsafe fn write<L: Simd, const R: usize>(sums: &[[L::Register; 2]; R], target: Target<'_>) {
    let Ok(rows) = <&[usize; R]>::try_from(target.rows) else { return };
    // Only short loops over constants touch `sums`: they are unrolled early, which keeps the sums in registers. SAFETY:
    // the caller of `product` or `transposed` vouches for `width` numbers at each row of `target`; full registers are
    // only used if there are that many, else rows go through a buffer of full rows.
    unsafe {
        if target.width < 2 * L::WIDTH {
            let mut buffer = [[0.0f32; 32]; R];
            for r in 0..R {
                L::store(buffer[r].as_mut_ptr(), sums[r][0]);
                L::store(buffer[r].as_mut_ptr().add(L::WIDTH), sums[r][1]);
            }
            return write_narrow(&buffer, target);
        }
        if target.add {
            for r in 0..R {
                let to = target.to.add(rows[r]);
                L::store(to, L::add(sums[r][0], L::load(to)));
                L::store(to.add(L::WIDTH), L::add(sums[r][1], L::load(to.add(L::WIDTH))));
            }
        } else {
            for r in 0..R {
                L::store(target.to.add(rows[r]), sums[r][0]);
                L::store(target.to.add(rows[r] + L::WIDTH), sums[r][1]);
            }
        }
    }
}

/// Rows that are no full registers wide.
#[inline(never)]
unsafe fn write_narrow(sums: &[[f32; 32]], target: Target<'_>) {
    for (sums, &row) in sums.iter().zip(target.rows) {
        for (c, &value) in sums[..target.width].iter().enumerate() {
            // SAFETY: as in `write`, whose caller vouches for `width` numbers at each row.
            unsafe {
                let to = target.to.add(row + c);
                *to = if target.add { *to + value } else { value };
            }
        }
    }
}
