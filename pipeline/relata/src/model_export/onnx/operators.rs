//! Layers as operations of ONNX.

use relata_train::closed_form::Kernel;
use relata_train::encoder::{Layer, Part};

use super::graph::Graph;
use super::messages::{DOUBLE, FLOAT, float, int, ints};
use super::{SAMPLES, TOKEN_WEIGHTS, TOKENS};
use crate::model_export::error::ModelExportError;

type Result<T, E = ModelExportError> = std::result::Result<T, E>;

impl Graph<'_> {
    /// Adds layers that take `x`, and gives the name of what the last one makes.
    pub fn layers(&mut self, layers: &[Layer], x: String) -> Result<String> {
        layers.iter().try_fold(x, |x, layer| self.layer(layer, &x))
    }

    fn layer(&mut self, layer: &Layer, x: &str) -> Result<String> {
        Ok(match layer {
            Layer::Linear { weight, bias } => {
                let weight = self.weight(weight, 2)?;
                let product = self.node("MatMul", &[x, &weight], vec![]);
                match bias {
                    Some(bias) => {
                        let bias = self.weight(bias, 1)?;
                        self.node("Add", &[&product, &bias], vec![])
                    }
                    None => product,
                }
            }
            Layer::BatchNorm { name, epsilon } => {
                let parts = ["gamma", "beta", "running_mean", "running_var"];
                let parts = parts.map(|part| self.weight(&format!("{name}.{part}"), 1));
                let [gamma, beta, mean, variance] = parts;
                let inputs = [x, &gamma?, &beta?, &mean?, &variance?];
                self.node("BatchNormalization", &inputs, vec![float("epsilon", *epsilon as f32)])
            }
            Layer::Relu => self.node("Relu", &[x], vec![]),
            Layer::Image { channels, height, width } => {
                let shape = self.ints(&[-1, *channels as i64, *height as i64, *width as i64]);
                self.node("Reshape", &[x, &shape], vec![])
            }
            Layer::Convolution { weight, stride, padding } => {
                let (stride, padding) = (*stride as i64, *padding as i64);
                let weight = self.weight(weight, 4)?;
                let attributes = vec![ints("strides", &[stride; 2]), ints("pads", &[padding; 4])];
                self.node("Conv", &[x, &weight], attributes)
            }
            Layer::MeanPool => {
                let pooled = self.node("GlobalAveragePool", &[x], vec![]);
                self.node("Flatten", &[&pooled], vec![])
            }
            Layer::Residual { body, shortcut } => {
                let (body, shortcut) = (self.layers(body, x.to_owned())?, self.layers(shortcut, x.to_owned())?);
                self.node("Add", &[&body, &shortcut], vec![])
            }
            Layer::Fields { table, bags, parts, mlp, direct } => {
                self.fields(table.as_deref(), *bags, parts, (mlp, direct))?
            }
            Layer::Kernel { kernel, train, coefficients } => self.kernel(*kernel, train, coefficients, x)?,
        })
    }

    fn fields(
        &mut self,
        table: Option<&str>,
        bags: usize,
        parts: &[Part],
        (mlp, direct): (&[Layer], &str),
    ) -> Result<String> {
        let (mut joined, mut all) = (Vec::new(), None);
        if let Some(table) = table {
            let dimension = self.shape(table, 2)?[1];
            let table = self.weight(table, 2)?;
            // A row of weights times the rows of the table, bag by bag.
            let rows = self.node("Gather", &[&table, TOKENS], vec![]);
            let (place, second) = (self.ints(&[2]), self.ints(&[1]));
            let weights = self.node("Unsqueeze", &[TOKEN_WEIGHTS, &place], vec![]);
            let sums = self.node("MatMul", &[&weights, &rows], vec![]);
            let flat = self.ints(&[-1, (bags * dimension) as i64]);
            joined.push(self.node("Reshape", &[&sums, &flat], vec![]));
            let by_bag = self.node("Squeeze", &[&sums, &place], vec![]);
            let sum = self.node("ReduceSum", &[&by_bag, &second], vec![int("keepdims", 0)]);
            let root = self.float((bags as f64).sqrt() as f32);
            let sum = self.node("Div", &[&sum, &root], vec![]);
            joined.push(sum.clone());
            all = Some(sum);
        }
        for part in parts {
            let [from, to, axis] = [part.from, part.to, 1].map(|number| self.ints(&[number as i64]));
            let numbers = self.node("Slice", &[SAMPLES, &from, &to, &axis], vec![]);
            joined.push(self.layers(&part.layers, numbers)?);
        }
        let joined: Vec<&str> = joined.iter().map(String::as_str).collect();
        let joined = self.node("Concat", &joined, vec![int("axis", 1)]);
        let direct = self.weight(direct, 2)?;
        let straight = self.node("MatMul", &[all.as_ref().unwrap_or(&joined), &direct], vec![]);
        let made = self.layers(mlp, joined)?;
        Ok(self.node("Add", &[&made, &straight], vec![]))
    }

    /// In 64 bits, as coefficients cancel each other.
    fn kernel(&mut self, kernel: Kernel, train: &str, coefficients: &str, x: &str) -> Result<String> {
        let (train, coefficients) = (self.weight(train, 2)?, self.weight(coefficients, 2)?);
        let cast = |graph: &mut Self, x: &str, to| graph.node("Cast", &[x], vec![int("to", to)]);
        let (x, train) = (cast(self, x, DOUBLE), cast(self, &train, DOUBLE));
        let transposed = self.node("Transpose", &[&train], vec![]);
        let mut similar = self.node("MatMul", &[&x, &transposed], vec![]);
        // What the squared distance, or its root, is multiplied with before the exponential.
        let scale = match kernel {
            Kernel::Linear => None,
            Kernel::Laplace { width } => Some((true, -1.0 / width)),
            Kernel::Rbf { width } => Some((false, -1.0 / (2.0 * width * width))),
        };
        if let Some((root, scale)) = scale {
            let axis = self.ints(&[1]);
            let squares = |graph: &mut Self, x: &str, keep| {
                let squares = graph.node("Mul", &[x, x], vec![]);
                graph.node("ReduceSum", &[&squares, &axis], vec![int("keepdims", keep)])
            };
            let (of_x, of_train) = (squares(self, &x, 1), squares(self, &train, 0));
            let (two, zero) = (self.double(2.0), self.double(0.0));
            let twice = self.node("Mul", &[&similar, &two], vec![]);
            let sum = self.node("Add", &[&of_x, &of_train], vec![]);
            let difference = self.node("Sub", &[&sum, &twice], vec![]);
            let squared = self.node("Max", &[&difference, &zero], vec![]);
            let distance = if root { self.node("Sqrt", &[&squared], vec![]) } else { squared };
            let scale = self.double(scale);
            let exponent = self.node("Mul", &[&distance, &scale], vec![]);
            similar = self.node("Exp", &[&exponent], vec![]);
        }
        let embedding = self.node("MatMul", &[&similar, &coefficients], vec![]);
        Ok(cast(self, &embedding, FLOAT))
    }
}
