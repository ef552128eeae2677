//! Model export: a run's model as files that other programs read, without Relata.
//!
//! | file | what it holds |
//! |---|---|
//! | `model.safetensors` | the weights, by the names of [`encoder`](relata_train::encoder), 32-bit floats |
//! | `model.json` | the layers in order, the shape of samples, where the embedding is taken, and, for tables, what was learned of the columns |
//! | `model.onnx` | the model as ONNX |
//! | `relata_model.py` | a reader of the first two, in Python with numpy alone |
//!
//! A **closed form** with a linear kernel is one matrix, `weight` (`[inputs, width]`). With another kernel there are
//! `train` (`[rows, inputs]`, the training samples) and `coefficients` (`[rows, width]`, 64-bit floats: they
//! cancel each other, so that 32 bits would change the embedding in its fourth digit).
//!
//! **ONNX** (opset 17) has the output `embedding` (`[N, width]`) and the input `samples`: vectors `[N, inputs]` or
//! images `[N, channels, height, width]` of 32-bit floats; pixels that were bytes are in [0, 1]. The encoder `fields`
//! takes the numbers of a row as `samples`, and its bags as `tokens` (64-bit integers) and `weights` (32-bit floats), both
//! `[N, bags, T]` and filled up by zeros. `Model.encode` of `relata_model.py` makes all of them.

mod description;
mod error;
mod exported;
mod onnx;
mod weights;

pub(crate) use description::ModelDescription;
pub use error::ModelExportError;
pub use exported::ExportedModel;
pub(crate) use exported::ModelFiles;
pub(crate) use weights::Weights;
