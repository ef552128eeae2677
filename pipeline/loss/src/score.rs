//! Score of given embeddings under a loss: its value, terms and gradient.

use burn::tensor::{Device, Tensor, TensorData};
use relata_schemas::InducedEdges;

use super::graph_loss::GraphLoss;

/// A loss evaluated on fixed embeddings.
#[derive(Debug, Clone)]
pub struct Score {
    /// The loss.
    pub value: f64,
    /// Its named terms.
    pub terms: Vec<(&'static str, f64)>,
    /// The gradient with respect to the embeddings, row-major like them.
    pub gradient: Vec<f32>,
}

/// Evaluates `loss` on embeddings `[edges.nodes, width]` (row-major).
pub fn score(loss: &dyn GraphLoss, values: Vec<f32>, width: usize, edges: &InducedEdges, device: &Device) -> Score {
    let data = TensorData::new(values, [edges.nodes, width]);
    let z = Tensor::<2>::from_data(data, &device.clone().autodiff()).require_grad();
    let result = loss.forward(z.clone(), edges);
    let gradients = result.total.backward();
    let gradient = match z.grad(&gradients) {
        Some(gradient) => gradient.into_data().iter::<f32>().collect(),
        None => vec![0.0; edges.nodes * width],
    };
    Score {
        value: result.total.into_scalar::<f64>(),
        terms: result.terms.into_iter().map(|(name, term)| (name, term.into_scalar::<f64>())).collect(),
        gradient,
    }
}
