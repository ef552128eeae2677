//! Input images with zeros around them, in a buffer that stays in the cache, so that no tap ever leaves its image.

use std::ops::Range;

use crate::geometry::Geometry;
use crate::tile::Stretches;

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
        let Geometry { height, width, inputs, kernel, stride, padding, .. } = self.geometry;
        let [out_height, out_width] = self.geometry.out();
        buffer.clear();
        buffer.resize(input.len() / self.geometry.image() * self.geometry.positions() * self.depth, 0.0);
        let mut patches = buffer.chunks_exact_mut(self.depth);
        for image in input.chunks_exact(self.geometry.image()) {
            for (y, x) in (0..out_height).flat_map(|y| (0..out_width).map(move |x| (y, x))) {
                let Some(patch) = patches.next() else { return };
                // The part of the patch that lies in the image.
                let left = padding.saturating_sub(x * stride);
                let right = (width + padding).saturating_sub(x * stride).min(kernel);
                for (tap_y, row) in patch.chunks_exact_mut(kernel * inputs).enumerate() {
                    let at = y * stride + tap_y;
                    if at < padding || at - padding >= height || left >= right {
                        continue;
                    }
                    let from = ((at - padding) * width + x * stride + left - padding) * inputs;
                    for (to, &value) in row[left * inputs..right * inputs].iter_mut().zip(&image[from..]) {
                        *to = value;
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
