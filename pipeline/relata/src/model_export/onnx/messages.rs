//! Messages of ONNX: the few that a model of layers needs, by the numbers of their fields in `onnx.proto`.

use safetensors::Dtype;

use super::protobuf::Message;
use crate::model_export::weights::Tensor;

/// Version of the file format, and of the set of operators.
const IR_VERSION: i64 = 8;
const OPSET: i64 = 17;

/// Types of numbers (`TensorProto.DataType`).
pub(super) const FLOAT: i64 = 1;
pub(super) const INT64: i64 = 7;
pub(super) const DOUBLE: i64 = 11;

/// Types of attributes (`AttributeProto.AttributeType`).
const ONE_FLOAT: i64 = 1;
const ONE_INT: i64 = 2;
const INTS: i64 = 7;

/// One dimension of an input or output.
#[derive(Debug, Clone, Copy)]
pub(super) enum Dim {
    /// So many.
    Known(usize),
    /// Any number, which has a name.
    Named(&'static str),
}

/// A tensor of numbers, known by name.
pub(super) fn tensor(name: &str, tensor: &Tensor) -> Message {
    let data_type = if tensor.dtype == Dtype::F64 { DOUBLE } else { FLOAT };
    numbers(name, data_type, &tensor.shape, &tensor.bytes)
}

/// A tensor of these numbers, little endian.
pub(super) fn numbers(name: &str, data_type: i64, shape: &[usize], bytes: &[u8]) -> Message {
    let dims = shape.iter().fold(Message::default(), |message, &dim| message.int(1, dim as i64));
    dims.int(2, data_type).text(8, name).bytes(9, bytes)
}

/// An input or output.
pub(super) fn value(name: &str, data_type: i64, dims: &[Dim]) -> Message {
    let dims = dims.iter().map(|dim| match dim {
        Dim::Known(size) => Message::default().int(1, *size as i64),
        Dim::Named(name) => Message::default().text(2, name),
    });
    let shape = Message::default().messages(1, &dims.collect::<Vec<_>>());
    let tensor = Message::default().int(1, data_type).message(2, &shape);
    Message::default().text(1, name).message(2, &Message::default().message(1, &tensor))
}

/// An operation.
pub(super) fn node(operator: &str, inputs: &[&str], output: &str, attributes: &[Message]) -> Message {
    let node = inputs.iter().fold(Message::default(), |node, input| node.text(1, input));
    node.text(2, output).text(3, output).text(4, operator).messages(5, attributes)
}

/// An attribute that is a whole number.
pub(super) fn int(name: &str, value: i64) -> Message {
    Message::default().text(1, name).int(3, value).int(20, ONE_INT)
}

/// An attribute that is a number.
pub(super) fn float(name: &str, value: f32) -> Message {
    Message::default().text(1, name).float(2, value).int(20, ONE_FLOAT)
}

/// An attribute that is a list of whole numbers.
pub(super) fn ints(name: &str, values: &[i64]) -> Message {
    values.iter().fold(Message::default().text(1, name), |message, &value| message.int(8, value)).int(20, INTS)
}

/// The graph of these nodes.
pub(super) fn graph(nodes: &[Message], initialisers: &[Message], inputs: &[Message], outputs: &[Message]) -> Message {
    let named = Message::default().messages(1, nodes).text(2, "relata");
    named.messages(5, initialisers).messages(11, inputs).messages(12, outputs)
}

/// The file of a graph.
pub(super) fn model(graph: Message) -> Vec<u8> {
    let operators = Message::default().text(1, "").int(2, OPSET);
    let producer = Message::default().int(1, IR_VERSION).text(2, "relata").text(3, env!("CARGO_PKG_VERSION"));
    producer.message(7, &graph).message(8, &operators).into_bytes()
}
