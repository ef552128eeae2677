//! Oracle weights: the log-odds that an oracle is right, as a share of those of the best one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, Float32Array, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::Float32Type;
use relata_data::ParquetFile;
use relata_data::id_index::IdIndex;
use relata_data::sink::ParquetSink;
use relata_schemas::memberships::{MEMBERSHIPS, REL, WEIGHT};
use relata_schemas::separations::SEPARATIONS;
use relata_schemas::{Table, run_file};

use super::oracle_accuracy::OracleAccuracy;
use crate::error::Result;
use crate::must_link::Groups;
use crate::policy::Opinion;

/// No oracle counts for more than one that is right so often: beyond that, an estimate from agreement means nothing.
const MOST_ACCURATE: f64 = 0.99;

/// By oracle: what the weights of its pairs are multiplied by. Without an oracle, nothing changes.
#[derive(Debug, Default)]
pub(crate) struct OracleWeights {
    by_oracle: BTreeMap<String, f32>,
    /// Relations of groups that are true, and keep their weights.
    known: BTreeSet<String>,
}

impl OracleWeights {
    /// Sets the weights of oracles by their accuracies: log-odds, of which the best have 1. Oracles that are no better
    /// than chance have 0, unless none is better.
    pub fn by_accuracy(oracles: &mut [OracleAccuracy], known: BTreeSet<String>) -> Self {
        let odds = |oracle: &OracleAccuracy| {
            let accuracy = oracle.accuracy.min(MOST_ACCURATE);
            (accuracy / (1.0 - accuracy)).ln().max(0.0)
        };
        let best = oracles.iter().map(odds).fold(0.0, f64::max);
        for oracle in oracles.iter_mut() {
            oracle.weight = if best > 0.0 { (odds(oracle) / best) as f32 } else { 1.0 };
        }
        Self { by_oracle: oracles.iter().map(|oracle| (oracle.oracle.clone(), oracle.weight)).collect(), known }
    }

    /// Multiplies the weights of opinions. Those of weight 0 go.
    pub fn weigh(&self, opinions: &mut Vec<Opinion>) {
        opinions.retain_mut(|opinion| {
            opinion.weight *= self.by_oracle.get(&opinion.rel).copied().unwrap_or(1.0);
            opinion.weight != 0.0
        });
    }

    /// Multiplies the weights of the groups in the tables of `folder`, in place, and reads the groups again.
    pub fn weigh_groups(&self, folder: &Path, ids: &IdIndex) -> Result<Groups> {
        let (memberships, separations) = (folder.join(run_file::MEMBERSHIPS), folder.join(run_file::SEPARATIONS));
        self.rewrite(&memberships, &MEMBERSHIPS)?;
        self.rewrite(&separations, &SEPARATIONS)?;
        Groups::new(&ParquetFile::open(&memberships)?.whole()?, &ParquetFile::open(&separations)?.whole()?, ids)
    }

    fn rewrite(&self, path: &Path, table: &Table) -> Result<()> {
        let mut sink = ParquetSink::sealed(path, table.schema())?;
        for batch in ParquetFile::open(path)?.all_batches()? {
            sink.write(&self.weighed(&batch?, table)?)?;
        }
        sink.finish()?;
        Ok(())
    }

    /// Both tables have the same names for the relation and the weight.
    fn weighed(&self, batch: &RecordBatch, table: &Table) -> Result<RecordBatch> {
        let of = |rel: &str| match self.known.contains(rel) {
            true => 1.0,
            false => self.by_oracle.get(rel).copied().unwrap_or(1.0),
        };
        let rels = batch[REL].as_string::<i32>();
        let before = batch[WEIGHT].as_primitive::<Float32Type>().values();
        let weights: Vec<f32> = (0..rels.len()).map(|row| before[row] * of(rels.value(row))).collect();
        let keep: BooleanArray = weights.iter().map(|weight| Some(*weight != 0.0)).collect();
        let mut columns = batch.columns().to_vec();
        columns[batch.schema().index_of(WEIGHT)?] = Arc::new(Float32Array::from(weights));
        Ok(filter_record_batch(&RecordBatch::try_new(table.schema(), columns)?, &keep)?)
    }
}

#[cfg(test)]
mod tests {
    use relata_data::index::{Row, SampleId};

    use super::*;
    use crate::relations::Relations;

    fn oracles(accuracies: &[(&str, f64)]) -> Vec<OracleAccuracy> {
        let oracle = |&(name, accuracy): &(&str, f64)| OracleAccuracy { accuracy, ..OracleAccuracy::unknown(name) };
        accuracies.iter().map(oracle).collect()
    }

    #[test]
    fn weights_are_shares_of_the_best_log_odds() {
        let weights = |accuracies: &[(&str, f64)]| {
            let mut found = oracles(accuracies);
            OracleWeights::by_accuracy(&mut found, BTreeSet::new());
            found.iter().map(|oracle| oracle.weight).collect::<Vec<_>>()
        };
        // The odds of 0.9 are 9, those of 0.75 are 3: half of it, as logarithms.
        let found = weights(&[("a", 0.9), ("b", 0.75), ("c", 0.3)]);
        assert!(found[0] == 1.0 && (found[1] - 0.5).abs() < 1e-6 && found[2] == 0.0, "{found:?}");
        assert_eq!(weights(&[("a", 0.75), ("b", 0.75)]), [1.0, 1.0]);
        assert_eq!(weights(&[("a", 0.5), ("b", 0.4)]), [1.0, 1.0]);
        assert_eq!(weights(&[("a", 0.9999), ("b", 0.99)]), [1.0, 1.0]);
    }

    #[test]
    fn groups_are_weighed_in_the_tables_and_in_memory() {
        let folder = tempfile::tempdir().unwrap();
        let mut relations = Relations::create(folder.path()).unwrap();
        let members = [(SampleId(0), 0), (SampleId(1), 0), (SampleId(2), 1)];
        for rel in ["good", "bad", "answers"] {
            let name = relations.members(rel, &members, 1.0, false).unwrap();
            relations.cannot_link(&name, &[(0, 1, 0.5)]).unwrap();
        }
        relations.finish().unwrap();
        let mut found = oracles(&[("good", 0.9), ("bad", 0.5), ("answers", 0.5)]);
        found.push(OracleAccuracy { accuracy: 0.99, ..OracleAccuracy::unknown("best") });
        let weights = OracleWeights::by_accuracy(&mut found, BTreeSet::from(["answers".to_owned()]));
        let groups = weights.weigh_groups(folder.path(), &IdIndex::RowNumbers(3)).unwrap();
        assert_eq!(groups.relations(), ["good", "answers"]);
        let share = found[0].weight;
        let mut said = Vec::new();
        groups.each_relation(Row(0), Row(1), |_, weight| said.push(weight));
        groups.each_relation(Row(2), Row(1), |_, weight| said.push(weight));
        assert_eq!(said, [share, 1.0, -0.5 * share, -0.5]);

        let says = |rel: &str| Opinion { weight: 0.5, confidence: 1.0, round: 0, inferred: false, rel: rel.into() };
        let mut opinions = vec![says("good"), says("bad"), says("unheard of")];
        weights.weigh(&mut opinions);
        assert_eq!(opinions.iter().map(|opinion| opinion.weight).collect::<Vec<_>>(), [0.5 * share, 0.5]);
    }
}
