//! Weights of a model: tensors by name, and the safetensors file of them.

use std::collections::{BTreeMap, HashMap};

use relata_train::closed_form::Solution;
use relata_train::encoder::Layer;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors, serialize};

use super::error::ModelExportError;

/// The tensor of a closed form with a linear kernel.
const WEIGHT: &str = "weight";
/// The tensors of one with another kernel.
const TRAIN: &str = "train";
const COEFFICIENTS: &str = "coefficients";

/// The tensors of a model.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Weights(BTreeMap<String, Tensor>);

/// The numbers of a tensor, row-major.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tensor {
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// 32-bit or 64-bit floats.
    pub dtype: Dtype,
    /// The numbers, little endian.
    pub bytes: Vec<u8>,
}

impl Weights {
    /// The weights of a checkpoint.
    pub fn of_checkpoint(bytes: &[u8]) -> Result<Self, ModelExportError> {
        let file = SafeTensors::deserialize(bytes).map_err(wrong)?;
        let tensors = file.tensors().into_iter().map(|(name, view)| match view.dtype() {
            Dtype::F32 => {
                Ok((name, Tensor { shape: view.shape().to_vec(), dtype: Dtype::F32, bytes: view.data().to_vec() }))
            }
            other => Err(wrong(format!("`{name}` of {other:?}"))),
        });
        tensors.collect::<Result<_, _>>().map(Self)
    }

    /// The weights of a closed form, and the layer that reads them.
    pub fn of_solution(solution: &Solution) -> (Self, Layer) {
        let floats = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        let tensor =
            |numbers: usize, width: usize, dtype, bytes| Tensor { shape: vec![numbers / width, width], dtype, bytes };
        let (width, coefficients) = (solution.width(), solution.coefficients());
        if let Some(map) = solution.linear_map() {
            let layer = Layer::Linear { weight: WEIGHT.to_owned(), bias: None };
            let weight = tensor(map.len(), width, Dtype::F32, floats(&map));
            return (Self([(WEIGHT.to_owned(), weight)].into()), layer);
        }
        let train = solution.train();
        let features = train.len() * width / coefficients.len();
        let doubles = coefficients.iter().flat_map(|value| value.to_le_bytes()).collect();
        let tensors = [
            (TRAIN.to_owned(), tensor(train.len(), features, Dtype::F32, floats(train))),
            (COEFFICIENTS.to_owned(), tensor(coefficients.len(), width, Dtype::F64, doubles)),
        ];
        let (train, coefficients) = (TRAIN.to_owned(), COEFFICIENTS.to_owned());
        (Self(tensors.into()), Layer::Kernel { kernel: solution.kernel(), train, coefficients })
    }

    /// A tensor of this name and number of dimensions.
    pub fn get(&self, name: &str, dimensions: usize) -> Result<&Tensor, ModelExportError> {
        let Some(tensor) = self.0.get(name) else {
            let found = self.0.keys().cloned().collect();
            return Err(ModelExportError::NoTensor { tensor: name.to_owned(), found });
        };
        match tensor.shape.len() == dimensions {
            true => Ok(tensor),
            false => Err(ModelExportError::Shape {
                tensor: name.to_owned(),
                expected: dimensions,
                found: tensor.shape.clone(),
            }),
        }
    }

    /// A safetensors file with these words beside the tensors.
    pub fn to_bytes(&self, key: &str, words: String) -> Result<Vec<u8>, ModelExportError> {
        let views = self.0.iter().map(|(name, tensor)| {
            let view = TensorView::new(tensor.dtype, tensor.shape.clone(), &tensor.bytes);
            view.map(|view| (name, view)).map_err(wrong)
        });
        let views: Vec<_> = views.collect::<Result<_, _>>()?;
        // One key, as the order of several would differ from file to file.
        serialize(views, Some(HashMap::from([(key.to_owned(), words)]))).map_err(wrong)
    }
}

fn wrong(found: impl ToString) -> ModelExportError {
    ModelExportError::Weights { found: found.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(names: [&str; 2]) -> Weights {
        let tensor =
            |at: usize| Tensor { shape: vec![at + 1, 1], dtype: Dtype::F32, bytes: vec![at as u8; 4 * (at + 1)] };
        Weights(names.into_iter().enumerate().map(|(at, name)| (name.to_owned(), tensor(at))).collect())
    }

    #[test]
    fn tensors_come_back_from_the_file_and_the_words_are_beside_them() {
        let written = weights(["a", "b.c"]);
        let bytes = written.to_bytes("about", "words".to_owned()).unwrap();
        assert_eq!(Weights::of_checkpoint(&bytes).unwrap(), written);
        assert_eq!(bytes, written.to_bytes("about", "words".to_owned()).unwrap());
        let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
        assert_eq!(metadata.metadata().as_ref().unwrap()["about"], "words");
        assert!(Weights::of_checkpoint(&bytes[..20]).is_err());
    }

    #[test]
    fn a_tensor_that_is_not_there_or_of_another_shape_is_named_with_what_is_there() {
        let weights = weights(["a", "b"]);
        assert_eq!(weights.get("b", 2).unwrap().shape, [2, 1]);
        let error = weights.get("c", 2).unwrap_err().to_string();
        assert!(error.contains("`c`") && error.contains("a, b"), "{error}");
        let error = weights.get("b", 1).unwrap_err().to_string();
        assert!(error.contains("`b`") && error.contains("[2, 1]"), "{error}");
    }
}
