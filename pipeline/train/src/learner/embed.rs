//! Embedding of samples by a trained model, without training behaviour.

use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;
use relata_data::sample_batch::SampleBatch;
use relata_schemas::TokenBags;

use super::head::Head;
use crate::layer::on_cpu;
use crate::model::{Encoder, Model};

/// Samples that a thread embeds at once: so few that what a layer makes is still in the cache for the next layer.
const AT_ONCE: usize = 64;

/// Embeddings of samples `[rows, features]`, row by row.
pub(super) fn embed<E: Encoder>(
    model: Model<E>,
    samples: SampleBatch,
    [rows, features]: [usize; 2],
    head: Head,
    device: &Device,
) -> Vec<f32> {
    if !on_cpu(device) {
        return of_part(&model, samples.values, &samples.bags, features, head, device);
    }
    let models = vec![model; rows.div_ceil(AT_ONCE)];
    let parts = models.into_par_iter().zip(samples.values.par_chunks(AT_ONCE * features)).enumerate();
    let parts = parts.map(|(nth, (model, part))| {
        let bags = match samples.bags.is_empty() {
            true => TokenBags::default(),
            false => samples.bags.slice(nth * AT_ONCE, rows.min((nth + 1) * AT_ONCE)),
        };
        of_part(&model, part.to_vec(), &bags, features, head, device)
    });
    parts.collect::<Vec<_>>().concat()
}

fn of_part<E: Encoder>(
    model: &Model<E>,
    values: Vec<f32>,
    bags: &TokenBags,
    features: usize,
    head: Head,
    device: &Device,
) -> Vec<f32> {
    let rows = values.len() / features;
    let samples = Tensor::from_data(TensorData::new(values, [rows, features]), device);
    values_of(match head {
        Head::Encoder => model.embed(samples, bags),
        Head::Projector => model.forward(samples, bags).1,
    })
}

/// The numbers of a matrix, row by row, without a copy where they lie so already.
pub(super) fn values_of(matrix: Tensor<2>) -> Vec<f32> {
    let data = matrix.into_data();
    data.try_into_vec::<f32>().unwrap_or_else(|error| unreachable!("all tensors here are f32: {error:?}"))
}
