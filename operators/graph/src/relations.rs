//! Relations (constraints) that oracles state, written down as they come: pairs to a Parquet file, must-link groups,
//! cannot-links and views beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, Float32Array, RecordBatch, StringArray, UInt32Array, UInt64Array};
use arrow::datatypes::{Float32Type, UInt64Type};
use relata_schemas::edges::{DST, EDGES, REL, SRC, WEIGHT, check_weight};
use relata_schemas::memberships::MEMBERSHIPS;
use relata_schemas::separations::SEPARATIONS;
use relata_schemas::{SchemaError, edges};

use crate::conflicts::Conflict;
use crate::edge_file::Skipped;
use crate::error::Result;
use crate::groups_builder::GroupsBuilder;
use crate::noise::Noise;
use relata_data::index::SampleId;
use relata_data::sink::ParquetSink;
use relata_schemas::run_file;

const ROWS: usize = 8 * 1024;

/// Collects the relations of all oracles of a pipeline. Weights are scaled and disturbed as the surrounding
/// combinators (`mix`, `noisy`, `weighted`) ask.
pub struct Relations {
    statements: ParquetSink,
    memberships: ParquetSink,
    separations: ParquetSink,
    /// How often each relation has stated groups.
    calls: BTreeMap<String, usize>,
    /// The groups of each disturbed relation, ascending, for mistakes about its cannot-links.
    disturbed_groups: BTreeMap<String, Vec<u64>>,
    /// What the tables `memberships` and `separations` hold so far, which is handed on in place of reading them back.
    groups: GroupsBuilder,
    pending: Vec<(SampleId, SampleId, f32, Arc<str>)>,
    scale: f32,
    /// The surrounding `noisy`, from the outside in.
    noise: Vec<Noise>,
    counts: RelationCounts,
    conflicts: Vec<Conflict>,
    known: BTreeSet<String>,
}

/// How many relations there are.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RelationCounts {
    /// Pairs.
    pub edges: u64,
    /// Rows of group memberships.
    pub memberships: u64,
    /// Weight between two views of one sample.
    pub views: f32,
    /// Pairs of edge files that were skipped.
    pub skipped: Skipped,
}

/// What was stated, once all files are complete; the pairs are in `statements.parquet` only.
#[derive(Debug)]
pub struct StatedRelations {
    /// How many relations there are.
    pub counts: RelationCounts,
    /// The must-link groups and the cannot-links between them.
    pub groups: GroupsBuilder,
    /// Contradictions that oracles found among their own statements.
    pub conflicts: Vec<Conflict>,
    /// Relations of groups that are taken for true where oracles are compared.
    pub known: BTreeSet<String>,
}

impl std::fmt::Debug for Relations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Relations({:?})", self.counts)
    }
}

impl Relations {
    /// Starts `statements.parquet`, `memberships.parquet` and `separations.parquet` in `folder`.
    ///
    /// ```
    /// use relata_data::index::SampleId;
    /// use relata_graph::Relations;
    ///
    /// # let folder = tempfile::tempdir().expect("a folder");
    /// let mut relations = Relations::create(folder.path())?;
    /// let [anna, ben, cleo] = [7, 3, 9].map(SampleId);
    /// relations.edge(&"colleagues".into(), anna, ben, 1.0)?;
    /// relations.members("label", &[(anna, 0), (ben, 0), (cleo, 1)], 1.0, true)?;
    /// relations.known("label");
    /// let stated = relations.finish()?;
    /// assert!(stated.known.contains("label"));
    /// assert_eq!((stated.counts.edges, stated.counts.memberships, stated.conflicts.len()), (1, 3, 0));
    /// # Ok::<(), relata_graph::GraphError>(())
    /// ```
    pub fn create(folder: &Path) -> Result<Self> {
        Ok(Self {
            statements: ParquetSink::sealed(&folder.join(run_file::STATEMENTS), EDGES.schema())?,
            memberships: ParquetSink::sealed(&folder.join(run_file::MEMBERSHIPS), MEMBERSHIPS.schema())?,
            separations: ParquetSink::sealed(&folder.join(run_file::SEPARATIONS), SEPARATIONS.schema())?,
            calls: BTreeMap::new(),
            disturbed_groups: BTreeMap::new(),
            groups: GroupsBuilder::default(),
            pending: vec![],
            scale: 1.0,
            noise: vec![],
            counts: RelationCounts::default(),
            conflicts: vec![],
            known: BTreeSet::new(),
        })
    }

    /// States one pair: `weight` in [-1, 1] without 0; the order of the ids does not matter.
    pub fn edge(&mut self, rel: &Arc<str>, a: SampleId, b: SampleId, weight: f32) -> Result<()> {
        check_weight(rel, WEIGHT, weight)?;
        if a == b {
            let hint = "A sample is related to itself through its views: use same_sample().";
            return Err(SchemaError::column(&**rel, "dst", "two different samples", format!("{a} twice"), hint).into());
        }
        let weight = self.disturbed(rel, a, b, weight * self.scale);
        self.pending.push((a.min(b), a.max(b), weight, rel.clone()));
        self.counts.edges += 1;
        if self.pending.len() >= ROWS { self.flush() } else { Ok(()) }
    }

    /// States a batch of canonical edges.
    pub fn edges(&mut self, batch: &RecordBatch) -> Result<()> {
        edges::validate(batch, self.counts.edges)?;
        self.flush()?;
        let weights = batch[WEIGHT].as_primitive::<Float32Type>().values().iter();
        let ids = |name: &str| SampleId::slice(batch[name].as_primitive::<UInt64Type>().values()).iter().copied();
        let rels = batch[REL].as_string::<i32>().iter().map(Option::unwrap_or_default);
        let stated = rels.zip(ids(SRC).zip(ids(DST))).zip(weights);
        let weights: Float32Array =
            stated.map(|((rel, (a, b)), w)| Some(self.disturbed(rel, a, b, w * self.scale))).collect();
        let mut columns = batch.columns().to_vec();
        let at = batch.schema().index_of(WEIGHT)?;
        columns[at] = Arc::new(weights);
        self.counts.edges += batch.num_rows() as u64;
        Ok(self.statements.write(&RecordBatch::try_new(EDGES.schema(), columns)?)?)
    }

    /// States must-link groups: members of a group are related; with `exclusive`, that members of different groups are not.
    /// One call states a whole relation, `(id, group)` a member; a second call of one name states another, called
    /// `name 2`, so that the weights of both add up. Gives the name.
    pub fn members(&mut self, rel: &str, members: &[(SampleId, u64)], weight: f32, exclusive: bool) -> Result<String> {
        let members: Vec<_> = members.iter().map(|&(id, group)| (id, group, weight)).collect();
        self.weighted_members(rel, &members, exclusive)
    }

    /// As [`members`](Self::members), with a weight for each group: `(id, group, weight)` a member.
    pub fn weighted_members(&mut self, rel: &str, members: &[(SampleId, u64, f32)], exclusive: bool) -> Result<String> {
        for (_, _, weight) in members {
            check_weight(rel, "weight", weight * self.scale)?;
        }
        let calls = self.calls.entry(rel.to_owned()).or_default();
        *calls += 1;
        let rel = if *calls > 1 { format!("{rel} {calls}") } else { rel.to_owned() };
        let mut groups: Vec<u64> = members.iter().map(|m| m.1).collect();
        for noise in self.noise.iter().rev() {
            let before = distinct(&groups);
            for (group, member) in groups.iter_mut().zip(members) {
                if let Some(drawn) = noise.member(&rel, member.0, &before) {
                    *group = drawn;
                }
            }
        }
        if !self.noise.is_empty() {
            // Groups that have lost all members are no groups.
            self.disturbed_groups.insert(rel.clone(), distinct(&groups));
        }
        for at in (0..members.len()).step_by(ROWS) {
            let to = members.len().min(at + ROWS);
            let rows = to - at;
            self.memberships.write(&RecordBatch::try_new(
                MEMBERSHIPS.schema(),
                vec![
                    Arc::new(UInt64Array::from_iter_values(members[at..to].iter().map(|m| m.0.0))),
                    Arc::new(UInt64Array::from_iter_values(groups[at..to].iter().copied())),
                    Arc::new(Float32Array::from_iter_values(members[at..to].iter().map(|m| m.2 * self.scale))),
                    Arc::new(StringArray::from(vec![rel.as_str(); rows])),
                    Arc::new(BooleanArray::from(vec![exclusive; rows])),
                ],
            )?)?;
        }
        for (&(id, _, weight), &group) in members.iter().zip(&groups) {
            self.groups.member(&rel, group, id, weight * self.scale, exclusive);
        }
        self.counts.memberships += members.len() as u64;
        Ok(rel)
    }

    /// States cannot-links between groups of a relation that [`members`](Self::members) named: `(group, group, weight)`,
    /// with weights in (0, 1]. Every member of one is a negative of every member of the other.
    pub fn cannot_link(&mut self, rel: &str, pairs: &[(u64, u64, f32)]) -> Result<()> {
        let pairs = self.redrawn(rel, pairs);
        for pairs in pairs.chunks(ROWS) {
            let batch = RecordBatch::try_new(
                SEPARATIONS.schema(),
                vec![
                    Arc::new(UInt64Array::from_iter_values(pairs.iter().map(|p| p.0))),
                    Arc::new(UInt64Array::from_iter_values(pairs.iter().map(|p| p.1))),
                    Arc::new(Float32Array::from_iter_values(pairs.iter().map(|p| p.2 * self.scale))),
                    Arc::new(StringArray::from(vec![rel; pairs.len()])),
                ],
            )?;
            relata_schemas::separations::validate(&batch, self.separations.rows())?;
            self.separations.write(&batch)?;
            for &(a, b, weight) in pairs {
                self.groups.cannot_link(rel, a, b, weight * self.scale);
            }
        }
        Ok(())
    }

    /// States that two views of one sample are related.
    pub fn views(&mut self, weight: f32) -> Result<()> {
        check_weight("same_sample", "weight", weight)?;
        self.counts.views = (self.counts.views + weight * self.scale).clamp(-1.0, 1.0);
        Ok(())
    }

    /// Multiplies the weights of what follows by `factor` and gives back the factor that held before.
    pub fn scale(&mut self, factor: f32) -> f32 {
        let scaled = self.scale * factor;
        std::mem::replace(&mut self.scale, scaled)
    }

    /// Ends a [`scale`](Self::scale).
    pub fn restore_scale(&mut self, before: f32) {
        self.scale = before;
    }

    /// Disturbs what follows until [`restore_noise`](Self::restore_noise), on top of what disturbs it already: each edge's
    /// sign, each member's group and each cannot-link is wrong with probability `rate`. What becomes of a relation depends
    /// on the seed and on the relation alone, not on the order in which relations are stated.
    pub fn add_noise(&mut self, rate: f64, seed: u64) {
        let depth = self.noise.len() as u64;
        self.noise.push(Noise { rate, seed, depth });
    }

    /// Ends an [`add_noise`](Self::add_noise).
    pub fn restore_noise(&mut self) {
        self.noise.pop();
    }

    /// Counts pairs of an edge file that were skipped.
    pub fn skipped(&mut self, skipped: Skipped) {
        self.counts.skipped += skipped;
    }

    /// How many relations there are so far.
    pub fn counts(&self) -> RelationCounts {
        self.counts
    }

    /// Keeps a contradiction for the table of conflicts.
    pub fn conflict(&mut self, conflict: Conflict) {
        self.conflicts.push(conflict);
    }

    /// Takes what the groups of a relation say for true where oracles are compared, as answers are. The name is that which
    /// [`members`](Self::members) gave.
    pub fn known(&mut self, rel: &str) {
        self.known.insert(rel.to_owned());
    }

    /// Completes all files and hands on what need not be read back from them.
    pub fn finish(mut self) -> Result<StatedRelations> {
        self.flush()?;
        self.statements.finish()?;
        self.memberships.finish()?;
        self.separations.finish()?;
        let Self { counts, groups, conflicts, known, .. } = self;
        Ok(StatedRelations { counts, groups, conflicts, known })
    }

    fn disturbed(&self, rel: &str, a: SampleId, b: SampleId, weight: f32) -> f32 {
        let wrong = self.noise.iter().filter(|noise| noise.edge(rel, a, b)).count();
        if wrong % 2 == 1 { -weight } else { weight }
    }

    /// Cannot-links, an end of some of which noise draws anew among the groups of the relation.
    fn redrawn(&self, rel: &str, pairs: &[(u64, u64, f32)]) -> Vec<(u64, u64, f32)> {
        let mut pairs = pairs.to_vec();
        let Some(groups) = self.disturbed_groups.get(rel).filter(|_| !self.noise.is_empty()) else { return pairs };
        for pair in &mut pairs {
            for noise in self.noise.iter().rev() {
                (pair.0, pair.1) = noise.cannot_link(rel, pair.0.min(pair.1), pair.0.max(pair.1), groups);
            }
            *pair = (pair.0.min(pair.1), pair.0.max(pair.1), pair.2);
        }
        // A group has no cannot-link with itself, and one with another group once.
        pairs.retain(|pair| {
            [pair.0, pair.1].iter().all(|group| groups.binary_search(group).is_ok()) && pair.0 != pair.1
        });
        pairs.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then(b.2.total_cmp(&a.2)));
        pairs.dedup_by_key(|pair| (pair.0, pair.1));
        pairs
    }

    fn flush(&mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.pending);
        let n = rows.len();
        Ok(self.statements.write(&RecordBatch::try_new(
            EDGES.schema(),
            vec![
                Arc::new(UInt64Array::from_iter_values(rows.iter().map(|r| r.0.0))),
                Arc::new(UInt64Array::from_iter_values(rows.iter().map(|r| r.1.0))),
                Arc::new(Float32Array::from_iter_values(rows.iter().map(|r| r.2))),
                Arc::new(StringArray::from_iter_values(rows.iter().map(|r| &*r.3))),
                Arc::new(Float32Array::from(vec![1.0; n])),
                Arc::new(UInt32Array::from(vec![0; n])),
                Arc::new(BooleanArray::from(vec![false; n])),
            ],
        )?)?)
    }
}

/// The groups that there are, ascending.
fn distinct(groups: &[u64]) -> Vec<u64> {
    let mut distinct = groups.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    distinct
}

#[cfg(test)]
mod tests {
    use relata_data::ParquetFile;
    use relata_data::id_index::IdIndex;
    use relata_data::index::GroupNumber;

    use super::*;
    use crate::must_link::Groups;

    /// The cannot-links among ten groups of ten, each with the next, with mistakes at this rate.
    fn cannot_links(rate: f64) -> Vec<(u64, u64)> {
        let folder = tempfile::tempdir().unwrap();
        let mut relations = Relations::create(folder.path()).unwrap();
        relations.add_noise(rate, 3);
        let members: Vec<_> = (0..100).map(|id| (SampleId(id), id / 10)).collect();
        let rel = relations.members("kin", &members, 1.0, false).unwrap();
        let pairs: Vec<_> = (0..9).map(|group| (group + 1, group, 1.0)).collect();
        relations.cannot_link(&rel, &pairs).unwrap();
        relations.finish().unwrap();
        let read = ParquetFile::open(&folder.path().join("separations.parquet")).unwrap().whole().unwrap();
        let ids = |name: &str| -> Vec<u64> {
            let column =
                |batch: &RecordBatch| batch[name].as_primitive::<arrow::datatypes::UInt64Type>().values().to_vec();
            read.iter().flat_map(column).collect()
        };
        ids("a").into_iter().zip(ids("b")).collect()
    }

    #[test]
    fn noise_makes_mistakes_about_cannot_links_too() {
        assert_eq!(cannot_links(0.0), (0..9).map(|group| (group, group + 1)).collect::<Vec<_>>());
        let all_wrong = cannot_links(1.0);
        let kept = all_wrong.iter().filter(|(a, b)| b - a == 1).count();
        assert!(kept < 6 && all_wrong.iter().all(|(a, b)| a < b), "{all_wrong:?}");
        assert_eq!(cannot_links(1.0), all_wrong);
    }

    #[test]
    fn groups_handed_on_are_those_that_the_tables_hold() {
        let folder = tempfile::tempdir().unwrap();
        let mut relations = Relations::create(folder.path()).unwrap();
        let members: Vec<_> = (0..20_000).map(|at| (SampleId(at * 7 % 20_000 + 5), at % 300)).collect();
        relations.members("nobody", &[], 1.0, true).unwrap();
        relations.scale(1.0 / 3.0);
        relations.add_noise(0.2, 3);
        relations.members("label", &members, 0.7, true).unwrap();
        let kin: Vec<(SampleId, u64, f32)> =
            members.iter().map(|m| (m.0, m.1 % 50 + 1000, 1.0 / (m.1 + 1) as f32)).collect();
        let name = relations.weighted_members("kin", &kin, false).unwrap();
        relations.cannot_link(&name, &[(1003, 1001, 0.9), (1001, 1002, 0.3)]).unwrap();
        relations.cannot_link("label", &[(4, 9, 0.1)]).unwrap();
        assert_eq!(relations.members("label", &members[..9], 1.0, false).unwrap(), "label 2");

        let ids = IdIndex::new((5..20_005).rev().map(SampleId).collect(), "samples", "id").unwrap();
        let handed_on = relations.finish().unwrap().groups.build(&ids).unwrap();
        let read = |name: &str| ParquetFile::open(&folder.path().join(name)).unwrap().whole().unwrap();
        let again = Groups::new(&read(run_file::MEMBERSHIPS), &read(run_file::SEPARATIONS), &ids).unwrap();
        // Debug prints the shortest text that reads back as the same float: equal texts are equal bits.
        assert_eq!(format!("{handed_on:?}"), format!("{again:?}"));
        let links: usize =
            (0..handed_on.iter().len() as u32).map(|group| handed_on.cannot_links(GroupNumber(group)).len()).sum();
        assert_eq!((handed_on.iter().len() > 350, links), (true, 6));
    }
}
