//! Fused optimiser step on the CPU: all parameters of a model are taken out of it, stepped in one pass, and put back.

use std::collections::BTreeMap;

use burn::backend::Flex;
use burn::module::{Module, ModuleMapper, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use relata_kernels::optimiser::Parameter;
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};

use crate::error::StateError;
use crate::layer::{CpuTensor, cpu_tensor};

/// What a step does to parameters that each have `N` vectors of state.
pub(super) trait UpdateRule<const N: usize>: Send {
    /// One step; `time` counts them, this one included.
    fn step(&self, rate: f64, time: u64, parameters: Vec<Parameter<'_, N>>);
}

/// A step of all parameters of a model at once, whatever the rule.
pub(super) trait FusedStep: Send {
    /// One step of the parameters, by their ids.
    fn step(&mut self, rate: f64, parameters: &mut BTreeMap<u64, Taken>);

    /// The state in the safetensors format: `time`, and for each parameter its number and that of the vector.
    fn save(&self) -> Result<Vec<u8>, StateError>;

    /// Goes on from what [`save`](Self::save) gave.
    fn load(&mut self, bytes: &[u8]) -> Result<(), StateError>;
}

/// A rule and its state for one model.
pub(super) struct RuleState<R, const N: usize> {
    update_rule: R,
    time: u64,
    states: BTreeMap<u64, [Vec<f32>; N]>,
}

impl<const N: usize, R: UpdateRule<N>> RuleState<R, N> {
    pub fn new(update_rule: R) -> Self {
        Self { update_rule, time: 0, states: BTreeMap::new() }
    }
}

/// One step of every parameter that has a gradient.
pub(super) fn step<M: Module>(steps: &mut dyn FusedStep, rate: f64, model: M, gradients: GradientsParams) -> M {
    let mut take = Take { gradients, taken: BTreeMap::new() };
    let model = model.map(&mut take);
    let mut taken = take.taken;
    steps.step(rate, &mut taken);
    model.map(&mut PutBack(taken))
}

impl<const N: usize, R: UpdateRule<N>> FusedStep for RuleState<R, N> {
    fn step(&mut self, rate: f64, taken: &mut BTreeMap<u64, Taken>) {
        self.time += 1;
        for (&id, Taken { weights, .. }) in taken.iter() {
            let fresh = || [(); N].map(|()| vec![0.0; weights.layout().num_elements()]);
            self.states.entry(id).or_insert_with(fresh);
        }
        // Both are in the order of ids, and every parameter that was taken has a state.
        let states = self.states.iter_mut().filter(|(id, _)| taken.contains_key(id)).map(|(_, state)| state);
        let states: Vec<_> = states.collect();
        let parameters = taken.values_mut().zip(states).map(|(Taken { weights, gradient }, state)| Parameter {
            weights: weights.storage_mut(),
            gradient: gradient.as_slice().expect("`cpu_tensor` made it contiguous; models are of 32 bits"),
            state: state.each_mut().map(Vec::as_mut_slice),
        });
        self.update_rule.step(rate, self.time, parameters.collect());
    }

    fn save(&self) -> Result<Vec<u8>, StateError> {
        let mut tensors = vec![("time".to_owned(), Dtype::U64, self.time.to_le_bytes().to_vec())];
        for (id, state) in &self.states {
            for (k, vector) in state.iter().enumerate() {
                let bytes = vector.iter().flat_map(|x| x.to_le_bytes()).collect();
                tensors.push((name(*id, k), Dtype::F32, bytes));
            }
        }
        let views = tensors.iter().map(|(name, dtype, bytes)| {
            let shape = vec![bytes.len() * 8 / dtype.bitsize()];
            Ok((name, TensorView::new(*dtype, shape, bytes)?))
        });
        let views = views.collect::<Result<Vec<_>, _>>();
        views.and_then(|views| serialize(views, None)).map_err(StateError::optimiser)
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), StateError> {
        let wrong = |tensor: &str, expected: &'static str| StateError::Tensor { tensor: tensor.to_owned(), expected };
        let file = SafeTensors::deserialize(bytes).map_err(StateError::optimiser)?;
        let data = |name: &str| file.tensor(name).map(|tensor| tensor.data().to_vec()).map_err(StateError::optimiser);
        let time = data("time")?.try_into().map_err(|_| wrong("time", "one number of 64 bits"))?;
        let mut states = BTreeMap::new();
        for stored in file.names() {
            let Some((id, "0")) = stored.split_once('.') else { continue };
            let id: u64 = id.parse().map_err(|_| wrong(stored, "named by the number of a parameter"))?;
            let mut state = [(); N].map(|()| Vec::new());
            for (k, vector) in state.iter_mut().enumerate() {
                let bytes = data(&name(id, k))?;
                *vector = bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
            }
            states.insert(id, state);
        }
        (self.time, self.states) = (u64::from_le_bytes(time), states);
        Ok(())
    }
}

fn name(id: u64, vector: usize) -> String {
    format!("{id}.{vector}")
}

/// A parameter outside of its model.
pub(super) struct Taken {
    weights: CpuTensor,
    gradient: CpuTensor,
}

/// Leaves an empty tensor in the place of each parameter that has a gradient, so that its memory has one owner.
struct Take {
    gradients: GradientsParams,
    taken: BTreeMap<u64, Taken>,
}

impl ModuleMapper for Take {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = param.consume();
        let Some(gradient) = self.gradients.remove::<D>(id) else {
            return Param::from_mapped_value(id, tensor, mapper);
        };
        let empty = Tensor::empty([0; D], &tensor.device()).set_require_grad(tensor.is_require_grad());
        let taken = Taken { weights: cpu_tensor(tensor.inner()), gradient: cpu_tensor(gradient) };
        self.taken.insert(id.val(), taken);
        Param::from_mapped_value(id, empty, mapper)
    }
}

struct PutBack(BTreeMap<u64, Taken>);

impl ModuleMapper for PutBack {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, empty, mapper) = param.consume();
        let Some(Taken { weights, .. }) = self.0.remove(&id.val()) else {
            return Param::from_mapped_value(id, empty, mapper);
        };
        let tensor = Tensor::from_inner(Tensor::from_primitive::<Flex>(weights));
        Param::from_mapped_value(id, tensor.set_require_grad(empty.is_require_grad()), mapper)
    }
}
