//! Geometry of a convolution: its sizes. A linear layer is a convolution over images of a single pixel.

use crate::partition::Parts;

/// Maps are `[images, height, width, channels]`, channels innermost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConvGeometry {
    /// Images in the batch.
    pub images: usize,
    /// Height of the input.
    pub height: usize,
    /// Width of the input.
    pub width: usize,
    /// Channels of the input.
    pub inputs: usize,
    /// Channels of the output.
    pub outputs: usize,
    /// Height and width of the filter.
    pub kernel: usize,
    /// Distance between outputs, in both directions.
    pub stride: usize,
    /// Zeros around the input.
    pub padding: usize,
}

impl ConvGeometry {
    /// A linear layer on `rows` samples.
    pub fn linear(rows: usize, inputs: usize, outputs: usize) -> Self {
        Self { images: rows, height: 1, width: 1, inputs, outputs, kernel: 1, stride: 1, padding: 0 }
    }

    /// Height and width of the output.
    pub fn out(&self) -> [usize; 2] {
        [self.height, self.width].map(|n| (n + 2 * self.padding - self.kernel) / self.stride + 1)
    }

    /// Output positions of an image.
    pub(crate) fn positions(&self) -> usize {
        self.out().iter().product()
    }

    /// Output positions of the batch: rows of the result.
    pub fn rows(&self) -> usize {
        self.images * self.positions()
    }

    /// Numbers of an input image.
    pub(crate) fn image(&self) -> usize {
        self.height * self.width * self.inputs
    }

    /// Taps of the filter.
    pub(crate) fn taps(&self) -> usize {
        self.kernel * self.kernel
    }

    /// Numbers of the filter.
    pub fn weights(&self) -> usize {
        self.taps() * self.inputs * self.outputs
    }

    /// Multiplications and additions of one forward pass.
    pub fn operations(&self) -> usize {
        2 * self.rows() * self.taps() * self.inputs * self.outputs
    }

    pub(crate) fn parts(&self) -> Parts {
        Parts::new(self.images, self.positions(), self.weights())
    }
}

/// Where a filter's numbers lie, so that every library's layout is read and written in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilterLayout {
    /// Distance between output channels.
    pub(crate) output: usize,
    /// Distance between input channels.
    pub(crate) input: usize,
    /// Distance between taps, row by row.
    pub(crate) tap: usize,
}

impl FilterLayout {
    /// `[outputs, inputs, kernel, kernel]`, as convolutions are stored.
    pub fn convolution(geometry: &ConvGeometry) -> Self {
        Self { output: geometry.inputs * geometry.taps(), input: geometry.taps(), tap: 1 }
    }

    /// `[inputs, outputs]`, as burn stores linear layers.
    pub fn linear(geometry: &ConvGeometry) -> Self {
        Self { output: 1, input: geometry.outputs, tap: 0 }
    }

    /// Where a weight lies.
    pub fn at(&self, output: usize, input: usize, tap: usize) -> usize {
        output * self.output + input * self.input + tap * self.tap
    }

    /// Panics unless each of the filter's numbers has a place of its own among `len`.
    pub(crate) fn check(&self, geometry: &ConvGeometry, len: usize) {
        assert_eq!(len, geometry.weights(), "the numbers of a filter");
        let linear = geometry.taps() == 1 && *self == Self::linear(geometry);
        assert!(linear || *self == Self::convolution(geometry), "a layout made for another geometry");
    }
}
