//! Input images with zeros around them, in a buffer that stays in the cache, so that no tap ever leaves its image.

use std::cell::RefCell;
use std::ops::Range;

use crate::geometry::Geometry;
use crate::tile::Stretches;

thread_local! {
    /// Images with zeros around them, of which patches are copied.
    static PADDED: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// Filters over fewer channels than this are made one tap of copied patches: stretches that short would cost more in
/// pointers than in sums.
const SHORT: usize = 8;

/// The left factor of a convolution: how its rows lie in the buffer. The same for every part of a batch.
pub(crate) struct Windows {
    geometry: Geometry,
    rows: Vec<usize>,
    taps: Vec<usize>,
    depth: usize,
    way: Way,
}

#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// The input itself.
    Direct,
    /// Images with zeros around them.
    Padded,
    /// A row of numbers for each output position.
    Patches,
}

impl Windows {
    pub fn new(geometry: Geometry) -> Self {
        let Geometry { height, width, inputs, kernel, stride, padding, .. } = geometry;
        let way = match (kernel > 1 && inputs < SHORT, padding > 0) {
            (true, _) => Way::Patches,
            (false, true) => Way::Padded,
            (false, false) => Way::Direct,
        };
        let [out_height, out_width] = geometry.out();
        let images = geometry.parts().part;
        if way == Way::Patches {
            let depth = geometry.taps() * inputs;
            let rows = (0..images * geometry.positions()).map(|row| row * depth).collect();
            return Self { geometry, rows, taps: vec![0], depth, way };
        }
        let (h, w) = (height + 2 * padding, width + 2 * padding);
        let mut rows = Vec::with_capacity(images * geometry.positions());
        for image in 0..images {
            for y in 0..out_height {
                rows.extend((0..out_width).map(|x| ((image * h + y * stride) * w + x * stride) * inputs));
            }
        }
        let taps = (0..kernel * kernel).map(|tap| (tap / kernel * w + tap % kernel) * inputs).collect();
        Self { geometry, rows, taps, depth: inputs, way }
    }

    /// The left factor for a part of the batch; `buffer` is the thread's own.
    pub fn stretches<'a>(&'a self, input: &'a [f32], images: Range<usize>, buffer: &'a mut Vec<f32>) -> Stretches<'a> {
        let geometry = &self.geometry;
        let rows = &self.rows[..images.len() * geometry.positions()];
        let input = &input[images.start * geometry.image()..images.end * geometry.image()];
        let values = match self.way {
            Way::Direct => input,
            Way::Padded => {
                pad(input, [geometry.height, geometry.width, geometry.inputs], [geometry.padding; 4], buffer);
                buffer
            }
            Way::Patches => {
                self.copy_patches(input, buffer);
                buffer
            }
        };
        Stretches { values, rows, taps: &self.taps, depth: self.depth }
    }

    fn copy_patches(&self, input: &[f32], buffer: &mut Vec<f32>) {
        let Geometry { height, width, inputs, kernel, padding, .. } = self.geometry;
        let patches = input.len() / self.geometry.image() * self.geometry.positions() * self.depth;
        PADDED.with(|padded| {
            let mut padded = padded.borrow_mut();
            pad(input, [height, width, inputs], [padding; 4], &mut padded);
            buffer.resize(patches, 0.0);
            // Runs of a length that the compiler knows are a few moves each.
            match kernel * inputs {
                3 => self.copy_runs::<3>(&padded, buffer),
                6 => self.copy_runs::<6>(&padded, buffer),
                9 => self.copy_runs::<9>(&padded, buffer),
                _ => self.copy_runs::<0>(&padded, buffer),
            }
        });
    }

    /// A run for each row of the filter, `RUN` numbers long unless that is 0.
    fn copy_runs<const RUN: usize>(&self, padded: &[f32], patches: &mut [f32]) {
        let Geometry { height, width, inputs, kernel, stride, padding, .. } = self.geometry;
        let run = if RUN > 0 { RUN } else { kernel * inputs };
        let row = (width + 2 * padding) * inputs;
        let [out_height, out_width] = self.geometry.out();
        let images = padded.chunks_exact((height + 2 * padding) * row);
        for (image, patches) in images.zip(patches.chunks_exact_mut(self.geometry.positions() * self.depth)) {
            for y in 0..out_height {
                for x in 0..out_width {
                    let patch = &mut patches[(y * out_width + x) * self.depth..][..self.depth];
                    for tap in 0..kernel {
                        let from = &image[(y * stride + tap) * row + x * stride * inputs..][..run];
                        patch[tap * run..][..run].copy_from_slice(from);
                    }
                }
            }
        }
    }
}

/// Copies images `[height, width, channels]` with zeros above, left of, below and right of them.
pub(crate) fn pad(from: &[f32], [height, width, channels]: [usize; 3], zeros: [usize; 4], to: &mut Vec<f32>) {
    let [above, left, below, right] = zeros;
    let (image, row) = (height * width * channels, width * channels);
    let padded = (width + left + right) * channels;
    to.clear();
    for image in from.chunks_exact(image.max(1)) {
        to.resize(to.len() + above * padded + left * channels, 0.0);
        for (y, row) in image.chunks_exact(row).enumerate() {
            to.extend_from_slice(row);
            let next = if y + 1 < height { left } else { 0 };
            to.resize(to.len() + (right + next) * channels, 0.0);
        }
        to.resize(to.len() + below * padded, 0.0);
    }
}
