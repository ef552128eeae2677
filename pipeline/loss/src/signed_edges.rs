//! Edges of one sign (positive or negative) of a batch, and their values as tensors.

use burn::tensor::{Device, Int, Tensor, TensorData};
use relata_schemas::InducedEdges;

/// Edges of one sign; weights are absolute values.
#[derive(Debug, Clone)]
pub(super) struct SignedEdges {
    pub src: Vec<u32>,
    pub dst: Vec<u32>,
    pub weight: Vec<f32>,
}

impl SignedEdges {
    pub(super) fn positive(edges: &InducedEdges) -> Self {
        Self::of_sign(edges, 1.0)
    }

    pub(super) fn negative(edges: &InducedEdges) -> Self {
        Self::of_sign(edges, -1.0)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.src.is_empty()
    }

    /// The sum of the weights, in f64 because there may be millions.
    pub(super) fn total_weight(&self) -> f64 {
        self.weight.iter().map(|&w| f64::from(w)).sum()
    }

    /// Rows of `z` at both ends, `[edges, K]` each.
    pub(super) fn ends(&self, z: &Tensor<2>) -> (Tensor<2>, Tensor<2>) {
        let device = z.device();
        (z.clone().select(0, indices(&self.src, &device)), z.clone().select(0, indices(&self.dst, &device)))
    }

    /// The weights divided by their sum, `[edges]`.
    pub(super) fn normalised_weights(&self, device: &Device) -> Tensor<1> {
        let total = self.total_weight();
        floats(self.weight.iter().map(|&w| (f64::from(w) / total) as f32).collect(), device)
    }

    fn of_sign(edges: &InducedEdges, sign: f32) -> Self {
        let mut signed = Self { src: vec![], dst: vec![], weight: vec![] };
        for at in (0..edges.len()).filter(|&at| edges.weight[at] * sign > 0.0) {
            signed.src.push(edges.src[at]);
            signed.dst.push(edges.dst[at]);
            signed.weight.push(edges.weight[at].abs());
        }
        signed
    }
}

/// Row numbers as a tensor.
pub(super) fn indices(rows: &[u32], device: &Device) -> Tensor<1, Int> {
    let rows: Vec<i32> = rows.iter().map(|&row| row as i32).collect();
    let len = rows.len();
    Tensor::from_data(TensorData::new(rows, [len]), device)
}

/// Numbers as a tensor without gradient.
pub(super) fn floats(values: Vec<f32>, device: &Device) -> Tensor<1> {
    let len = values.len();
    Tensor::from_data(TensorData::new(values, [len]), device)
}
