//! Scores: the last value of everything that a run has measured.

use std::collections::BTreeMap;

use relata_train::training::MetricRow;

use super::error::Result;
use super::run::Run;

/// What precedes the names of measurements of the raw features.
pub(crate) const RAW: &str = "raw.";

/// The last value of a measure, and what it was for the raw features.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// The measure, such as `knn.test`.
    pub name: String,
    /// Its last value.
    pub value: f64,
    /// Its value for the raw features, where it was measured.
    pub raw: Option<f64>,
}

impl Run {
    /// The last value of every measure, by name: the table `scores`.
    ///
    /// ```no_run
    /// use relata::prelude::*;
    ///
    /// for score in Run::open("runs/digits")?.scores()? {
    ///     println!("{} {} (raw features {:?})", score.name, score.value, score.raw);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn scores(&self) -> Result<Vec<Score>> {
        Ok(scores(&self.metrics()?))
    }
}

/// The last value of every measure among these, which are in the order in which they were measured.
fn scores(metrics: &[MetricRow]) -> Vec<Score> {
    let last: BTreeMap<&str, f64> = metrics.iter().map(|metric| (metric.name.as_str(), metric.value)).collect();
    let measured = last.iter().filter(|(name, _)| !name.starts_with(RAW));
    let raw = |name: &str| last.get(format!("{RAW}{name}").as_str()).copied();
    measured.map(|(name, &value)| Score { name: (*name).to_owned(), value, raw: raw(name) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_counts_and_stands_beside_that_of_the_raw_features() {
        let metric = |step, name: &str, value| MetricRow::now(step, 0, name, value);
        let metrics = [
            metric(1, "loss", 3.0),
            metric(2, "loss", 2.0),
            metric(2, "raw.knn.test", 0.5),
            metric(2, "knn.test", 0.75),
        ];
        let score = |name: &str, value, raw| Score { name: name.to_owned(), value, raw };
        assert_eq!(scores(&metrics), [score("knn.test", 0.75, Some(0.5)), score("loss", 2.0, None)]);
    }
}
