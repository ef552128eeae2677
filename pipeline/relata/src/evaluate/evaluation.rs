//! Evaluations: measurements of embeddings, as stages of a pipeline.

use std::path::Path;

use relata_registry::Description;

use super::error::Result;
use super::split::Split;

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

    /// Whether it measures what follows from the answers of the pipeline's `.ask(..)`, and nothing without.
    fn needs_answers(&self) -> bool {
        false
    }

    /// Whether it measures the decision of the pipeline's `.decide(..)`, and nothing without.
    fn needs_decision(&self) -> bool {
        false
    }

    /// Measures the decision in a run folder; nothing if there is none yet.
    fn measure_decision(&self, folder: &Path) -> Result<Vec<(String, f64)>> {
        let _ = folder;
        Ok(vec![])
    }

    /// Name and settings, for the plan.
    fn describe(&self) -> Description;
}

#[cfg(test)]
mod tests {
    use super::super::clustering::clustering;
    use super::super::fixture::split;
    use super::super::knn::knn;
    use super::super::linear_probe::linear_probe;
    use super::*;

    #[test]
    fn evaluations_are_objects_and_name_their_metrics() {
        let split = split(3, 60, 4, 0.1);
        let stages: [Box<dyn Evaluation>; 3] =
            [Box::new(linear_probe("label")), Box::new(knn("label")), Box::new(clustering("label"))];
        for stage in stages {
            let name = stage.describe().name;
            let metrics = stage.measure(&split).unwrap();
            assert!(!metrics.is_empty() && metrics.iter().all(|(metric, _)| metric.starts_with(&name)), "{metrics:?}");
        }
    }
}
