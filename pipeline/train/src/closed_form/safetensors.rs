//! Solutions as safetensors files.

use std::collections::HashMap;

use ::safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};

use super::solution::Solution;
use crate::error::{Result, TrainError};

impl Solution {
    /// The solution in the safetensors format: `train` (f32), `coefficients` (f64) and the kernel as metadata.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let rows = self.coefficients.len() / self.width;
        let train: Vec<u8> = self.train.iter().flat_map(|v| v.to_le_bytes()).collect();
        let coefficients: Vec<u8> = self.coefficients.iter().flat_map(|v| v.to_le_bytes()).collect();
        let view = |dtype, width, bytes| TensorView::new(dtype, vec![rows, width], bytes).map_err(wrong);
        let tensors = [
            ("train", view(Dtype::F32, self.features, &train)?),
            ("coefficients", view(Dtype::F64, self.width, &coefficients)?),
        ];
        let kernel = serde_json::to_string(&self.kernel).map_err(wrong)?;
        serialize(tensors, Some(HashMap::from([("kernel".to_owned(), kernel)]))).map_err(wrong)
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(wrong)?;
        let kernel = metadata.metadata().as_ref().and_then(|m| m.get("kernel"));
        let kernel = serde_json::from_str(kernel.ok_or_else(|| wrong("no kernel in the metadata"))?).map_err(wrong)?;
        let file = SafeTensors::deserialize(bytes).map_err(wrong)?;
        let (train, coefficients) = (file.tensor("train").map_err(wrong)?, file.tensor("coefficients").map_err(wrong)?);
        let ([_, features], [_, width]) = (train.shape(), coefficients.shape()) else {
            return Err(wrong("tensors that are no matrices"));
        };
        let float = |b: &[u8]| f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
        let double = |b: &[u8]| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]);
        Ok(Self {
            kernel,
            features: *features,
            width: *width,
            train: train.data().chunks_exact(4).map(float).collect(),
            coefficients: coefficients.data().chunks_exact(8).map(double).collect(),
        })
    }
}

fn wrong(error: impl ToString) -> TrainError {
    TrainError::Numerical { routine: "storing the closed form", reason: error.to_string() }
}
