//! Convolutional network (convnet) for small images: 3x3 convolutions of stride 2 with batch norm and ReLU, then global
//! average pooling.

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
use crate::error::{Result, TrainError};
use crate::layer::{Activation, FeatureMaps};
use crate::model::Encoder;

/// The module of [`convnet`].
#[derive(Module, Debug)]
pub struct Convnet {
    convolutions: Vec<Conv2d>,
    norms: Vec<BatchNorm>,
    input: [usize; 3],
}

/// See [`convnet`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConvnetSpec {
    channels: Vec<usize>,
    strides: Vec<usize>,
}

impl Default for ConvnetSpec {
    fn default() -> Self {
        Self { channels: vec![32, 64, 128], strides: vec![2; 3] }
    }
}

impl Settings for ConvnetSpec {
    const NAME: &'static str = "convnet";
    const SUMMARY: &'static str = "3x3 convolutions with batch norm and ReLU, for small images";
}

/// Three convolutions of 32, 64 and 128 channels, each of stride 2; the embedding has 128 dimensions.
///
/// ```
/// use relata_schemas::{Element, FeatureShape};
/// use relata_train::encoder::{EncoderSpec, convnet};
///
/// let encoder = convnet().with_channels([16, 32]);
/// assert_eq!(encoder.width(&FeatureShape::image(1, 28, 28, Element::U8))?, 32);
/// # Ok::<(), relata_train::TrainError>(())
/// ```
pub fn convnet() -> ConvnetSpec {
    ConvnetSpec::default()
}

impl ConvnetSpec {
    /// Other numbers of channels, one a convolution; the last is the width of the embedding. All strides become 2.
    ///
    /// ```
    /// use relata_train::encoder::{EncoderSpec, convnet};
    ///
    /// let encoder = convnet().with_channels([16, 32]);
    /// assert_eq!(encoder.describe().to_string(), "convnet channels=[16, 32] strides=[2, 2]");
    /// ```
    pub fn with_channels<const N: usize>(mut self, channels: [usize; N]) -> Self {
        self.channels = channels.to_vec();
        self.strides = vec![2; N];
        self
    }

    /// Other strides, one a convolution: 1 keeps the resolution, which very small images need.
    ///
    /// ```
    /// use relata_train::encoder::{EncoderSpec, convnet};
    ///
    /// let encoder = convnet().with_channels([16, 32]).with_strides([1, 2]);
    /// assert_eq!(encoder.describe().to_string(), "convnet channels=[16, 32] strides=[1, 2]");
    /// ```
    pub fn with_strides<const N: usize>(mut self, strides: [usize; N]) -> Self {
        self.strides = strides.to_vec();
        self
    }
}

impl ConvnetSpec {
    /// The layers for images of these dimensions, whose tensors' names begin with `name`.
    pub(super) fn layers_of(&self, name: &str, (channels, height, width): (usize, usize, usize)) -> Vec<Layer> {
        let convolutions = self.strides.iter().enumerate().flat_map(|(at, &stride)| {
            let (convolution, norm) = (format!("{name}.convolutions.{at}"), format!("{name}.norms.{at}"));
            Layer::convolution(&convolution, &norm, stride, 1).into_iter().chain([Layer::Relu])
        });
        let image = Layer::Image { channels, height, width };
        std::iter::once(image).chain(convolutions).chain([Layer::MeanPool]).collect()
    }
}

impl Encoder for Convnet {
    fn forward(&self, samples: Tensor<2>) -> Tensor<2> {
        let layers = self.convolutions.iter().zip(&self.norms);
        let images = FeatureMaps::of_images(samples, self.input);
        layers.fold(images, |maps, (convolution, norm)| maps.layer(convolution, norm, Activation::Relu)).pooled()
    }
}

impl EncoderSpec for ConvnetSpec {
    type Encoder = Convnet;

    fn describe(&self) -> Description {
        Description::of(self)
    }

    fn width(&self, input: &FeatureShape) -> Result<usize> {
        image_dims("convnet", input)?;
        positive("convnet", "channels", &self.channels)?;
        positive("convnet", "strides", &self.strides)?;
        if self.strides.len() != self.channels.len() {
            let expected = format!("{} numbers, one a convolution", self.channels.len());
            return Err(TrainError::setting("convnet", "strides", expected, format!("{:?}", self.strides)));
        }
        let last = self.channels.last().copied();
        last.ok_or_else(|| TrainError::setting("convnet", "channels", "at least one convolution", "[]"))
    }

    fn init(&self, input: &FeatureShape, device: &Device) -> Convnet {
        let image = input.as_image().unwrap_or((1, 1, input.len()));
        let inputs = std::iter::once(image.0).chain(self.channels.iter().copied());
        let layers = inputs.zip(&self.channels).zip(&self.strides);
        let convolutions = layers.map(|((i, &o), &stride)| {
            Conv2dConfig::new([i, o], [3, 3])
                .with_stride([stride, stride])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .with_bias(false)
                .init(device)
        });
        Convnet {
            convolutions: convolutions.collect(),
            norms: self.channels.iter().map(|&o| BatchNormConfig::new(o).init(device)).collect(),
            input: [image.0, image.1, image.2],
        }
    }

    fn layers(&self, input: &FeatureShape) -> Option<Vec<Layer>> {
        Some(self.layers_of("encoder", input.as_image()?))
    }

    // Not generic: the training loop of this encoder is compiled here, once, and not in every crate that names it.
    #[inline(never)]
    fn architecture(self, projector: Vec<usize>) -> Box<dyn Architecture> {
        Box::new(Projected::new(self, projector))
    }
}
