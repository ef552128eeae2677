//! Embedding and id columns in files that anybody made: whatever types their writer chose.

mod id_column;
mod vector_column;

pub use id_column::IdColumn;
pub use vector_column::VectorColumn;
