//! Layers of an encoder, in order, by the names of their weights: what another program needs to compute the same
//! embedding.

use serde::{Deserialize, Serialize};

use crate::closed_form::Kernel;

/// What a batch norm adds to a variance before its square root is taken, as burn does.
const EPSILON: f64 = 1e-5;

/// One layer, which takes what the layer before it made; the first takes samples. Weights have the names and layouts of
/// [`encoder`](crate::encoder).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Layer {
    /// `x W + b`.
    Linear {
        /// The tensor `[inputs, outputs]`.
        weight: String,
        /// The tensor `[outputs]`, if there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bias: Option<String>,
    },
    /// `gamma (x - running_mean) / sqrt(running_var + epsilon) + beta`, by channel.
    BatchNorm {
        /// What the names of its four tensors begin with.
        name: String,
        /// Added to the variance.
        epsilon: f64,
    },
    /// `max(x, 0)`.
    Relu,
    /// Vectors become images of channels x height x width.
    Image {
        /// Channels.
        channels: usize,
        /// Rows of pixels.
        height: usize,
        /// Pixels of a row.
        width: usize,
    },
    /// A cross-correlation without bias, padded by zeros.
    Convolution {
        /// The tensor `[outputs, inputs, kernel, kernel]`.
        weight: String,
        /// The step from one position to the next, in both directions.
        stride: usize,
        /// Zeros on every side.
        padding: usize,
    },
    /// Images become vectors: the mean over all positions.
    MeanPool,
    /// The sum of what two ways make of the same input.
    Residual {
        /// One way.
        body: Vec<Layer>,
        /// The other; without layers it is the input itself.
        shortcut: Vec<Layer>,
    },
    /// The first layer for rows of a table, which have numbers and bags of tokens. The sums of the bags, their sum divided
    /// by the root of their number, and the parts are joined. The result is `mlp(joined) + all W`, where `all` is that
    /// sum, or, without bags, what is joined.
    Fields {
        /// The tensor `[buckets, dimension]` of the embeddings of tokens; none if there are no bags.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        table: Option<String>,
        /// Bags of a row.
        bags: usize,
        /// The numbers of a row, part by part.
        parts: Vec<Part>,
        /// The layers that what is joined goes through.
        mlp: Vec<Layer>,
        /// The tensor `W`.
        direct: String,
    },
    /// A kernel of every sample with every training sample, times coefficients.
    Kernel {
        /// The kernel.
        kernel: Kernel,
        /// The tensor `[rows, inputs]` of training samples.
        train: String,
        /// The tensor `[rows, outputs]`.
        coefficients: String,
    },
}

/// Numbers of a row of a table that go through layers of their own before they are joined with the others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// The first number.
    pub from: usize,
    /// The number after the last.
    pub to: usize,
    /// The layers; none if the numbers are taken as they are.
    pub layers: Vec<Layer>,
}

impl Layer {
    /// The batch norm whose tensors' names begin so.
    ///
    /// ```
    /// use relata_train::encoder::Layer;
    ///
    /// let norm = Layer::batch_norm("encoder.norms.0");
    /// assert_eq!(norm, Layer::BatchNorm { name: "encoder.norms.0".to_owned(), epsilon: 1e-5 });
    /// ```
    pub fn batch_norm(name: impl Into<String>) -> Self {
        Self::BatchNorm { name: name.into(), epsilon: EPSILON }
    }

    /// A convolution whose tensor is called `NAME.weight`, and a batch norm.
    pub(super) fn convolution(name: &str, norm: &str, stride: usize, padding: usize) -> [Self; 2] {
        [Self::Convolution { weight: format!("{name}.weight"), stride, padding }, Self::batch_norm(norm)]
    }

    /// The layers of an MLP of so many linear layers, whose tensors' names begin with `name`.
    pub(super) fn mlp(name: &str, depth: usize) -> Vec<Self> {
        let hidden = (0..depth.saturating_sub(1)).flat_map(|at| {
            let linear = Self::Linear { weight: format!("{name}.hidden.{at}.weight"), bias: None };
            [linear, Self::batch_norm(format!("{name}.norms.{at}")), Self::Relu]
        });
        let last = Self::Linear { weight: format!("{name}.last.weight"), bias: Some(format!("{name}.last.bias")) };
        hidden.chain([last]).collect()
    }
}

#[cfg(test)]
mod tests {
    use relata_schemas::{Element, FeatureShape, FieldShape};
    use safetensors::SafeTensors;

    use super::*;
    use crate::DeviceChoice;
    use crate::encoder::{EncoderSpec, IntoArchitecture, convnet, fields, linear, mlp, resnet18};
    use crate::fit::Fit;
    use crate::learner::Head;
    use crate::loss::vicreg;

    /// The names of all tensors that layers read.
    fn tensors(layers: &[Layer], names: &mut Vec<String>) {
        for layer in layers {
            match layer {
                Layer::Linear { weight, bias } => names.extend([weight.clone()].into_iter().chain(bias.clone())),
                Layer::BatchNorm { name, .. } => {
                    names.extend(["gamma", "beta", "running_mean", "running_var"].map(|part| format!("{name}.{part}")))
                }
                Layer::Convolution { weight, .. } => names.push(weight.clone()),
                Layer::Residual { body, shortcut } => [body, shortcut].iter().for_each(|way| tensors(way, names)),
                Layer::Fields { table, parts, mlp, direct, .. } => {
                    names.extend(table.clone().into_iter().chain([direct.clone()]));
                    parts.iter().for_each(|part| tensors(&part.layers, names));
                    tensors(mlp, names);
                }
                Layer::Kernel { train, coefficients, .. } => names.extend([train.clone(), coefficients.clone()]),
                Layer::Relu | Layer::Image { .. } | Layer::MeanPool => {}
            }
        }
    }

    #[test]
    fn layers_read_just_the_tensors_that_the_weights_have() {
        let (vector, image) = (FeatureShape::vector(3), FeatureShape::image(2, 8, 8, Element::U8));
        let field = |name: &str, numbers, bag, image| FieldShape { name: name.into(), numbers, hashed: 0, bag, image };
        let table = FeatureShape::table(vec![
            field("age", 2, true, None),
            field("photo", 65, false, Some((1, 8, 8))),
            field("city", 3, false, None),
        ]);
        let without_text = FeatureShape::table(vec![field("age", 2, false, None)]);
        for (encoder, input) in [
            (linear(4).into_architecture(), &vector),
            (mlp([5, 4]).project([6, 7]).into_architecture(), &vector),
            (convnet().with_channels([2, 3]).project([4]).into_architecture(), &image),
            (resnet18().with_width(2).into_architecture(), &image),
            (fields([5, 4]).with_dimension(3).into_architecture(), &table),
            (fields([4]).into_architecture(), &without_text),
        ] {
            let fit = Fit::epochs(1).device(DeviceChoice::Cpu);
            let learner = encoder.learner(input, std::sync::Arc::new(vicreg()), &fit).unwrap();
            let bytes = learner.save().unwrap().weights;
            let mut expected: Vec<_> =
                SafeTensors::deserialize(&bytes).unwrap().names().into_iter().map(str::to_owned).collect();
            let mut found = Vec::new();
            tensors(&encoder.layers(input, Head::Projector).unwrap(), &mut found);
            expected.sort();
            found.sort();
            assert_eq!(found, expected, "{}", encoder.describe());
            let mut encoder_only = Vec::new();
            tensors(&encoder.layers(input, Head::Encoder).unwrap(), &mut encoder_only);
            assert!(encoder_only.iter().all(|name| name.starts_with("encoder.")), "{encoder_only:?}");
        }
    }

    #[test]
    fn the_parts_of_a_row_are_all_its_numbers_in_order() {
        let field = |numbers, image| FieldShape { name: "x".into(), numbers, hashed: 0, bag: false, image };
        let table = FeatureShape::table(vec![field(2, None), field(65, Some((1, 8, 8))), field(64, Some((1, 8, 8)))]);
        let layers = fields([4]).layers(&table).unwrap();
        let Layer::Fields { parts, .. } = &layers[0] else { panic!("{layers:?}") };
        let parts: Vec<_> = parts.iter().map(|part| (part.from, part.to, part.layers.is_empty())).collect();
        assert_eq!(parts, [(0, 2, true), (2, 66, false), (66, 67, true), (67, 131, false)]);
    }
}
