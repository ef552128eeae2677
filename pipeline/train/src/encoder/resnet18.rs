//! ResNet-18 (He et al. 2016) with the stem for small images: one 3x3 convolution of stride 1, no pooling.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor};
use relata_registry::{Description, Settings};
use relata_schemas::FeatureShape;
use serde::{Deserialize, Serialize};

use super::architecture::Architecture;
use super::layers::Layer;
use super::spec::{EncoderSpec, Projected, image_dims, positive};
use crate::error::Result;
use crate::layer::{Activation, FeatureMaps};
use crate::model::Encoder;

/// The module of [`resnet18`].
#[derive(Module, Debug)]
pub struct ResNet18 {
    stem: Conv2d,
    stem_norm: BatchNorm,
    blocks: Vec<ResidualBlock>,
    input: [usize; 3],
}

/// Two 3x3 convolutions beside a short cut.
#[derive(Module, Debug)]
pub struct ResidualBlock {
    first: Conv2d,
    first_norm: BatchNorm,
    second: Conv2d,
    second_norm: BatchNorm,
    shortcut: Option<Conv2d>,
    shortcut_norm: Option<BatchNorm>,
}

/// See [`resnet18`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ResNet18Spec {
    width: usize,
}

impl Default for ResNet18Spec {
    fn default() -> Self {
        Self { width: 64 }
    }
}

impl Settings for ResNet18Spec {
    const NAME: &'static str = "resnet18";
    const SUMMARY: &'static str = "ResNet-18 for images up to about 64 x 64 (He et al. 2016)";
}

/// ResNet-18 for small images (up to about 64 x 64); the embedding has 512 dimensions.
///
/// ```
/// use relata_schemas::{Element, FeatureShape};
/// use relata_train::encoder::{EncoderSpec, resnet18};
///
/// let encoder = resnet18().with_width(16);
/// assert_eq!(encoder.width(&FeatureShape::image(3, 32, 32, Element::U8))?, 128);
/// # Ok::<(), relata_train::TrainError>(())
/// ```
pub fn resnet18() -> ResNet18Spec {
    ResNet18Spec::default()
}

impl ResNet18Spec {
    /// Channels of the first stage (64); the embedding has eight times as many dimensions.
    ///
    /// ```
    /// use relata_train::encoder::{EncoderSpec, resnet18};
    ///
    /// assert_eq!(resnet18().with_width(16).describe().to_string(), "resnet18 width=16");
    /// ```
    pub fn with_width(mut self, width: usize) -> Self {
        self.width = width;
        self
    }
}

impl Encoder for ResNet18 {
    fn forward(&self, samples: Tensor<2>) -> Tensor<2> {
        let stem = FeatureMaps::of_images(samples, self.input).layer(&self.stem, &self.stem_norm, Activation::Relu);
        self.blocks.iter().fold(stem, |maps, block| block.forward(maps)).pooled()
    }
}

impl ResidualBlock {
    fn new(input: usize, output: usize, stride: usize, device: &Device) -> Self {
        let reshaped = stride != 1 || input != output;
        Self {
            first: convolution(input, output, 3, stride, device),
            first_norm: BatchNormConfig::new(output).init(device),
            second: convolution(output, output, 3, 1, device),
            second_norm: BatchNormConfig::new(output).init(device),
            shortcut: reshaped.then(|| convolution(input, output, 1, stride, device)),
            shortcut_norm: reshaped.then(|| BatchNormConfig::new(output).init(device)),
        }
    }

    fn forward(&self, x: FeatureMaps) -> FeatureMaps {
        let hidden = x.layer(&self.first, &self.first_norm, Activation::Relu);
        let shortcut = match (&self.shortcut, &self.shortcut_norm) {
            (Some(convolution), Some(norm)) => x.layer(convolution, norm, Activation::Identity),
            _ => x,
        };
        hidden.layer(&self.second, &self.second_norm, Activation::AddRelu(&shortcut))
    }
}

fn convolution(input: usize, output: usize, kernel: usize, stride: usize, device: &Device) -> Conv2d {
    let pad = kernel / 2;
    Conv2dConfig::new([input, output], [kernel, kernel])
        .with_stride([stride, stride])
        .with_padding(PaddingConfig2d::Explicit(pad, pad, pad, pad))
        .with_bias(false)
        .init(device)
}

impl EncoderSpec for ResNet18Spec {
    type Encoder = ResNet18;

    fn describe(&self) -> Description {
        Description::of(self)
    }

    fn width(&self, input: &FeatureShape) -> Result<usize> {
        image_dims("resnet18", input)?;
        positive("resnet18", "width", &[self.width])?;
        Ok(self.width * 8)
    }

    fn init(&self, input: &FeatureShape, device: &Device) -> ResNet18 {
        let image = input.as_image().unwrap_or((1, 1, input.len()));
        let stages = [(1, 1), (1, 2), (2, 4), (4, 8)];
        let blocks = stages.iter().enumerate().flat_map(|(stage, &(from, to))| {
            let (input, output) = (self.width * from, self.width * to);
            let stride = if stage == 0 { 1 } else { 2 };
            [ResidualBlock::new(input, output, stride, device), ResidualBlock::new(output, output, 1, device)]
        });
        ResNet18 {
            stem: convolution(image.0, self.width, 3, 1, device),
            stem_norm: BatchNormConfig::new(self.width).init(device),
            blocks: blocks.collect(),
            input: [image.0, image.1, image.2],
        }
    }

    fn layers(&self, input: &FeatureShape) -> Option<Vec<Layer>> {
        let (channels, height, width) = input.as_image()?;
        let stem = Layer::convolution("encoder.stem", "encoder.stem_norm", 1, 1);
        let mut layers = vec![Layer::Image { channels, height, width }];
        layers.extend(stem.into_iter().chain([Layer::Relu]));
        for at in 0..8 {
            // The first block of every stage but the first halves the resolution.
            let stride = if at > 0 && at % 2 == 0 { 2 } else { 1 };
            let of = |part: &str, stride, padding| {
                let name = format!("encoder.blocks.{at}.{part}");
                Layer::convolution(&name, &format!("{name}_norm"), stride, padding)
            };
            let body = of("first", stride, 1).into_iter().chain([Layer::Relu]).chain(of("second", 1, 1));
            let shortcut = if stride == 1 { vec![] } else { of("shortcut", stride, 0).to_vec() };
            layers.extend([Layer::Residual { body: body.collect(), shortcut }, Layer::Relu]);
        }
        layers.push(Layer::MeanPool);
        Some(layers)
    }

    // Not generic: the training loop of this encoder is compiled here, once, and not in every crate that names it.
    #[inline(never)]
    fn architecture(self, projector: Vec<usize>) -> Box<dyn Architecture> {
        Box::new(Projected::new(self, projector))
    }
}
