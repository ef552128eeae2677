//! Training step of one model: forward, loss, autodiff, optimiser; and the model's state as bytes.

use std::sync::{Arc, Mutex, PoisonError};

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::optim::GradientsParams;
use burn::store::{ModuleSnapshot, SafetensorsStore};
use burn::tensor::{Device, Tensor, TensorData};
use relata_data::sample_batch::{SampleBatch, SampleContent};
use relata_kernels::MallocRetention;
use relata_loss::GraphLoss;
use relata_schemas::InducedEdges;

use super::embed::{embed, values_of};
use super::head::Head;
use super::interface::{Learner, LearnerState, StepOutcome};
use crate::error::{Result, StateError};
use crate::fit::Fit;
use crate::model::{Encoder, Model};
use crate::optimiser::{OptimiserState, clip_to_norm};

/// burn's random numbers are one stream for the whole process: whoever draws initial weights holds this.
static INITIALISATION: Mutex<()> = Mutex::new(());

/// The learner of any encoder.
pub(crate) struct ModelLearner<E: Encoder> {
    model: Option<Model<E>>,
    optimiser: OptimiserState,
    loss: Arc<dyn GraphLoss>,
    clip: Option<f64>,
    features: usize,
    content: SampleContent,
    device: Device,
    // The last field: what the model held is free when this gives memory back.
    _malloc_retention: MallocRetention,
}

impl<E: Encoder> ModelLearner<E> {
    pub(crate) fn new(
        fresh: impl FnOnce(&Device) -> Result<Model<E>>,
        (features, content): (usize, SampleContent),
        loss: Arc<dyn GraphLoss>,
        fit: &Fit,
    ) -> Result<Self> {
        let device = fit.device.open()?.autodiff();
        let model = {
            let _held = INITIALISATION.lock().unwrap_or_else(PoisonError::into_inner);
            device.seed(fit.seed);
            // Parameters draw their first values when they are looked at, which renumbering does. They are numbered in
            // order, so that a checkpoint's optimiser state finds them in another process.
            fresh(&device)?.map(&mut Renumber { next: 1 })
        };
        let optimiser = fit.optimiser_settings().state(&device);
        Ok(Self {
            model: Some(model),
            optimiser,
            loss,
            clip: fit.clip,
            features,
            content,
            device,
            _malloc_retention: MallocRetention::start(),
        })
    }

    fn model(&self) -> &Model<E> {
        self.model.as_ref().expect("the model is only taken within step() and load(), which put it back")
    }
}

impl<E: Encoder> Learner for ModelLearner<E> {
    fn content(&self) -> SampleContent {
        self.content
    }

    fn step(&mut self, samples: SampleBatch, edges: &InducedEdges, learning_rate: f64, keep: bool) -> StepOutcome {
        let data = TensorData::new(samples.values, [edges.nodes, self.features]);
        let (embeddings, projected) = self.model().forward(Tensor::from_data(data, &self.device), &samples.bags);
        let loss = self.loss.forward(projected, edges);
        let mut gradients = GradientsParams::from_grads(loss.total.backward(), self.model());
        if let Some(most) = self.clip {
            clip_to_norm(self.model(), &mut gradients, most);
        }
        if let Some(model) = self.model.take() {
            self.model = Some(self.optimiser.step(learning_rate, model, gradients));
        }
        StepOutcome {
            loss: loss.total.into_scalar::<f64>(),
            terms: loss.terms.into_iter().map(|(name, term)| (name, term.into_scalar::<f64>())).collect(),
            embeddings: keep.then(|| values_of(embeddings)),
        }
    }

    fn embed(&self, samples: SampleBatch, rows: usize, head: Head) -> Vec<f32> {
        embed(self.model().valid(), samples, [rows, self.features], head, &self.device.clone().inner())
    }

    fn save(&self) -> Result<LearnerState, StateError> {
        let mut store = SafetensorsStore::from_bytes(None);
        // A batch norm's last update of its running statistics is pending until `valid` asks for them.
        self.model().valid().save_into(&mut store).map_err(StateError::weights)?;
        let weights = store.get_bytes().map_err(StateError::weights)?;
        Ok(LearnerState { weights, optimiser: self.optimiser.save()? })
    }

    fn load(&mut self, weights: Vec<u8>, optimiser: Option<Vec<u8>>) -> Result<(), StateError> {
        let mut store = SafetensorsStore::from_bytes(Some(weights));
        if let Some(mut model) = self.model.take() {
            let loaded = model.load_from(&mut store);
            self.model = Some(model);
            loaded.map_err(StateError::weights)?;
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
