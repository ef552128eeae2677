//! Encoder specifications: how an encoder, and its projector, is built for data of a certain shape.

use std::sync::Arc;

use burn::tensor::Device;
use relata_data::sample_batch::SampleContent;
use relata_loss::GraphLoss;
use relata_registry::{Component, Description, ReadError, Registry, Settings};
use relata_schemas::FeatureShape;

use super::architecture::{Architecture, IntoArchitecture};
use super::layers::Layer;
use crate::error::{Result, TrainError};
use crate::fit::Fit;
use crate::learner::{Head, Learner, ModelLearner};
use crate::model::{Encoder, Mlp, Model};

/// The setting that stands beside an encoder's own.
const PROJECTOR: &str = "projector";

/// How an encoder is built for data of a certain shape. Implement it, and [`Encoder`], to plug in your own.
pub trait EncoderSpec: Send + Sync + 'static {
    /// The module.
    type Encoder: Encoder;

    /// Name and settings, for the plan.
    fn describe(&self) -> Description;

    /// Width of the embeddings; an error if the encoder cannot take samples of this shape.
    fn width(&self, input: &FeatureShape) -> Result<usize>;

    /// What of a table's texts the encoder reads: numbers that n-grams are hashed into, unless it asks for their bags.
    fn content(&self) -> SampleContent {
        SampleContent::Numbers
    }

    /// The layers in order, for other programs that compute the same embedding; none, unless it says. Names of tensors
    /// begin with `encoder.` and go on with the fields of the module.
    fn layers(&self, _input: &FeatureShape) -> Option<Vec<Layer>> {
        None
    }

    /// A fresh module; burn's random numbers are seeded before the call.
    fn init(&self, input: &FeatureShape, device: &Device) -> Self::Encoder;

    /// The encoder and a projector of these widths (none: no projector) as something that can be trained.
    ///
    /// Leave this as it is. The built-in encoders override it so that they are compiled in Relata rather than by its
    /// users.
    fn architecture(self, projector: Vec<usize>) -> Box<dyn Architecture>
    where
        Self: Sized,
    {
        Box::new(Projected::new(self, projector))
    }

    /// Adds a projector: an MLP whose output the loss sees in training, while the encoder's output is the embedding.
    ///
    /// ```
    /// use relata_schemas::FeatureShape;
    /// use relata_train::encoder::{EncoderSpec, mlp};
    ///
    /// let encoder = mlp([32, 8]).project([16]);
    /// assert_eq!(encoder.widths(&FeatureShape::vector(3))?, (8, 16));
    /// # Ok::<(), relata_train::TrainError>(())
    /// ```
    fn project<const N: usize>(self, widths: [usize; N]) -> Projected<Self>
    where
        Self: Sized,
    {
        Projected::new(self, widths.to_vec())
    }
}

/// See [`EncoderSpec::project`].
#[derive(Debug, Clone, PartialEq)]
pub struct Projected<S> {
    encoder: S,
    projector: Vec<usize>,
}

impl<S> Projected<S> {
    pub(super) fn new(encoder: S, projector: Vec<usize>) -> Self {
        Self { encoder, projector }
    }
}

impl<S: EncoderSpec> Projected<S> {
    /// Name and settings, for the plan.
    pub fn describe(&self) -> Description {
        self.encoder.describe().with(PROJECTOR, &self.projector)
    }

    /// Widths of the embedding and of the projector's output.
    pub fn widths(&self, input: &FeatureShape) -> Result<(usize, usize)> {
        positive("projector", "widths", &self.projector)?;
        let width = self.encoder.width(input)?;
        Ok((width, self.projector.last().copied().unwrap_or(width)))
    }

    /// A fresh model.
    pub fn init(&self, input: &FeatureShape, device: &Device) -> Result<Model<S::Encoder>> {
        let (width, _) = self.widths(input)?;
        let encoder = self.encoder.init(input, device);
        let projector = (!self.projector.is_empty()).then(|| Mlp::new(width, &self.projector, device));
        Ok(Model { encoder, projector })
    }
}

impl<S: EncoderSpec> Architecture for Projected<S> {
    fn describe(&self) -> Description {
        Projected::describe(self)
    }

    fn widths(&self, input: &FeatureShape) -> Result<(usize, usize)> {
        Projected::widths(self, input)
    }

    fn content(&self) -> SampleContent {
        self.encoder.content()
    }

    fn layers(&self, input: &FeatureShape, head: Head) -> Option<Vec<Layer>> {
        let mut layers = self.encoder.layers(input)?;
        if head == Head::Projector && !self.projector.is_empty() {
            layers.extend(Layer::mlp("projector", self.projector.len()));
        }
        Some(layers)
    }

    fn learner(&self, input: &FeatureShape, loss: Arc<dyn GraphLoss>, fit: &Fit) -> Result<Box<dyn Learner>> {
        let fresh = |device: &Device| self.init(input, device);
        Ok(Box::new(ModelLearner::new(fresh, (input.len(), self.encoder.content()), loss, fit)?))
    }
}

impl<S: EncoderSpec> IntoArchitecture for S {
    fn into_architecture(self) -> Box<dyn Architecture> {
        self.architecture(vec![])
    }
}

impl<S: EncoderSpec> IntoArchitecture for Projected<S> {
    fn into_architecture(self) -> Box<dyn Architecture> {
        self.encoder.architecture(self.projector)
    }
}

/// A built-in encoder in the registry: its settings and, beside them, the widths of its projector.
impl<S: EncoderSpec + Settings> Component<dyn Architecture> for Projected<S> {
    const NAME: &'static str = S::NAME;
    const SUMMARY: &'static str = S::SUMMARY;

    fn defaults() -> Option<Description> {
        Some(Description::of(&S::default()).with(PROJECTOR, Vec::<usize>::new()))
    }

    fn read(description: &Description, _: &Registry<dyn Architecture>) -> Result<Self, ReadError> {
        let mut settings = description.clone();
        let projector = match description.get(PROJECTOR) {
            Some(_) => description.setting(PROJECTOR)?,
            None => vec![],
        };
        settings.values.remove(PROJECTOR);
        Ok(Self::new(settings.settings()?, projector))
    }
}

/// The dimensions of an image, or why `encoder` cannot take the samples.
pub(super) fn image_dims(encoder: &str, input: &FeatureShape) -> Result<[usize; 3]> {
    match input.as_image() {
        Some((c, h, w)) => Ok([c, h, w]),
        None => Err(TrainError::setting(
            encoder,
            "input",
            "images (an arrow.fixed_shape_tensor of channels x height x width)",
            input,
        )),
    }
}

/// Refuses widths of 0.
pub(super) fn positive(encoder: &str, setting: &str, widths: &[usize]) -> Result<()> {
    match widths.iter().find(|&&width| width == 0) {
        None => Ok(()),
        Some(_) => Err(TrainError::setting(encoder, setting, "above 0", format!("{widths:?}"))),
    }
}
