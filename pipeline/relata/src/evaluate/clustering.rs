//! Clustering: k-means on the test vectors, compared with the labels by NMI and ARI.

use relata_registry::{Description, Settings};
use relata_schemas::samples::LABEL;
use serde::{Deserialize, Serialize};

use super::contingency::Contingency;
use super::error::Result;
use super::evaluation::Evaluation;
use super::kmeans::kmeans;
use super::normalise::normalised;
use super::split::Split;
use super::vectors::{Vectors, block_rows};

/// Settings of the comparison; see [`clustering`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Clustering {
    label: String,
    clusters: Option<usize>,
    restarts: u64,
    seed: u64,
    normalised: bool,
}

/// How well the clusters of k-means agree with the classes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClusteringResult {
    /// Normalised mutual information, in [0, 1].
    pub nmi: f64,
    /// Adjusted Rand index, 1 for equal partitions and about 0 for independent ones.
    pub ari: f64,
}

/// Compares k-means clusters with the classes in `label`: as many clusters as the vectors have classes, 10 restarts.
///
/// ```
/// use relata::prelude::*;
///
/// let evaluation = clustering("label");
/// assert_eq!(evaluation.describe().to_string(), "clustering label=label normalised=false restarts=10 seed=0");
/// ```
pub fn clustering(label: impl Into<String>) -> Clustering {
    Clustering { label: label.into(), clusters: None, restarts: 10, seed: 0, normalised: false }
}

impl Clustering {
    /// The number of clusters, instead of the number of classes.
    ///
    /// ```
    /// use relata::prelude::*;
    ///
    /// assert_eq!(clustering("label").with_clusters(4).describe()["clusters"], 4);
    /// ```
    pub fn with_clusters(mut self, clusters: usize) -> Self {
        self.clusters = Some(clusters);
        self
    }

    /// How many seedings of k-means to try.
    ///
    /// ```
    /// use relata::prelude::*;
    ///
    /// assert_eq!(clustering("label").with_restarts(3).describe()["restarts"], 3);
    /// ```
    pub fn with_restarts(mut self, restarts: u64) -> Self {
        self.restarts = restarts;
        self
    }

    /// The seed of k-means.
    ///
    /// ```
    /// use relata::prelude::*;
    ///
    /// assert_eq!(clustering("label").with_seed(7).describe()["seed"], 7);
    /// ```
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Clusters the vectors centred and scaled to unit length. What cosine losses such as
    /// [`nt_xent`](crate::prelude::nt_xent) train says nothing with its length.
    ///
    /// ```
    /// use relata::prelude::*;
    ///
    /// assert_eq!(clustering("label").normalised().describe()["normalised"], true);
    /// ```
    pub fn normalised(mut self) -> Self {
        self.normalised = true;
        self
    }

    /// Clusters the vectors and compares.
    ///
    /// ```
    /// use relata::evaluate::{Vectors, clustering};
    ///
    /// let mut vectors = Vectors::builder(1)?;
    /// for (number, class) in [(0.0, 0), (0.1, 0), (9.0, 1), (9.1, 1)] {
    ///     vectors.push(&[number], class)?;
    /// }
    /// let found = clustering("label").compare(&vectors.finish()?)?;
    /// assert_eq!(found.ari, 1.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn compare(&self, vectors: &Vectors) -> Result<ClusteringResult> {
        if self.normalised {
            let plain = Self { normalised: false, ..self.clone() };
            return plain.compare(&normalised(vectors)?);
        }
        let classes = vectors.class_counts().iter().filter(|count| **count > 0).count();
        let clusters = self.clusters.unwrap_or(classes.max(1));
        let model = kmeans(clusters).with_restarts(self.restarts).with_seed(self.seed).fit(vectors)?;
        let mut table = Contingency::new();
        vectors.map_blocks(
            block_rows(vectors.width() + clusters),
            |block| {
                let clusters = model.assign(&block.values).into_iter().map(|(cluster, _)| cluster);
                clusters.zip(block.classes.iter().copied()).collect::<Vec<_>>()
            },
            |pairs| pairs.into_iter().for_each(|(cluster, class)| table.add(cluster, class)),
        )?;
        Ok(ClusteringResult { nmi: table.nmi(), ari: table.ari() })
    }
}

impl Default for Clustering {
    fn default() -> Self {
        clustering(LABEL)
    }
}

impl Settings for Clustering {
    const NAME: &'static str = "clustering";
    const SUMMARY: &'static str = "how well k-means clusters agree with the classes (NMI, ARI)";
}

impl Evaluation for Clustering {
    fn label(&self) -> &str {
        &self.label
    }

    fn measure(&self, split: &Split) -> Result<Vec<(String, f64)>> {
        let result = self.compare(&split.test)?;
        Ok(vec![("clustering.nmi".to_owned(), result.nmi), ("clustering.ari".to_owned(), result.ari)])
    }

    fn describe(&self) -> Description {
        Description::of(self)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::blobs;
    use super::*;

    #[test]
    fn blobs_agree_fully_and_noise_hardly() {
        let clear = clustering("label").compare(&blobs(5, 500, 4, 0.05, 1)).unwrap();
        assert_eq!(clear, ClusteringResult { nmi: 1.0, ari: 1.0 });
        let noise = clustering("label").compare(&blobs(5, 500, 4, 200.0, 1)).unwrap();
        assert!(noise.nmi < 0.1 && noise.ari.abs() < 0.1, "{noise:?}");
    }
}
