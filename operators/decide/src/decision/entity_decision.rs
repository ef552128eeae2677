//! Decision about entities: its settings, as a stage of a pipeline.

use serde::{Deserialize, Serialize};

use crate::entities::{AverageLinkage, Clustering, ConnectedComponents, CorrelationClustering};
use crate::error::{self, Result};
use crate::log_odds::log_odds;

/// How rows become entities; see [`entities`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EntityDecision {
    method: Method,
    one_to_one: bool,
}

/// The clustering.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// [`CorrelationClustering`].
    #[default]
    Correlation,
    /// [`AverageLinkage`] down to this probability.
    AverageLinkage(f64),
    /// [`ConnectedComponents`] over pairs of at least this probability.
    ConnectedComponents(f64),
}

/// Decides which rows are the same entity: all rows are partitioned by the probabilities of the candidate pairs, so that
/// every must-link and cannot-link is kept.
///
/// ```
/// use relata_decide::decision::{Method, entities};
///
/// assert_eq!(entities().method(), Method::Correlation);
/// assert!(entities().connected_components(0.9).check().is_ok());
/// assert!(entities().average_linkage(1.5).check().is_err());
/// ```
pub fn entities() -> EntityDecision {
    EntityDecision::default()
}

impl Default for EntityDecision {
    fn default() -> Self {
        Self { method: Method::Correlation, one_to_one: false }
    }
}

impl EntityDecision {
    /// An entity has at most one row of each source: sources that are linked are free of duplicates.
    ///
    /// ```
    /// use relata_decide::decision::entities;
    ///
    /// assert!(entities().one_to_one().is_one_to_one());
    /// ```
    pub fn one_to_one(mut self) -> Self {
        self.one_to_one = true;
        self
    }

    /// Rows are joined by every pair of at least this probability, and by chains of such pairs.
    ///
    /// ```
    /// use relata_decide::decision::{Method, entities};
    ///
    /// assert_eq!(entities().connected_components(0.9).method(), Method::ConnectedComponents(0.9));
    /// ```
    pub fn connected_components(mut self, probability: f64) -> Self {
        self.method = Method::ConnectedComponents(probability);
        self
    }

    /// Entities are merged while the mean log-odds between them is that of at least this probability.
    ///
    /// ```
    /// use relata_decide::decision::{Method, entities};
    ///
    /// assert_eq!(entities().average_linkage(0.5).method(), Method::AverageLinkage(0.5));
    /// ```
    pub fn average_linkage(mut self, probability: f64) -> Self {
        self.method = Method::AverageLinkage(probability);
        self
    }

    /// The clustering's name and threshold.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Whether an entity has at most one row of each source.
    pub fn is_one_to_one(&self) -> bool {
        self.one_to_one
    }

    /// Refuses thresholds that are no probabilities.
    pub fn check(&self) -> Result<()> {
        match self.method {
            Method::Correlation => Ok(()),
            Method::AverageLinkage(threshold) | Method::ConnectedComponents(threshold) => {
                let inside = threshold > 0.0 && threshold < 1.0;
                error::setting("probability", inside, "between 0 and 1", threshold)
            }
        }
    }

    /// The clustering.
    pub fn clustering(&self) -> Result<Box<dyn Clustering>> {
        self.check()?;
        Ok(match self.method {
            Method::Correlation => Box::new(CorrelationClustering::default()),
            Method::AverageLinkage(threshold) => Box::new(AverageLinkage::new(log_odds(threshold))?),
            Method::ConnectedComponents(threshold) => Box::new(ConnectedComponents::new(log_odds(threshold))?),
        })
    }
}
