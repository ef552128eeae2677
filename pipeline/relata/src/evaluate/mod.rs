//! Scores of embeddings: probes against labels, clusterings, and measures of geometry. Vectors are spilled to disk and
//! read in blocks, so memory depends on the width of the vectors and the number of classes, not on the rows.

use relata_registry::Description;
use std::path::Path;

mod alignment;
mod classes;
mod clustering;
mod contingency;
mod directions;
mod effective_rank;
mod error;
mod geometry;
mod kmeans;
mod knn;
mod known_probe;
mod linear_probe;
mod moments;
mod objective;
mod split;
mod standardiser;
mod unlabelled;
mod vectors;

pub use alignment::{Alignment, alignment};
pub use classes::Classes;
pub use clustering::{Clustering, ClusteringResult, clustering};
pub use contingency::Contingency;
pub use effective_rank::effective_rank;
pub use error::{EvaluateError, Result};
pub use geometry::{Geometry, geometry};
pub use kmeans::{KMeans, KMeansModel, kmeans};
pub use knn::{Knn, knn};
pub use known_probe::{KnownProbe, known_probe};
pub use linear_probe::{LinearProbe, LinearProbeResult, linear_probe};
pub use moments::Moments;
pub(crate) use relata_data::embeddings::VectorColumn;
pub use split::{Split, SplitReader, split_reader};
pub use standardiser::Standardiser;
pub(crate) use unlabelled::unlabelled;
pub use vectors::{Block, Vectors, VectorsBuilder, block_rows};

/// The most classes that labels may have; a label column with more is taken for a column of ids.
pub const MAX_CLASSES: usize = 10_000;

/// A measurement of a split, as a stage of a pipeline.
pub trait Evaluation: Send + Sync {
    /// The label column that it needs.
    fn label(&self) -> &str;

    /// Measures: pairs of a metric's name (`linear_probe.test`) and its value.
    fn measure(&self, split: &Split) -> Result<Vec<(String, f64)>>;

    /// Measures in a run, with the tables in its folder (`memberships.parquet`, `edges.parquet`) at hand; they are not
    /// looked at by default.
    fn measure_run(&self, split: &Split, folder: &Path) -> Result<Vec<(String, f64)>> {
        let _ = folder;
        self.measure(split)
    }

    /// Name and settings, for the plan.
    fn describe(&self) -> Description;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::RngExt;
    use relata_data::seed;

    use super::*;

    /// `rows` rows around `classes` centres; row r is of class r modulo `classes`, every number within `spread` of it.
    pub fn blobs(classes: u32, rows: u32, width: usize, spread: f32, seed: u64) -> Vectors {
        let mut rng = seed::stream(9, &[]);
        let centres: Vec<f32> = (0..classes as usize * width).map(|_| rng.random_range(-2.0..2.0)).collect();
        let mut rng = seed::stream(seed, &[]);
        let mut builder = Vectors::builder(width).unwrap();
        for row in 0..rows {
            let class = row % classes;
            let centre = &centres[class as usize * width..][..width];
            let row: Vec<f32> = centre.iter().map(|c| c + spread * rng.random_range(-1.0..1.0)).collect();
            builder.push(&row, class).unwrap();
        }
        builder.finish().unwrap()
    }

    /// Training and test blobs around the same centres.
    pub fn split(classes: u32, rows: u32, width: usize, spread: f32) -> Split {
        let names: BTreeSet<String> = (0..classes).map(|class| class.to_string()).collect();
        Split {
            train: blobs(classes, rows, width, spread, 1),
            test: blobs(classes, rows / 2, width, spread, 2),
            classes: Classes::new(names),
        }
    }

    #[test]
    fn evaluations_are_objects_and_name_their_metrics() {
        let split = split(3, 60, 4, 0.1);
        let stages: [Box<dyn Evaluation>; 3] =
            [Box::new(linear_probe("label")), Box::new(knn("label")), Box::new(clustering("label"))];
        for stage in stages {
            let name = stage.describe()["name"].as_str().unwrap().to_owned();
            let metrics = stage.measure(&split).unwrap();
            assert!(!metrics.is_empty() && metrics.iter().all(|(metric, _)| metric.starts_with(&name)), "{metrics:?}");
        }
    }
}
