//! Packing of a product's right factor into panels: for each group of columns, its rows one after another, padded with
//! zeros.

use rayon::prelude::*;

use crate::isa::Isa;
use crate::microkernel::columns;

/// Numbers of a cache line: a register that lies across two costs two loads.
const LINE: usize = 16;

/// A packed right factor.
pub(crate) struct PackedMatrix {
    values: Vec<f32>,
    /// Where the first cache line begins.
    start: usize,
    depth: usize,
    width: usize,
    columns: usize,
}

impl PackedMatrix {
    /// Packs `depth` rows of `count` columns: a row begins at offset `at(row)`, its columns are `step` apart.
    pub fn pack(isa: Isa, from: &[f32], [depth, count, step]: [usize; 3], at: impl Fn(usize) -> usize + Sync) -> Self {
        let width = columns(isa);
        let len = count.div_ceil(width) * depth * width;
        let mut values = vec![0.0; len + LINE];
        let start = values.as_ptr().align_offset(4 * LINE).min(LINE);
        let pack_one = |(panel, values): (usize, &mut [f32])| {
            let first = panel * width;
            let here = width.min(count - first);
            for (row, to) in values.chunks_exact_mut(width).enumerate() {
                let start = at(row) + first * step;
                if step == 1 {
                    to[..here].copy_from_slice(&from[start..start + here]);
                } else {
                    to[..here].iter_mut().zip(from[start..].iter().step_by(step)).for_each(|(to, &value)| *to = value);
                }
            }
        };
        values[start..start + len].par_chunks_mut((depth * width).max(1)).enumerate().for_each(pack_one);
        Self { values, start, depth, width, columns: count }
    }

    /// The panels with their first column and number of columns.
    pub fn iter(&self) -> impl Iterator<Item = (usize, usize, &[f32])> {
        let len = self.depth * self.width;
        (0..self.columns.div_ceil(self.width)).map(move |panel| {
            let first = panel * self.width;
            let from = self.start + panel * len;
            (first, self.width.min(self.columns - first), &self.values[from..from + len])
        })
    }
}
