//! Fused layer on CPU tensors: a linear map, batch norm, a residual and ReLU, by the kernels.

use relata_kernels::batch_norm::{ScaleShift, apply, deviations};
use relata_kernels::{ConvGeometry, Epilogue, FilterLayout, Isa, forward};

use super::cpu_tensor::{CpuTensor, cpu_tensor_of, values};

/// What the operation does, whatever the numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct FusedLayer {
    pub geometry: ConvGeometry,
    pub layout: FilterLayout,
    pub rectified: bool,
    pub epsilon: f64,
}

/// What the forward pass made, kept for the gradient.
#[derive(Debug, Clone)]
pub(super) struct Forward {
    /// The linear part.
    pub y: CpuTensor,
    pub output: CpuTensor,
    pub mean: Vec<f32>,
    pub variance: Vec<f32>,
}

impl FusedLayer {
    /// With the statistics of the batch.
    pub fn trained(
        &self,
        input: &CpuTensor,
        filter: &CpuTensor,
        [gamma, beta]: [&CpuTensor; 2],
        residual: Option<&CpuTensor>,
        shape: &[usize],
    ) -> Forward {
        let isa = Isa::best();
        let (y, moments) =
            forward(isa, &self.geometry, values(input), (values(filter), self.layout), Epilogue::Measure);
        let moments = moments.expect("the moments are asked for");
        let (mean, variance) = (moments.mean(), moments.variance());
        let scale_shift = ScaleShift::new(&mean, &variance, values(gamma), values(beta), self.epsilon);
        let output = apply(isa, &y, &scale_shift, residual.map(values), self.rectified);
        Forward { y: cpu_tensor_of(y, shape), output: cpu_tensor_of(output, shape), mean, variance }
    }

    /// With given statistics.
    pub(super) fn applied(
        &self,
        input: &CpuTensor,
        filter: &CpuTensor,
        scale_shift: &ScaleShift,
        residual: Option<&CpuTensor>,
        shape: &[usize],
    ) -> CpuTensor {
        let isa = Isa::best();
        let epilogue = Epilogue::Apply(scale_shift, residual.map(values), self.rectified);
        let (output, _) = forward(isa, &self.geometry, values(input), (values(filter), self.layout), epilogue);
        cpu_tensor_of(output, shape)
    }

    /// One divided by the standard deviation of each channel.
    pub fn deviations(&self, forward: &Forward) -> Vec<f32> {
        deviations(&forward.variance, self.epsilon)
    }
}
