//! Decision about classes: its settings, as a stage of a pipeline.

use serde::{Deserialize, Serialize};

use crate::error::{self, Result};

/// How rows are classified; see [`classes`].
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClassDecision {
    #[serde(skip_serializing_if = "Option::is_none")]
    names: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    largest: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_least: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ask_names: Option<usize>,
}

/// Decides of which class each row is. What is known of some rows, groups that answers or labels have joined, spreads over
/// the neighbour graph of all embeddings (label propagation), so that every row gets a class and a calibrated probability.
/// Every must-link and cannot-link is kept: rows that are known to be alike get one class, and a row never gets a class that
/// an answer has ruled out.
///
/// Without [`names`](ClassDecision::names), the classes are the known groups of two rows or more. Then look at the table
/// `classes`, and give names to the groups that it shows.
///
/// ```
/// use relata_decide::decision::classes;
///
/// let decision = classes().names("label").largest(10);
/// assert_eq!(decision.names_column(), Some("label"));
/// assert!(decision.check().is_ok());
/// assert!(classes().at_least(2.0).check().is_err());
/// ```
pub fn classes() -> ClassDecision {
    ClassDecision::default()
}

impl ClassDecision {
    /// Names from a column of the samples, which is null where a row has none; only those of rows that are trained on count.
    /// A name is that of the row's whole group; groups of one name are one class, and those without a name are of the other
    /// classes or of none.
    ///
    /// ```
    /// use relata_decide::decision::classes;
    ///
    /// assert_eq!(classes().names("breed").names_column(), Some("breed"));
    /// ```
    pub fn names(mut self, column: impl Into<String>) -> Self {
        self.names = Some(column.into());
        self
    }

    /// Only so many groups get their name, those that spread over most rows, and each by one row, the one that stands for
    /// it: as if a person had been asked "what is this?" so many times.
    ///
    /// ```
    /// use relata_decide::decision::classes;
    ///
    /// assert_eq!(classes().names("breed").largest(10).largest_groups(), Some(10));
    /// ```
    pub fn largest(mut self, groups: usize) -> Self {
        self.largest = Some(groups);
        self
    }

    /// Asks the oracle of `.ask(..)` for the names of so many groups, those that spread over most rows: "what are these?",
    /// beside ten members of each. People answer at the page; `labels(column)` knows names, too. Groups of one name are one
    /// class. It costs nothing of the budget.
    ///
    /// ```
    /// use relata_decide::decision::classes;
    ///
    /// assert_eq!(classes().ask_names(10).names_asked_for(), Some(10));
    /// assert!(classes().ask_names(10).names("label").check().is_err(), "one or the other");
    /// ```
    pub fn ask_names(mut self, groups: usize) -> Self {
        self.ask_names = Some(groups);
        self
    }

    /// Rows whose best class has a smaller probability are of none.
    ///
    /// ```
    /// use relata_decide::decision::classes;
    ///
    /// assert_eq!(classes().at_least(0.9).least_probability(), 0.9);
    /// ```
    pub fn at_least(mut self, probability: f64) -> Self {
        self.at_least = Some(probability);
        self
    }

    /// The column of names.
    pub fn names_column(&self) -> Option<&str> {
        self.names.as_deref()
    }

    /// How many groups get a name, if not all.
    pub fn largest_groups(&self) -> Option<usize> {
        self.largest
    }

    /// For how many groups a name is asked for, if names are.
    pub fn names_asked_for(&self) -> Option<usize> {
        self.ask_names
    }

    /// The least probability of a class.
    pub fn least_probability(&self) -> f64 {
        self.at_least.unwrap_or_default()
    }

    /// Refuses settings that make no sense.
    pub fn check(&self) -> Result<()> {
        let probability = self.least_probability();
        error::setting("at_least", (0.0..1.0).contains(&probability), "a probability below 1", probability)?;
        let asked = self.ask_names.unwrap_or(1);
        error::setting("ask_names", asked > 0, "at least one group", asked as f64)?;
        let alone = self.ask_names.is_none() || self.names.is_none();
        error::setting("ask_names", alone, "no column of names beside it", asked as f64)?;
        let largest = self.largest.unwrap_or(1);
        error::setting("largest", largest > 0, "at least one group", largest as f64)
    }
}
