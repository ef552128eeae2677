//! Gradient clipping by the norm over all parameters together (Pascanu, Mikolov, Bengio 2013).

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

/// Scales all gradients so that their common norm is at most `most`.
pub(crate) fn clip_to_norm<M: Module>(module: &M, gradients: &mut GradientsParams, most: f64) {
    let mut norm = SquaredNorm { gradients, sum: 0.0 };
    module.visit(&mut norm);
    let norm = norm.sum.sqrt();
    if norm > most && norm.is_finite() {
        module.visit(&mut Scale { gradients, factor: most / norm });
    }
}

struct SquaredNorm<'a> {
    gradients: &'a GradientsParams,
    sum: f64,
}

impl ModuleVisitor for SquaredNorm<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(param.id) {
            self.sum += (gradient.clone() * gradient).sum().into_scalar::<f64>();
        }
    }
}

struct Scale<'a> {
    gradients: &'a mut GradientsParams,
    factor: f64,
}

impl ModuleVisitor for Scale<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.remove::<D>(param.id) {
            self.gradients.register(param.id, gradient.mul_scalar(self.factor));
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::nn::LinearConfig;
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn the_common_norm_becomes_the_bound_and_directions_stay() {
        let device = Device::flex().autodiff();
        let layer = LinearConfig::new(3, 2).init(&device);
        let x = Tensor::<2>::from_floats([[1.0, 2.0, 3.0], [-1.0, 0.5, 2.0]], &device);
        let loss = layer.forward(x).square().sum();
        let mut gradients = GradientsParams::from_grads(loss.backward(), &layer);
        let before = gradients.get::<2>(layer.weight.id).unwrap().into_data().iter::<f32>().collect::<Vec<_>>();
        clip_to_norm(&layer, &mut gradients, 0.5);
        let mut norm = SquaredNorm { gradients: &gradients, sum: 0.0 };
        layer.visit(&mut norm);
        assert!((norm.sum.sqrt() - 0.5).abs() < 1e-6);
        let after = gradients.get::<2>(layer.weight.id).unwrap().into_data().iter::<f32>().collect::<Vec<_>>();
        assert!((after[1] / after[0] - before[1] / before[0]).abs() < 1e-4);
    }
}
