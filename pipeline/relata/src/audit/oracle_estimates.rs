//! Oracle estimates: how often each oracle that states relations is right, as far as agreement shows.

use serde::{Deserialize, Serialize};

use super::audited::Audit;
use crate::error::Result;

/// The query behind [`Audit::oracle_estimates`].
pub const ORACLE_ESTIMATES: &str = "SELECT * FROM oracle_accuracy ORDER BY oracle";

/// What is known about an oracle by what it and others state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OracleEstimate {
    /// The oracle.
    pub oracle: String,
    /// Pairs that it says something about, those that its groups imply included.
    pub pairs: u64,
    /// Those that it calls related.
    pub positives: u64,
    /// Those that it calls unrelated.
    pub negatives: u64,
    /// What other oracles and answers say about the same pairs, as far as that was looked at.
    pub compared: u64,
    /// The share of that which is the same; none without any.
    pub agreement: Option<f64>,
    /// The estimated share of its statements that is right.
    pub accuracy: f64,
    /// What the weights of its pairs were multiplied by.
    pub weight: f32,
}

impl Audit {
    /// The oracles that state relations between samples, by name.
    pub async fn oracle_estimates(&self) -> Result<Vec<OracleEstimate>> {
        self.rows(ORACLE_ESTIMATES).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{oracle_accuracy, run};

    #[tokio::test]
    async fn estimates_are_rows_of_the_table() {
        let folder = tempfile::tempdir().unwrap();
        let run = run(folder.path());
        assert!(Audit::open(&run).await.unwrap().oracle_estimates().await.unwrap().is_empty());
        oracle_accuracy(&run, &[("b", 0.875, None), ("a", 0.75, Some(0.5))]);
        let found = Audit::open(&run).await.unwrap().oracle_estimates().await.unwrap();
        let numbers: Vec<_> = found.iter().map(|o| (o.oracle.as_str(), o.accuracy, o.agreement, o.weight)).collect();
        assert_eq!(numbers, [("a", 0.75, Some(0.5), 1.0), ("b", 0.875, None, 1.0)]);
    }
}
