//! The gradient for a layer's input: a convolution of the output's gradient for each remainder of positions by the stride.
//!
//! With a stride, an input position only meets the taps whose remainder is its own; taking the positions of one remainder
//! together leaves an ordinary convolution of stride 1, without products by zero.

use std::cell::RefCell;

use crate::geometry::{Geometry, Layout};
use crate::level::Level;
use crate::linear_map::all_panels;
use crate::panels::Panels;
use crate::tile::Stretches;
use crate::windows::pad;

thread_local! {
    static PADDED: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// Everything that is the same for all parts of the batch.
pub(crate) struct InputGradient {
    geometry: Geometry,
    /// Zeros around the gradient of the output: above, left, below, right.
    zeros: [usize; 4],
    classes: Vec<Class>,
}

/// Input positions that meet the same taps.
struct Class {
    panels: Panels,
    /// Where an output row's stretch begins in the padded gradient, and where its result goes; for each position of a
    /// part of the batch, image by image.
    rows: Vec<usize>,
    places: Vec<usize>,
    taps: Vec<usize>,
    /// Positions of one image.
    positions: usize,
}

impl InputGradient {
    pub fn new(level: Level, geometry: &Geometry, weights: &[f32], layout: Layout) -> Self {
        let Geometry { height, width, inputs, outputs, kernel, stride, padding, .. } = *geometry;
        let [out_height, out_width] = geometry.out();
        // Along one direction, position i meets tap t at output (i + padding - t) / stride.
        let before = (kernel - 1) / stride;
        let after = |n: usize, out: usize| ((n - 1 + padding) / stride + 1).saturating_sub(out);
        let zeros = [before, before, after(height, out_height), after(width, out_width)];
        let (h, w) = (out_height + zeros[0] + zeros[2], out_width + zeros[1] + zeros[3]);
        let images = geometry.parts().part;
        let mut classes = vec![];
        for (by, bx) in (0..stride).flat_map(|y| (0..stride).map(move |x| (y, x))) {
            let of = |n: usize, remainder: usize| (0..n).filter(move |i| (i + padding) % stride == remainder);
            let met = |remainder: usize| (remainder..kernel).step_by(stride);
            let taps: Vec<(usize, usize)> = met(by).flat_map(|y| met(bx).map(move |x| (y, x))).collect();
            let (mut rows, mut places) = (vec![], vec![]);
            for (image, y) in (0..images).flat_map(|image| of(height, by).map(move |y| (image, y))) {
                for x in of(width, bx) {
                    // The first tap's output, moved so far that the last tap's offset is the least.
                    let at = |i: usize| (i + padding) / stride;
                    rows.push(((image * h + at(y)) * w + at(x)) * outputs);
                    places.push(((image * height + y) * width + x) * inputs);
                }
            }
            let positions = rows.len() / images.max(1);
            let offset = |&(y, x): &(usize, usize)| ((before - y / stride) * w + before - x / stride) * outputs;
            let row = |row: usize| {
                let (y, x) = taps[row / outputs];
                (y * kernel + x) * layout.tap + row % outputs * layout.output
            };
            let panels = Panels::pack(level, weights, [taps.len() * outputs, inputs, layout.input], row);
            classes.push(Class { panels, rows, places, taps: taps.iter().map(offset).collect(), positions });
        }
        Self { geometry: *geometry, zeros, classes }
    }

    /// Writes the input's gradient of some images from that of their output.
    pub fn write(&self, level: Level, of_output: &[f32], to: &mut [f32]) {
        let [height, width] = self.geometry.out();
        let images = to.len() / self.geometry.image();
        PADDED.with(|padded| {
            let mut padded = padded.borrow_mut();
            let values = if self.zeros == [0; 4] {
                of_output
            } else {
                pad(of_output, [height, width, self.geometry.outputs], self.zeros, &mut padded);
                padded.as_slice()
            };
            for class in self.classes.iter().filter(|class| class.positions > 0 && !class.taps.is_empty()) {
                let rows = &class.rows[..images * class.positions];
                let left = Stretches { values, rows, taps: &class.taps, depth: self.geometry.outputs };
                all_panels(level, left, &class.panels, to, &class.places[..rows.len()]);
            }
        });
    }
}
