//! Scores of embeddings: probes against labels, clusterings, and measures of geometry. Vectors are spilled to disk and
//! read in blocks, so memory depends on the width of the vectors and the number of classes, not on the rows.

mod alignment;
mod classes;
mod contingency;
mod decision_classes;
mod effective_rank;
mod error;
mod evaluation;
#[cfg(test)]
mod fixture;
mod kmeans;
mod moments;
mod normalise;
mod objective;
mod split;
mod standardiser;
mod vector_file;
mod vectors;

pub use alignment::{Alignment, alignment};
pub use classes::{Classes, MAX_CLASSES};
pub use contingency::Contingency;
pub use effective_rank::effective_rank;
pub use error::{EvaluateError, Result};
pub use evaluation::Evaluation;
pub use kmeans::{KMeans, KMeansModel, kmeans};
pub use moments::Moments;
pub(crate) use relata_data::embeddings::VectorColumn;
pub use split::{Split, SplitReader, split_reader};
pub use standardiser::Standardiser;
pub(crate) use vector_file::read_vectors;
pub use vectors::{Block, Vectors, VectorsBuilder, block_rows};

relata_registry::components! {
    /// Every evaluation.
    pub static EVALUATIONS: dyn Evaluation = "evaluation" [
        linear_probe::LinearProbe,
        known_probe::KnownProbe,
        knn::Knn,
        clustering::Clustering,
        geometry::Geometry,
        retrieval::Retrieval,
        decision::DecisionEvaluation,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_evaluation_comes_back_from_its_description() {
        let all: [Box<dyn Evaluation>; 7] = [
            Box::new(linear_probe("class").with_l2(0.1).with_max_iterations(7)),
            Box::new(known_probe("class").of("pairs").naming(3)),
            Box::new(knn("class").with_k(3).with_temperature(0.5)),
            Box::new(clustering("class").with_clusters(4).with_restarts(2).with_seed(9).normalised()),
            Box::new(geometry("class")),
            Box::new(retrieval("class")),
            Box::new(decision("class")),
        ];
        for (evaluation, name) in all.iter().zip(EVALUATIONS.names()) {
            let description = evaluation.describe();
            assert_eq!(description.name, name);
            assert_eq!(EVALUATIONS.read(&description).unwrap().describe(), description);
        }
    }
}
