//! im2col, mostly implicit: the left factor of a convolution is read from the images as they are, region by region;
//! only images of very few channels are copied into patches.

use std::ops::Range;

use crate::border_regions::{AxisTaps, Region, regions};
use crate::geometry::ConvGeometry;

/// Filters over fewer channels than this are made one tap of copied patches: stretches that short would cost more in
/// pointers than in sums.
const SHORT: usize = 8;

/// How the rows of the factor lie in memory. The same for every part of a batch.
pub(crate) struct Im2col {
    geometry: ConvGeometry,
    regions: Vec<Region>,
    patches: bool,
}

impl Im2col {
    pub fn new(geometry: ConvGeometry) -> Self {
        let ConvGeometry { height, width, inputs, outputs, kernel, stride, padding, .. } = geometry;
        let images = geometry.parts().part;
        let patches = kernel > 1 && inputs < SHORT;
        let [out_height, out_width] = geometry.out();
        let axis = |read: usize, made: usize| {
            let first = |position: usize| (position * stride) as isize - padding as isize;
            AxisTaps {
                positions: (0..made).map(|position| (position, first(position))).collect(),
                taps: kernel,
                read,
                made,
            }
        };
        let regions = if patches {
            vec![Region::of_rows(
                images * geometry.positions(),
                geometry.taps() * inputs,
                outputs,
                geometry.positions(),
            )]
        } else {
            regions(images, [&axis(height, out_height), &axis(width, out_width)], [inputs, outputs])
        };
        Self { geometry, regions, patches }
    }

    /// Positions that meet the same taps; each position is in one of them.
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// Numbers that lie one after another in every region: those of a tap.
    pub fn depth(&self) -> usize {
        if self.patches { self.geometry.taps() * self.geometry.inputs } else { self.geometry.inputs }
    }

    /// What the regions' rows lie in, for a part of the batch; `buffer` is the thread's own.
    pub fn values<'a>(&self, input: &'a [f32], images: Range<usize>, buffer: &'a mut Vec<f32>) -> &'a [f32] {
        let image = self.geometry.image();
        let input = &input[images.start * image..images.end * image];
        if !self.patches {
            return input;
        }
        // Every number is written below.
        buffer.resize(images.len() * self.geometry.positions() * self.geometry.taps() * self.geometry.inputs, 0.0);
        // Runs of a length that the compiler knows are a few moves each.
        match self.geometry.kernel * self.geometry.inputs {
            3 => self.copy_patches::<3>(input, buffer),
            6 => self.copy_patches::<6>(input, buffer),
            9 => self.copy_patches::<9>(input, buffer),
            _ => self.copy_patches::<0>(input, buffer),
        }
        buffer
    }

    /// A row of numbers for each position: for each row of the filter a run, `RUN` numbers long unless that is 0, with
    /// zeros for what is outside.
    fn copy_patches<const RUN: usize>(&self, input: &[f32], patches: &mut [f32]) {
        let ConvGeometry { height, width, inputs, kernel, stride, padding, .. } = self.geometry;
        let run = if RUN > 0 { RUN } else { kernel * inputs };
        let [out_height, out_width] = self.geometry.out();
        let images = input.chunks_exact(self.geometry.image());
        let mut patches = patches.chunks_exact_mut(run);
        for image in images {
            for y in 0..out_height {
                for x in 0..out_width {
                    let first = (x * stride) as isize - padding as isize;
                    for (tap, patch) in (0..kernel).zip(&mut patches) {
                        let line = (y * stride + tap).wrapping_sub(padding);
                        if line >= height {
                            patch.fill(0.0);
                            continue;
                        }
                        let line = &image[line * width * inputs..(line + 1) * width * inputs];
                        if first >= 0 && first as usize + kernel <= width {
                            patch[..run].copy_from_slice(&line[first as usize * inputs..][..run]);
                            continue;
                        }
                        for (at, to) in patch.iter_mut().enumerate() {
                            let from = first * inputs as isize + at as isize;
                            *to = if from >= 0 { line.get(from as usize).copied().unwrap_or(0.0) } else { 0.0 };
                        }
                    }
                }
            }
        }
    }
}
