//! Graph of ONNX operations, which grows node by node; each node is known by the name of what it makes.

use std::collections::BTreeSet;

use super::messages::{self, DOUBLE, FLOAT, INT64};
use super::protobuf::Message;
use crate::model_export::error::ModelExportError;
use crate::model_export::weights::Weights;

/// Nodes and the tensors that they read.
#[derive(Debug)]
pub(super) struct Graph<'a> {
    weights: &'a Weights,
    nodes: Vec<Message>,
    initialisers: Vec<Message>,
    included: BTreeSet<String>,
}

impl<'a> Graph<'a> {
    /// A graph without nodes, of a model with these weights.
    pub fn new(weights: &'a Weights) -> Self {
        Self { weights, nodes: vec![], initialisers: vec![], included: BTreeSet::new() }
    }

    /// Adds an operation and gives the name of what it makes.
    pub fn node(&mut self, operator: &str, inputs: &[&str], attributes: Vec<Message>) -> String {
        let output = format!("{}_{}", operator.to_lowercase(), self.nodes.len());
        self.nodes.push(messages::node(operator, inputs, &output, &attributes));
        output
    }

    /// The name of a tensor of the weights, which has so many dimensions.
    pub fn weight(&mut self, name: &str, dimensions: usize) -> Result<String, ModelExportError> {
        let tensor = self.weights.get(name, dimensions)?;
        if self.included.insert(name.to_owned()) {
            self.initialisers.push(messages::tensor(name, tensor));
        }
        Ok(name.to_owned())
    }

    /// The shape of a tensor of the weights.
    pub fn shape(&self, name: &str, dimensions: usize) -> Result<&'a [usize], ModelExportError> {
        Ok(&self.weights.get(name, dimensions)?.shape)
    }

    /// A list of whole numbers.
    pub fn ints(&mut self, values: &[i64]) -> String {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(INT64, &[values.len()], &bytes)
    }

    /// A number.
    pub fn float(&mut self, value: f32) -> String {
        self.constant(FLOAT, &[], &value.to_le_bytes())
    }

    /// A number of 64 bits.
    pub fn double(&mut self, value: f64) -> String {
        self.constant(DOUBLE, &[], &value.to_le_bytes())
    }

    /// The graph, whose output is what a node made.
    pub fn finish(mut self, made: &str, output: &str, inputs: Vec<Message>, outputs: Vec<Message>) -> Message {
        self.nodes.push(messages::node("Identity", &[made], output, &[]));
        messages::graph(&self.nodes, &self.initialisers, &inputs, &outputs)
    }

    fn constant(&mut self, data_type: i64, shape: &[usize], bytes: &[u8]) -> String {
        let name = format!("constant_{}", self.initialisers.len());
        self.initialisers.push(messages::numbers(&name, data_type, shape, bytes));
        name
    }
}
