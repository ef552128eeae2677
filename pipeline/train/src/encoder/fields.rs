//! Fields encoder: rows of a table. Every text is the sum of the embeddings of its n-grams (fastText); these, their sum
//! over all texts, the numbers of the other columns, and pictures after a convolutional network of their own go through
//! an MLP; beside it, the sum goes through one linear map.

use burn::module::{Module, Param};
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};
use relata_data::sample_batch::SampleContent;
use relata_registry::{Description, Settings};
use relata_schemas::{Element, FeatureShape, TokenBags};
use serde::{Deserialize, Serialize};

use super::architecture::Architecture;
use super::convnet::{Convnet, convnet};
use super::layers::{Layer, Part};
use super::spec::{EncoderSpec, Projected, positive};
use crate::error::{Result, TrainError};
use crate::layer::embedding_bags;
use crate::model::{Encoder, Mlp};

/// The module of [`fields`].
#[derive(Module, Debug)]
pub struct FieldsEncoder {
    table: Option<Param<Tensor<2>>>,
    mlp: Mlp,
    direct: Linear,
    /// One network a column of pictures.
    pictures: Vec<Convnet>,
    /// The first pixel and the number of pixels of each, in order.
    pixels: Vec<[usize; 2]>,
    numbers: usize,
    bags: usize,
}

/// See [`fields`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FieldsSpec {
    widths: Vec<usize>,
    dimension: usize,
}

impl Default for FieldsSpec {
    fn default() -> Self {
        Self { widths: vec![256, 128], dimension: 64 }
    }
}

impl Settings for FieldsSpec {
    const NAME: &'static str = "fields";
    const SUMMARY: &'static str = "rows of a table: n-grams of texts, numbers and pictures, joined by an MLP";
}

/// An encoder of rows of a table, whose MLP has these layer widths; the last is the width of the embedding.
///
/// All texts share one embedding table, so that a word means the same in every column; their sum is a part of its own,
/// so that a value in the wrong column is not lost. A linear map of it beside the MLP keeps what rare n-grams tell apart
/// (of the numbers, if there are no texts). Every column of pictures has a small convolutional network ([`convnet()`]).
///
/// ```
/// use relata_schemas::{FeatureShape, FieldShape};
/// use relata_train::encoder::{EncoderSpec, fields};
///
/// let name = FieldShape { name: "name".into(), numbers: 0, hashed: 64, bag: true, image: None };
/// let encoder = fields([256, 128]);
/// assert_eq!(encoder.width(&FeatureShape::table(vec![name]))?, 128);
/// # Ok::<(), relata_train::TrainError>(())
/// ```
pub fn fields<const N: usize>(widths: [usize; N]) -> FieldsSpec {
    FieldsSpec { widths: widths.to_vec(), ..FieldsSpec::default() }
}

impl FieldsSpec {
    /// Another width of the embeddings of n-grams; the default is 64.
    ///
    /// ```
    /// use relata_train::encoder::{EncoderSpec, fields};
    ///
    /// let encoder = fields([256, 128]).with_dimension(32);
    /// assert_eq!(encoder.describe().to_string(), "fields dimension=32 widths=[256, 128]");
    /// ```
    pub fn with_dimension(mut self, dimension: usize) -> Self {
        self.dimension = dimension;
        self
    }
}

impl Encoder for FieldsEncoder {
    fn forward(&self, samples: Tensor<2>) -> Tensor<2> {
        let many = samples.dims()[0];
        let mut bags = TokenBags::new(self.bags);
        (0..many * self.bags).for_each(|_| bags.push(&[], |_| 1.0));
        self.forward_bags(samples, &bags)
    }

    fn forward_bags(&self, samples: Tensor<2>, bags: &TokenBags) -> Tensor<2> {
        let many = samples.dims()[0];
        let mut parts = Vec::new();
        let mut direct = None;
        if let Some(table) = &self.table {
            let sums = embedding_bags(table.val(), bags);
            let dimension = sums.dims()[1];
            let all = sums.clone().reshape([many, self.bags, dimension]).sum_dim(1).reshape([many, dimension]);
            parts.push(sums.reshape([many, self.bags * dimension]));
            let all = all / (self.bags as f64).sqrt();
            direct = Some(self.direct.forward(all.clone()));
            parts.push(all);
        }
        let mut from = 0;
        for (picture, &[start, len]) in self.pictures.iter().zip(&self.pixels) {
            if start > from {
                parts.push(samples.clone().slice([0..many, from..start]));
            }
            from = start + len;
            parts.push(picture.forward(samples.clone().slice([0..many, start..from])));
        }
        if self.numbers > from {
            parts.push(samples.slice([0..many, from..self.numbers]));
        }
        let joined = Tensor::cat(parts, 1);
        let direct = direct.unwrap_or_else(|| self.direct.forward(joined.clone()));
        self.mlp.forward(joined) + direct
    }
}

impl EncoderSpec for FieldsSpec {
    type Encoder = FieldsEncoder;

    fn describe(&self) -> Description {
        Description::of(self)
    }

    fn content(&self) -> SampleContent {
        SampleContent::Bags
    }

    fn width(&self, input: &FeatureShape) -> Result<usize> {
        if !input.is_table() {
            let expected = "rows of a table, whose columns are named by `.fields([..])` or found by their types";
            return Err(TrainError::setting("fields", "input", expected, input));
        }
        positive("fields", "widths", &self.widths)?;
        positive("fields", "dimension", &[self.dimension])?;
        let last = self.widths.last().copied();
        last.ok_or_else(|| TrainError::setting("fields", "widths", "at least one layer", "[]"))
    }

    fn init(&self, input: &FeatureShape, device: &Device) -> FieldsEncoder {
        let (bags, numbers) = (input.bags(), input.numbers());
        let parts = if bags > 0 { bags + 1 } else { 0 };
        let mut joined = parts * self.dimension + numbers;
        let (mut pictures, mut pixels, mut from) = (Vec::new(), Vec::new(), 0);
        for field in &input.fields {
            if let Some((channels, height, width)) = field.image {
                let shape = FeatureShape::image(channels, height, width, Element::U8);
                let network = convnet();
                joined = joined - shape.len() + network.width(&shape).unwrap_or_default();
                pictures.push(network.init(&shape, device));
                pixels.push([from, shape.len()]);
            }
            from += field.numbers;
        }
        let std = 1.0 / (self.dimension as f64).sqrt();
        let table = Initializer::Normal { mean: 0.0, std };
        let last = self.widths.last().copied().unwrap_or(1);
        FieldsEncoder {
            table: (bags > 0).then(|| table.init([TokenBags::BUCKETS, self.dimension], device)),
            mlp: Mlp::new(joined, &self.widths, device),
            direct: LinearConfig::new(if bags > 0 { self.dimension } else { joined }, last)
                .with_bias(false)
                .init(device),
            pictures,
            pixels,
            numbers,
            bags,
        }
    }

    fn layers(&self, input: &FeatureShape) -> Option<Vec<Layer>> {
        let mut parts: Vec<Part> = Vec::new();
        let (mut at, mut pictures) = (0, 0);
        for field in &input.fields {
            let pixels = field.image.map_or(0, |(channels, height, width)| channels * height * width);
            if let Some(image) = field.image {
                let layers = convnet().layers_of(&format!("encoder.pictures.{pictures}"), image);
                parts.push(Part { from: at, to: at + pixels, layers });
                pictures += 1;
            }
            let (from, to) = (at + pixels, at + field.numbers);
            match parts.last_mut() {
                Some(part) if part.layers.is_empty() => part.to = to,
                _ if to > from => parts.push(Part { from, to, layers: vec![] }),
                _ => {}
            }
            at = to;
        }
        let bags = input.bags();
        Some(vec![Layer::Fields {
            table: (bags > 0).then(|| "encoder.table".to_owned()),
            bags,
            parts,
            mlp: Layer::mlp("encoder.mlp", self.widths.len()),
            direct: "encoder.direct.weight".to_owned(),
        }])
    }

    // Not generic: the training loop of this encoder is compiled here, once, and not in every crate that names it.
    #[inline(never)]
    fn architecture(self, projector: Vec<usize>) -> Box<dyn Architecture> {
        Box::new(Projected::new(self, projector))
    }
}
