//! Cost curve: every measurement over what was spent up to it.

use serde::{Deserialize, Serialize};

use super::audited::Audit;
use crate::error::Result;
use crate::sql::views;

/// The query behind [`Audit::curve`]:
///
/// ```sql
#[doc = include_str!("../sql/curve.sql")]
/// ```
pub const CURVE: &str = views::CURVE;

/// A measurement after a round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// What was measured, such as `linear_probe.test`; neither losses nor measurements of the raw features.
    pub metric: String,
    /// The round; 0 is before any question.
    pub round: u32,
    /// What all answers up to it cost.
    pub spent: f64,
    /// The measured number.
    pub value: f64,
    /// The number before the round.
    pub before: Option<f64>,
    /// How much it has grown for each unit that the round cost.
    pub gain_per_unit: Option<f64>,
}

impl Audit {
    /// All measurements, by name and round.
    pub async fn curve(&self) -> Result<Vec<CurvePoint>> {
        self.rows(CURVE).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::metrics;

    #[tokio::test]
    async fn gains_are_paid_for_by_the_round_that_made_them() {
        let folder = tempfile::tempdir().unwrap();
        let run = crate::fixture::run(folder.path());
        metrics(
            &run,
            &[
                (0, "loss", 3.0),
                (0, "loss.variance", 3.0),
                (0, "raw.knn.test", 0.25),
                (0, "knn.test", 0.5),
                (1, "ask.spent", 10.0),
                (1, "knn.test", 0.75),
                (1, "own", 4.0),
                (2, "ask.spent", 10.0),
                (2, "knn.test", 0.5),
                (4, "ask.spent", 30.0),
                (4, "knn.test", 1.0),
            ],
        );
        let found = Audit::open(&run).await.unwrap().curve().await.unwrap();
        let point = |metric: &str, round, spent, value, before, gain_per_unit| {
            let metric = metric.to_owned();
            CurvePoint { metric, round, spent, value, before, gain_per_unit }
        };
        let expected = [
            point("knn.test", 0, 0.0, 0.5, None, None),
            point("knn.test", 1, 10.0, 0.75, Some(0.5), Some(0.025)),
            point("knn.test", 2, 10.0, 0.5, Some(0.75), None),
            point("knn.test", 4, 30.0, 1.0, Some(0.5), Some(0.025)),
            point("own", 1, 10.0, 4.0, None, None),
        ];
        assert_eq!(found, expected);
    }
}
