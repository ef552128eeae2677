//! Edge file and how to read it: which column says what, and what is skipped.

use std::path::{Path, PathBuf};

use relata_registry::{SettingError, Settings};
use serde::{Deserialize, Serialize};

/// See [`edges`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EdgeFile {
    file: PathBuf,
    signs: Option<String>,
    weights: Option<String>,
    probabilities_as_weights: bool,
    source_separator: Option<String>,
    id_field: Option<String>,
    ignoring: Vec<String>,
    skip_unknown: bool,
    skip_self: bool,
}

impl Settings for EdgeFile {
    const NAME: &'static str = "edges";
    const SUMMARY: &'static str = "the edges of a Parquet, CSV, TSV, JSON-lines or dedupe training file";
}

/// The edges of a Parquet, CSV, TSV or JSON-lines file, or of a training file of dedupe, in any of the conventions of
/// [`read_edges`](super::read_edges).
///
/// ```
/// use relata_graph::edge_file::edges;
///
/// // A column `verdict` says which pairs match, and `score` how much each of them counts.
/// let pairs = edges("pairs.csv").signs("verdict").weights("score").ignoring(["status"]);
/// assert!(pairs.check().is_ok());
/// ```
pub fn edges(path: impl Into<PathBuf>) -> EdgeFile {
    EdgeFile { file: path.into(), ..EdgeFile::default() }
}

impl EdgeFile {
    /// Names the column that says whether a pair is a positive or a negative, in words (`match`, `distinct`, `yes`, `no`,
    /// `unsure` and the like), booleans, 1 and 0. Without it, that is a column `label`, `match`, `is_match`, `matched` or
    /// `clerical_match_score`.
    ///
    /// ```
    /// use relata_graph::edge_file::edges;
    ///
    /// let json = serde_json::to_value(edges("pairs.csv").signs("verdict"))?;
    /// assert_eq!(json["signs"], "verdict");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn signs(mut self, column: impl Into<String>) -> Self {
        self.signs = Some(column.into());
        self
    }

    /// Names the column of weights in [-1, 1] without 0. Without it, that is a column `weight`.
    ///
    /// ```
    /// use relata_graph::edge_file::edges;
    ///
    /// let json = serde_json::to_value(edges("pairs.csv").weights("score"))?;
    /// assert_eq!(json["weights"], "score");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn weights(mut self, column: impl Into<String>) -> Self {
        self.weights = Some(column.into());
        self
    }

    /// Takes a probability p (or a match weight) for the weight p, so that an unlikely pair is a weak positive. Without
    /// it, the weight is 2p - 1, and an unlikely pair is a negative.
    ///
    /// ```
    /// use relata_graph::edge_file::edges;
    ///
    /// let json = serde_json::to_value(edges("predictions.parquet").probabilities_as_weights())?;
    /// assert_eq!(json["probabilities_as_weights"], true);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn probabilities_as_weights(mut self) -> Self {
        self.probabilities_as_weights = true;
        self
    }

    /// Says how the ids of the dataset are made of the source and the id of a record, where ids are unique only within a
    /// source: the columns `source_dataset_l` and `source_dataset_r`, this separator, and the id.
    ///
    /// ```
    /// use relata_graph::edge_file::edges;
    ///
    /// // The dataset's ids are `crm-17` and `shop-17`.
    /// let json = serde_json::to_value(edges("links.csv").source_separator("-"))?;
    /// assert_eq!(json["source_separator"], "-");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn source_separator(mut self, separator: impl Into<String>) -> Self {
        self.source_separator = Some(separator.into());
        self
    }

    /// Names the field of the records of a dedupe training file that holds the dataset's id; `id` without it.
    ///
    /// ```
    /// use relata_graph::edge_file::edges;
    ///
    /// let json = serde_json::to_value(edges("training.json").id_field("Id"))?;
    /// assert_eq!(json["id_field"], "Id");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn id_field(mut self, field: impl Into<String>) -> Self {
        self.id_field = Some(field.into());
        self
    }

    /// Reads the file as if it did not have these columns.
    ///
    /// ```
    /// use relata_graph::edge_file::edges;
    ///
    /// let json = serde_json::to_value(edges("pairs.csv").ignoring(["status", "score"]))?;
    /// assert_eq!(json["ignoring"][1], "score");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn ignoring<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.ignoring = columns.into_iter().map(Into::into).collect();
        self
    }

    /// Skips and counts pairs with an id that the dataset does not have; they are refused without it.
    ///
    /// ```
    /// use relata_graph::edge_file::edges;
    ///
    /// let json = serde_json::to_value(edges("pairs.csv").skip_unknown())?;
    /// assert_eq!(json["skip_unknown"], true);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn skip_unknown(mut self) -> Self {
        self.skip_unknown = true;
        self
    }

    /// Skips and counts pairs of a sample with itself; they are refused without it.
    ///
    /// ```
    /// use relata_graph::edge_file::edges;
    ///
    /// let json = serde_json::to_value(edges("pairs.csv").skip_self())?;
    /// assert_eq!(json["skip_self"], true);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn skip_self(mut self) -> Self {
        self.skip_self = true;
        self
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.file
    }

    /// Refuses settings that contradict each other.
    pub fn check(&self) -> Result<(), SettingError> {
        let wrong = |setting, expected, found: &str| Err(SettingError::new(Self::NAME, setting, expected, found));
        if let Some(name) = self.weights.as_ref().filter(|name| self.signs.as_ref() == Some(name)) {
            return wrong("weights", "another column than `signs`", name);
        }
        let named = [("signs", &self.signs), ("weights", &self.weights)];
        for (setting, name) in named {
            if let Some(name) = name.as_ref().filter(|name| self.ignores(name)) {
                return wrong(setting, "a column that is not in `ignoring`", name);
            }
        }
        Ok(())
    }

    pub(super) fn named_signs(&self) -> Option<&str> {
        self.signs.as_deref()
    }

    pub(super) fn named_weights(&self) -> Option<&str> {
        self.weights.as_deref()
    }

    pub(super) fn takes_probabilities_as_weights(&self) -> bool {
        self.probabilities_as_weights
    }

    pub(super) fn separator(&self) -> Option<&str> {
        self.source_separator.as_deref()
    }

    pub(super) fn named_id_field(&self) -> &str {
        self.id_field.as_deref().unwrap_or("id")
    }

    pub(super) fn ignores(&self, column: &str) -> bool {
        self.ignoring.iter().any(|name| name == column)
    }

    pub(super) fn skips_unknown(&self) -> bool {
        self.skip_unknown
    }

    pub(super) fn skips_self(&self) -> bool {
        self.skip_self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contradictions_are_refused() {
        let same = edges("e.csv").signs("verdict").weights("verdict").check().unwrap_err();
        assert_eq!((same.setting.as_str(), same.found.as_str()), ("weights", "verdict"));
        let ignored = edges("e.csv").weights("score").ignoring(["score"]).check().unwrap_err();
        assert!(ignored.to_string().contains("not in `ignoring`"), "{ignored}");
        edges("e.csv").signs("verdict").weights("score").ignoring(["status"]).check().unwrap();
    }
}
