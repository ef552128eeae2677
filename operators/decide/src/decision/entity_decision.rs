//! Decision about entities: its settings, as a stage of a pipeline.

use serde::{Deserialize, Serialize};

use crate::entities::{AverageLinkage, Clustering, ConnectedComponents, CorrelationClustering};
use crate::error::{self, Result};
use crate::log_odds::log_odds;
use crate::threshold::ThresholdRule;

/// Questions that an audit has at least: one for every stratum of probability and decision, and some to spare.
const LEAST_AUDIT: usize = 20;

/// How rows become entities; see [`entities`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EntityDecision {
    method: Method,
    one_to_one: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    audit: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<ThresholdRule>,
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
        Self { method: Method::Correlation, one_to_one: false, audit: None, threshold: None }
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

    /// Asks about so many more pairs, at least 20, once everything is decided: a small random sample, stratified by
    /// probability, whose answers are used for nothing else. From them follow precision and recall of the decision with
    /// 95 % intervals, and a threshold where one is to be chosen. The oracle of `.ask(..)` answers, beyond its budget. The
    /// answers are kept apart in the run's folder `audit`.
    ///
    /// ```
    /// use relata_decide::decision::entities;
    ///
    /// assert_eq!(entities().audit(100).audit_questions(), Some(100));
    /// assert!(entities().audit(3).check().is_err());
    /// ```
    pub fn audit(mut self, questions: usize) -> Self {
        self.audit = Some(questions);
        self
    }

    /// As many pairs are decided to be the same as there can be while this share of them is, as far as the
    /// [audit](Self::audit) tells.
    ///
    /// ```
    /// use relata_decide::decision::entities;
    ///
    /// assert!(entities().audit(100).precision_at_least(0.99).check().is_ok());
    /// assert!(entities().precision_at_least(0.99).check().is_err(), "nothing to choose the threshold by");
    /// ```
    pub fn precision_at_least(self, precision: f64) -> Self {
        self.threshold(ThresholdRule::Precision(precision))
    }

    /// Like [`precision_at_least`](Self::precision_at_least), but the lower end of the 95 % interval has to reach this, which
    /// takes many more questions: 0.99 takes about 400.
    ///
    /// ```
    /// use relata_decide::decision::entities;
    ///
    /// assert!(entities().audit(400).confident_precision_at_least(0.99).check().is_ok());
    /// ```
    pub fn confident_precision_at_least(self, precision: f64) -> Self {
        self.threshold(ThresholdRule::ConfidentPrecision(precision))
    }

    /// Decides so that F1, as far as the [audit](Self::audit) tells, is greatest.
    ///
    /// ```
    /// use relata_decide::decision::entities;
    ///
    /// assert!(entities().audit(100).maximise_f1().check().is_ok());
    /// ```
    pub fn maximise_f1(self) -> Self {
        self.threshold(ThresholdRule::MaximumF1)
    }

    /// Decides so that errors cost least, as far as the [audit](Self::audit) tells: a pair that is joined and is not the
    /// same costs `false_match`, one that is the same and is not joined `missed_match`.
    ///
    /// ```
    /// use relata_decide::decision::entities;
    ///
    /// assert!(entities().audit(100).least_cost(20.0, 1.0).check().is_ok());
    /// assert!(entities().audit(100).least_cost(-1.0, 1.0).check().is_err());
    /// ```
    pub fn least_cost(self, false_match: f64, missed_match: f64) -> Self {
        self.threshold(ThresholdRule::LeastCost { false_match, missed_match })
    }

    fn threshold(mut self, rule: ThresholdRule) -> Self {
        self.threshold = Some(rule);
        self
    }

    /// How many questions the audit asks, if there is one.
    pub fn audit_questions(&self) -> Option<usize> {
        self.audit
    }

    /// What the threshold is chosen for, if one is.
    pub fn threshold_rule(&self) -> Option<ThresholdRule> {
        self.threshold
    }

    /// The clustering's name and threshold.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Whether an entity has at most one row of each source.
    pub fn is_one_to_one(&self) -> bool {
        self.one_to_one
    }

    /// Refuses settings that make no sense.
    pub fn check(&self) -> Result<()> {
        if let Some(questions) = self.audit {
            error::setting("audit", questions >= LEAST_AUDIT, "at least 20 questions", questions as f64)?;
        }
        if let Some(rule) = self.threshold {
            let audit = self.audit.unwrap_or_default();
            error::setting("audit", audit > 0, "an audit, by which the threshold is chosen: add `.audit(100)`", 0.0)?;
            rule.check()?;
        }
        match self.method {
            Method::Correlation => Ok(()),
            Method::AverageLinkage(threshold) | Method::ConnectedComponents(threshold) => {
                let inside = threshold > 0.0 && threshold < 1.0;
                error::setting("probability", inside, "between 0 and 1", threshold)?;
                let alone = self.threshold.is_none();
                error::setting("probability", alone, "left to the rule that chooses the threshold", threshold)
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
