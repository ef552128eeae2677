//! Scores of embeddings: probes against labels, clusterings, and measures of geometry. Vectors are spilled to disk and
//! read in blocks, so memory depends on the width of the vectors and the number of classes, not on the rows.

mod alignment;
mod classes;
mod clustering;
mod contingency;
mod effective_rank;
mod error;
mod evaluation;
#[cfg(test)]
mod fixture;
mod geometry;
mod kmeans;
mod knn;
mod known_probe;
mod linear_probe;
mod moments;
mod normalise;
mod objective;
mod split;
mod standardiser;
mod vector_file;
mod vectors;

pub use alignment::{Alignment, alignment};
pub use classes::{Classes, MAX_CLASSES};
pub use clustering::{Clustering, ClusteringResult, clustering};
pub use contingency::Contingency;
pub use effective_rank::effective_rank;
pub use error::{EvaluateError, Result};
pub use evaluation::Evaluation;
pub use geometry::{Geometry, geometry};
pub use kmeans::{KMeans, KMeansModel, kmeans};
pub use knn::{Knn, knn};
pub use known_probe::{KnownProbe, known_probe};
pub use linear_probe::{LinearProbe, LinearProbeResult, linear_probe};
pub use moments::Moments;
pub(crate) use relata_data::embeddings::VectorColumn;
pub use split::{Split, SplitReader, split_reader};
pub use standardiser::Standardiser;
pub(crate) use vector_file::read_vectors;
pub use vectors::{Block, Vectors, VectorsBuilder, block_rows};
