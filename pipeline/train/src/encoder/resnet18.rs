//! ResNet-18 (He et al. 2016) with the stem for small images: one 3x3 convolution of stride 1, no pooling.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor};
use relata_registry::Description;
use relata_schemas::FeatureShape;

use super::{Encoder, EncoderSpec, image_dims};
use crate::Result;
use crate::layer::{End, Maps};

/// The module of [`resnet18`].
#[derive(Module, Debug)]
pub struct ResNet18 {
    stem: Conv2d,
    stem_norm: BatchNorm,
    blocks: Vec<Block>,
    input: [usize; 3],
}

/// Two 3x3 convolutions beside a short cut.
#[derive(Module, Debug)]
pub struct Block {
    first: Conv2d,
    first_norm: BatchNorm,
    second: Conv2d,
    second_norm: BatchNorm,
    shortcut: Option<Conv2d>,
    shortcut_norm: Option<BatchNorm>,
}

/// See [`resnet18`].
#[derive(Debug, Clone)]
pub struct ResNet18Spec {
    width: usize,
}

/// ResNet-18 for small images (up to about 64 x 64); the embedding has 512 dimensions.
pub fn resnet18() -> ResNet18Spec {
    ResNet18Spec { width: 64 }
}

impl ResNet18Spec {
    /// Channels of the first stage (64); the embedding has eight times as many dimensions.
    pub fn with_width(mut self, width: usize) -> Self {
        self.width = width;
        self
    }
}

impl Encoder for ResNet18 {
    fn forward(&self, samples: Tensor<2>) -> Tensor<2> {
        let stem = Maps::of_images(samples, self.input).layer(&self.stem, &self.stem_norm, End::Relu);
        self.blocks.iter().fold(stem, |maps, block| block.forward(maps)).pooled()
    }
}

impl Block {
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

    fn forward(&self, x: Maps) -> Maps {
        let hidden = x.layer(&self.first, &self.first_norm, End::Relu);
        let shortcut = match (&self.shortcut, &self.shortcut_norm) {
            (Some(convolution), Some(norm)) => x.layer(convolution, norm, End::Linear),
            _ => x,
        };
        hidden.layer(&self.second, &self.second_norm, End::AddRelu(&shortcut))
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
        Description::new("resnet18").with("width", &self.width)
    }

    fn width(&self, input: &FeatureShape) -> Result<usize> {
        image_dims("resnet18", input)?;
        super::positive("resnet18", "width", &[self.width])?;
        Ok(self.width * 8)
    }

    fn init(&self, input: &FeatureShape, device: &Device) -> ResNet18 {
        let image = input.as_image().unwrap_or((1, 1, input.len()));
        let stages = [(1, 1), (1, 2), (2, 4), (4, 8)];
        let blocks = stages.iter().enumerate().flat_map(|(stage, &(from, to))| {
            let (input, output) = (self.width * from, self.width * to);
            let stride = if stage == 0 { 1 } else { 2 };
            [Block::new(input, output, stride, device), Block::new(output, output, 1, device)]
        });
        ResNet18 {
            stem: convolution(image.0, self.width, 3, 1, device),
            stem_norm: BatchNormConfig::new(self.width).init(device),
            blocks: blocks.collect(),
            input: [image.0, image.1, image.2],
        }
    }
}
