//! One model being trained: a step, embeddings, and its state as bytes.

use std::sync::{Arc, Mutex, PoisonError};

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::optim::GradientsParams;
use burn::store::{ModuleSnapshot, SafetensorsStore};
use burn::tensor::{Device, Tensor, TensorData};
use relata_graph::InducedEdges;
use relata_kernels::KeptMemory;
use relata_schemas::FeatureShape;

use super::Fit;
use super::embed::{Head, embed, numbers};
use crate::encoder::{Encoder, EncoderSpec, Model, Projected};
use crate::loss::GraphLoss;
use crate::optimiser::{Updates, clip_to_norm};
use crate::{Result, TrainError};

/// burn's random numbers are one stream for the whole process: whoever draws initial weights holds this.
static INITIALISATION: Mutex<()> = Mutex::new(());

/// What one step measured.
pub struct Step {
    /// The loss.
    pub loss: f64,
    /// Its named terms.
    pub terms: Vec<(&'static str, f64)>,
    /// The batch's embeddings `[nodes, width]`, before the step, if asked for.
    pub embeddings: Option<Vec<f32>>,
}

/// A model, its loss and its optimiser, whatever the encoder.
pub trait Learner: Send {
    /// One optimiser step on samples `[edges.nodes, features]`.
    fn step(&mut self, values: Vec<f32>, edges: &InducedEdges, learning_rate: f64, keep: bool) -> Step;

    /// Embeddings of `rows` samples (row-major), without training behaviour.
    fn embed(&self, values: Vec<f32>, rows: usize, head: Head) -> Vec<f32>;

    /// The weights (safetensors) and the optimiser's state.
    fn save(&self) -> Result<(Vec<u8>, Vec<u8>), String>;

    /// Loads weights and, to go on training, the optimiser's state.
    fn load(&mut self, weights: Vec<u8>, optimiser: Option<Vec<u8>>) -> Result<(), String>;

    /// Whether every weight is a number.
    fn is_finite(&self) -> bool;
}

/// The learner of any encoder.
pub(super) struct ModelLearner<E: Encoder> {
    model: Option<Model<E>>,
    optimiser: Updates,
    loss: Arc<dyn GraphLoss>,
    clip: Option<f64>,
    features: usize,
    device: Device,
    // The last field: what the model held is free when this gives memory back.
    _kept: KeptMemory,
}

impl<E: Encoder> ModelLearner<E> {
    pub(super) fn new<S: EncoderSpec<Encoder = E>>(
        spec: &Projected<S>,
        input: &FeatureShape,
        loss: Arc<dyn GraphLoss>,
        fit: &Fit,
    ) -> Result<Self> {
        let device = fit.device.open()?.autodiff();
        let model = {
            let _held = INITIALISATION.lock().unwrap_or_else(PoisonError::into_inner);
            device.seed(fit.seed);
            spec.init(input, &device)?.materialize()
        };
        // Parameters are numbered in order, so that a checkpoint's optimiser state finds them in another process.
        let model = model.map(&mut Renumber { next: 1 });
        let optimiser = Updates::new(&fit.optimiser, &device);
        Ok(Self {
            model: Some(model),
            optimiser,
            loss,
            clip: fit.clip,
            features: input.len(),
            device,
            _kept: KeptMemory::start(),
        })
    }

    fn model(&self) -> &Model<E> {
        self.model.as_ref().expect("the model is only taken within step() and load(), which put it back")
    }
}

impl<E: Encoder> Learner for ModelLearner<E> {
    fn step(&mut self, values: Vec<f32>, edges: &InducedEdges, learning_rate: f64, keep: bool) -> Step {
        let data = TensorData::new(values, [edges.nodes, self.features]);
        let (embeddings, projected) = self.model().forward(Tensor::from_data(data, &self.device));
        let loss = self.loss.forward(projected, edges);
        let mut gradients = GradientsParams::from_grads(loss.total.backward(), self.model());
        if let Some(most) = self.clip {
            clip_to_norm(self.model(), &mut gradients, most);
        }
        if let Some(model) = self.model.take() {
            self.model = Some(self.optimiser.step(learning_rate, model, gradients));
        }
        Step {
            loss: loss.total.into_scalar::<f64>(),
            terms: loss.terms.into_iter().map(|(name, term)| (name, term.into_scalar::<f64>())).collect(),
            embeddings: keep.then(|| numbers(embeddings)),
        }
    }

    fn embed(&self, values: Vec<f32>, rows: usize, head: Head) -> Vec<f32> {
        embed(self.model().valid(), values, [rows, self.features], head, &self.device.clone().inner())
    }

    fn save(&self) -> Result<(Vec<u8>, Vec<u8>), String> {
        let mut store = SafetensorsStore::from_bytes(None);
        // A batch norm's last update of its running statistics is pending until `valid` asks for them.
        self.model().valid().save_into(&mut store).map_err(|e| e.to_string())?;
        let weights = store.get_bytes().map_err(|e| e.to_string())?;
        Ok((weights, self.optimiser.save()?))
    }

    fn load(&mut self, weights: Vec<u8>, optimiser: Option<Vec<u8>>) -> Result<(), String> {
        let mut store = SafetensorsStore::from_bytes(Some(weights));
        if let Some(mut model) = self.model.take() {
            let loaded = model.load_from(&mut store);
            self.model = Some(model);
            loaded.map_err(|e| e.to_string())?;
        }
        if let Some(bytes) = optimiser {
            self.optimiser.load(bytes)?;
        }
        Ok(())
    }

    fn is_finite(&self) -> bool {
        let mut finite = Finite(true);
        self.model().visit(&mut finite);
        finite.0
    }
}

struct Finite(bool);

impl ModuleVisitor for Finite {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0 = self.0 && param.val().into_data().iter::<f32>().all(f32::is_finite);
    }
}

struct Renumber {
    next: u64,
}

impl ModuleMapper for Renumber {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (_, value, mapper) = param.consume();
        let id = ParamId::from(self.next);
        self.next += 1;
        Param::from_mapped_value(id, value, mapper)
    }
}

impl From<String> for TrainError {
    fn from(reason: String) -> Self {
        Self::Numerical { routine: "storing the model", reason }
    }
}
