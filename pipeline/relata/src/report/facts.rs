//! Facts: the contents of the page about a run, gathered once.

use std::collections::BTreeMap;

use relata_active::query_loop::StopReason;
use serde::Deserialize;

use crate::audit::{Audit, CurvePoint, RoundSummary};
use crate::error::Result;
use crate::store::{Bridge, Plan, RoundRecord, Run};

/// The measurements that are named first.
const FIRST: [&str; 3] = ["linear_probe.test", "knn.test", "clustering.nmi"];
/// Measurements that say less than their siblings about what the embeddings are good for.
const SECONDARY: [&str; 3] = [".loss", ".train", "geometry."];
/// Measurements of which there are curves.
const CURVES: usize = 6;

/// A run with its measurements.
pub(super) struct Facts {
    pub run: Run,
    pub plan: Plan,
    pub audit: Audit,
    pub rounds: Vec<RoundSummary>,
    pub curve: Vec<CurvePoint>,
    /// Measurements of the raw features.
    pub raw: BTreeMap<String, f64>,
    /// What was written down about the rounds that were answered.
    pub records: Vec<RoundRecord>,
}

impl Facts {
    /// Reads the run's tables.
    pub async fn gather(run: &Run) -> Result<Self> {
        #[derive(Deserialize)]
        struct Raw {
            name: String,
            value: f64,
        }
        let audit = Audit::open(run).await?;
        let raw: Vec<Raw> = audit.rows("SELECT name, value FROM metrics WHERE name LIKE 'raw.%'").await?;
        let raw = raw.into_iter().map(|row| (row.name.trim_start_matches("raw.").to_owned(), row.value)).collect();
        let (rounds, curve) = (audit.rounds().await?, audit.curve().await?);
        Ok(Self { plan: run.plan()?, run: run.clone(), audit, rounds, curve, raw, records: run.rounds()? })
    }

    /// The measurements that matter most.
    pub fn headline(&self) -> Vec<&str> {
        let secondary = |name: &str| SECONDARY.iter().any(|part| name.starts_with(part) || name.ends_with(part));
        let mut names: Vec<&str> = self.curve.iter().map(|point| point.metric.as_str()).collect();
        names.dedup();
        names.retain(|name| !secondary(name));
        names.sort_by_key(|name| FIRST.iter().position(|first| first == name).unwrap_or(FIRST.len()));
        names.truncate(CURVES);
        names
    }

    /// The points of a measurement, by round.
    pub fn points(&self, metric: &str) -> impl Iterator<Item = &CurvePoint> {
        self.curve.iter().filter(move |point| point.metric == metric)
    }

    /// The strategy that proposes the questions, if any are asked.
    pub fn strategy(&self) -> Option<&str> {
        let planned = self.plan.ask.as_ref().map(|ask| ask.config.strategy.name.as_str());
        planned.or(self.rounds.first().map(|round| round.strategies.as_str()))
    }

    /// What may be spent.
    pub fn budget(&self) -> Option<f64> {
        self.plan.ask.as_ref().map(|ask| ask.config.budget)
    }

    /// What was spent.
    pub fn spent(&self) -> f64 {
        self.rounds.iter().map(|round| round.spent).sum()
    }

    /// Why no more was asked, once that is so.
    pub fn stop(&self) -> Option<StopReason> {
        self.records.last().and_then(|record| record.round.stop)
    }

    /// The answers that are doubted after the last round.
    pub fn bridges(&self) -> &[Bridge] {
        self.records.last().map_or(&[], |record| &record.bridges)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{asked, metrics};
    use crate::store::Artifact;

    #[tokio::test]
    async fn what_matters_is_chosen_and_the_reason_to_stop_is_the_last_one() {
        let (_folder, run) = asked(&[(1, 1, &[2])]);
        metrics(
            &run,
            &[
                (0, "knn.test", 0.5),
                (0, "linear_probe.train", 1.0),
                (0, "geometry.uniformity", 1.0),
                (0, "raw.knn.test", 0.25),
                (1, "knn.test", 0.75),
                (1, "clustering.ari", 0.5),
                (1, "clustering.nmi", 0.5),
            ],
        );
        let round = |number: u32, stop: &str| {
            let path = run.round(number).path(Artifact::RoundRecord);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let progress = r#"{"answers":1,"yes":1,"predicted":1,"implied":0,"passed":0,"contradictions":0}"#;
            let text = format!(
                r#"{{"round":{number},"questions":1,"spent":1,"progress":{progress},"implied":[1,0],"components":1,"stop":{stop}}}"#
            );
            std::fs::write(path, text).unwrap();
        };
        round(1, "null");
        round(2, r#""budget""#);
        let facts = Facts::gather(&run).await.unwrap();
        assert_eq!(facts.headline(), ["knn.test", "clustering.nmi", "clustering.ari"]);
        assert_eq!(facts.points("knn.test").map(|point| point.value).collect::<Vec<_>>(), [0.5, 0.75]);
        assert_eq!(
            (facts.raw["knn.test"], facts.stop(), facts.strategy()),
            (0.25, Some(StopReason::Budget), Some("fixture"))
        );
        std::fs::write(run.round(2).path(Artifact::RoundRecord), "{").unwrap();
        assert!(Facts::gather(&run).await.is_err());
    }
}
