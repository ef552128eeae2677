//! ONNX: a model as a file that other programs run, written message by message.

mod graph;
mod messages;
mod operators;
mod protobuf;

use relata_train::encoder::Layer;

use super::description::ModelDescription;
use super::error::ModelExportError;
use super::weights::Weights;
use graph::Graph;
use messages::{Dim, FLOAT, INT64, model, value};

/// The names of inputs and the output.
const SAMPLES: &str = "samples";
const TOKENS: &str = "tokens";
const TOKEN_WEIGHTS: &str = "weights";
const EMBEDDING: &str = "embedding";
/// The number of samples, and of tokens of the longest bag.
const ROWS: Dim = Dim::Named("N");
const LONGEST: Dim = Dim::Named("T");

/// The ONNX file of a model.
pub(super) fn onnx(layers: &[Layer], weights: &Weights, about: &ModelDescription) -> Result<Vec<u8>, ModelExportError> {
    let input = &about.input;
    let numbers: usize = input.dims.iter().product();
    let dims: Vec<Dim> = [ROWS].into_iter().chain(input.dims.iter().map(|&dim| Dim::Known(dim))).collect();
    let mut inputs = Vec::new();
    if numbers > 0 {
        inputs.push(value(SAMPLES, FLOAT, &dims));
    }
    if input.bags > 0 {
        let dims = [ROWS, Dim::Known(input.bags), LONGEST];
        inputs.extend([value(TOKENS, INT64, &dims), value(TOKEN_WEIGHTS, FLOAT, &dims)]);
    }
    let mut graph = Graph::new(weights);
    // An image is one already; all other layers take vectors.
    let (x, layers) = match layers {
        [Layer::Image { channels, height, width }, rest @ ..] if input.dims == [*channels, *height, *width] => {
            (SAMPLES.to_owned(), rest)
        }
        _ if input.dims.len() > 1 => (graph.node("Flatten", &[SAMPLES], vec![]), layers),
        _ => (SAMPLES.to_owned(), layers),
    };
    let embedding = graph.layers(layers, x)?;
    let width = about.width.map_or(Dim::Named("width"), Dim::Known);
    let outputs = vec![value(EMBEDDING, FLOAT, &[ROWS, width])];
    Ok(model(graph.finish(&embedding, EMBEDDING, inputs, outputs)))
}
