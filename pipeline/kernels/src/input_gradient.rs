//! Gradient for a layer's input: a convolution of the output's gradient for each remainder of positions by the stride.
//!
//! With a stride, an input position only meets the taps whose remainder is its own; taking the positions of one
//! remainder together leaves an ordinary convolution of stride 1, without products by zero.

use std::mem::MaybeUninit;

use crate::border_regions::{AxisTaps, Region, regions};
use crate::forward::all_panels;
use crate::geometry::{ConvGeometry, FilterLayout};
use crate::isa::Isa;
use crate::packing::PackedMatrix;

/// Everything that is the same for all parts of the batch.
pub(crate) struct InputGradient {
    geometry: ConvGeometry,
    remainders: Vec<Remainder>,
}

/// Input positions of one remainder, and the taps that they meet.
struct Remainder {
    panels: PackedMatrix,
    regions: Vec<Region>,
}

impl InputGradient {
    pub fn new(isa: Isa, geometry: &ConvGeometry, weights: &[f32], layout: FilterLayout) -> Self {
        let ConvGeometry { height, width, inputs, outputs, kernel, stride, .. } = *geometry;
        let [out_height, out_width] = geometry.out();
        let images = geometry.parts().part;
        let mut remainders = vec![];
        for (by, bx) in (0..stride).flat_map(|y| (0..stride).map(move |x| (y, x))) {
            // Last tap first: a tap farther on in the filter meets an output farther back in the map.
            let met = |remainder: usize| (remainder..kernel).step_by(stride).rev();
            let taps: Vec<(usize, usize)> = met(by).flat_map(|y| met(bx).map(move |x| (y, x))).collect();
            let row = |row: usize| {
                let (y, x) = taps[row / outputs];
                (y * kernel + x) * layout.tap + row % outputs * layout.output
            };
            let panels = PackedMatrix::pack(isa, weights, [taps.len() * outputs, inputs, layout.input], row);
            let axes = [axis(geometry, height, out_height, by), axis(geometry, width, out_width, bx)];
            let regions = regions(images, [&axes[0], &axes[1]], [outputs, inputs]);
            remainders.push(Remainder { panels, regions });
        }
        Self { geometry: *geometry, remainders }
    }

    /// Writes the input's gradient of some images, every number of it, from that of their output.
    pub fn write(&self, isa: Isa, of_output: &[f32], to: &mut [MaybeUninit<f32>]) {
        let images = to.len() / self.geometry.image();
        for Remainder { panels, regions } in &self.remainders {
            all_panels(isa, of_output, regions, images, panels, to);
        }
    }
}

/// Along one direction, position i meets tap t at output (i + padding - t) / stride, if that is whole.
fn axis(geometry: &ConvGeometry, made: usize, read: usize, remainder: usize) -> AxisTaps {
    let ConvGeometry { kernel, stride, padding, .. } = *geometry;
    let taps = (remainder..kernel).step_by(stride).len();
    let positions = (0..made).filter(|i| (i + padding) % stride == remainder);
    let first = |i: usize| ((i + padding) / stride) as isize - taps as isize + 1;
    AxisTaps { positions: positions.map(|i| (i, first(i))).collect(), taps, read, made }
}
