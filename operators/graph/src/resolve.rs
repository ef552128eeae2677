//! Resolution of constraints, from everything that oracles stated to the canonical graph: one edge per pair under a
//! policy, contradictions kept as rows of `conflicts`, and the edges as a CSR file.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, Float32Array, RecordBatch, StringArray, UInt32Array, UInt64Array};
use arrow::datatypes::{Float32Type, UInt64Type};
use relata_schemas::edges::{DST, EDGES, SRC, WEIGHT};

use crate::agreement::{OracleAccuracy, OracleWeights, Votes, write_accuracies};
use crate::conflicts::{Conflict, ConflictWriter};
use crate::csr::{Csr, CsrBuilder};
use crate::error::{GraphError, Result};
use crate::graph::{Graph, GraphSettings};
use crate::must_link::Groups;
use crate::policy::{Opinion, Policy};
use crate::statements::each_pair;
use relata_data::id_index::IdIndex;
use relata_data::index::{Row, SampleId};
use relata_data::sink::ParquetSink;
use relata_data::{ParquetFile, Session};
use relata_schemas::run_file;

/// Rows buffered before they are written.
const ROWS: usize = 8 * 1024;

/// How statements are resolved.
///
/// ```
/// use relata_graph::{GraphSettings, Policy, Resolution};
///
/// let settings = GraphSettings { policy: Policy::WeightedVote, ..GraphSettings::default() };
/// let resolution = Resolution { settings, by_agreement: true, ..Resolution::default() };
/// assert!(resolution.known.is_empty());
/// ```
#[derive(Debug, Clone, Default)]
pub struct Resolution {
    /// What holds for the whole graph.
    pub settings: GraphSettings,
    /// Whether oracles are weighed by how often they are right, as far as their agreement shows; the weights of their
    /// groups change in the tables of the folder, too.
    pub by_agreement: bool,
    /// Relations of groups that are taken for true where oracles are compared, such as answers.
    pub known: BTreeSet<String>,
    /// The seed of the pairs of groups on which oracles are compared.
    pub seed: u64,
}

/// The resolved graph and what there is to say about its tables.
#[derive(Debug)]
pub struct Resolved {
    /// The graph.
    pub graph: Graph,
    /// Rows of `edges.parquet`.
    pub edges: u64,
    /// Rows of `conflicts.parquet`.
    pub conflicts: u64,
    /// The rows of `oracle_accuracy.parquet`.
    pub oracles: Vec<OracleAccuracy>,
    /// Pairs on which oracles were not compared because their votes differ in too many ways.
    pub uncounted: u64,
}

/// Resolves the statements in the Parquet file `statements` (columns of `edges`, any order, pairs repeated) and writes
/// `edges.parquet`, `conflicts.parquet` (those `found` by oracles first), `oracle_accuracy.parquet` and `graph.csr` to
/// `folder`. The result does not depend on the order of rows.
pub async fn resolve(
    session: &Session,
    statements: &Path,
    mut groups: Groups,
    ids: &IdIndex,
    resolution: Resolution,
    found: Vec<Conflict>,
    folder: &Path,
) -> Result<Resolved> {
    let Resolution { settings, by_agreement, known, seed } = resolution;
    let mut votes = Votes::new(&groups, &known, seed);
    let (mut oracles, mut weights) = (vec![], OracleWeights::default());
    if by_agreement {
        // Weights are known when all votes are counted, and so before the first pair is decided.
        let count = |a, b, opinions: Vec<Opinion>| {
            votes.count(&groups, ids, a, b, &opinions);
            Ok(())
        };
        each_pair(session, statements, count).await?;
        votes.count_groups(&groups);
        oracles = votes.accuracies();
        weights = OracleWeights::by_accuracy(&mut oracles, known);
        groups = weights.weigh_groups(folder, ids)?;
    }
    let mut pairs = PairWriter::create(folder, ids, &groups, settings)?;
    for conflict in found {
        pairs.conflicts.push(conflict)?;
    }
    let decide = |a, b, mut opinions: Vec<Opinion>| {
        match by_agreement {
            true => weights.weigh(&mut opinions),
            false => votes.count(&groups, ids, a, b, &opinions),
        }
        pairs.decide(a, b, &opinions)
    };
    each_pair(session, statements, decide).await?;
    let (csr, edges, mut conflicts) = pairs.finish()?;
    if !by_agreement {
        votes.count_groups(&groups);
        oracles = votes.accuracies();
    }
    write_accuracies(folder, &oracles)?;
    let mut places = csr.places();
    each_edge(&folder.join(run_file::EDGES), ids, &mut |a, b, weight| places.put(a, b, weight))?;
    let graph = Graph::new(settings, places.finish()?, groups);
    if settings.closure {
        closure_conflicts(&graph, ids, graph.edges(), settings.policy, &mut conflicts)?;
    }
    Ok(Resolved { graph, edges, conflicts: conflicts.finish()?, oracles, uncounted: votes.uncounted() })
}

/// Reads the edges that were written a moment ago, by row number, one batch after the other. A CSR takes two passes, one
/// that counts the neighbours of every row and one that places them, and the edges between the passes may be more than
/// memory holds: the first pass is over edges as they are decided, the second over the file.
fn each_edge(path: &Path, ids: &IdIndex, take: &mut dyn FnMut(Row, Row, f32)) -> Result<()> {
    let file = ParquetFile::open(path)?;
    let wanted = [SRC, DST, WEIGHT].map(|name| file.schema().index_of(name));
    let wanted = wanted.into_iter().collect::<Result<Vec<_>, _>>()?;
    for batch in file.batches(wanted, ROWS)? {
        let batch = batch?;
        let src = batch[SRC].as_primitive::<UInt64Type>().values();
        let dst = batch[DST].as_primitive::<UInt64Type>().values();
        let weight = batch[WEIGHT].as_primitive::<Float32Type>().values();
        for ((&src, &dst), &weight) in src.iter().zip(dst).zip(weight) {
            if let (Some(a), Some(b)) = (ids.row(SampleId(src)), ids.row(SampleId(dst))) {
                take(a, b, weight);
            }
        }
    }
    Ok(())
}

/// Negative edges inside a component of positives contradict the chain that joins their ends; the edge itself stays.
fn closure_conflicts(
    graph: &Graph,
    ids: &IdIndex,
    edges: &Csr,
    policy: Policy,
    conflicts: &mut ConflictWriter,
) -> Result<()> {
    for (a, b, weight) in edges.iter().filter(|e| e.2 < 0.0) {
        if graph.root(a) == graph.root(b) {
            let (positive, negative) = ("closure".to_owned(), "edge".to_owned());
            let (a, b, policy) = (ids.id(a), ids.id(b), policy.name());
            conflicts.push(Conflict { a, b, positive, negative, kept: weight, policy })?;
        }
    }
    Ok(())
}

/// A row of `edges`.
struct Edge {
    src: SampleId,
    dst: SampleId,
    weight: f32,
    rel: String,
    confidence: f32,
    round: u32,
    inferred: bool,
}

/// Takes the statements about one pair after the other and writes what the policy makes of them.
struct PairWriter<'a> {
    ids: &'a IdIndex,
    groups: &'a Groups,
    settings: GraphSettings,
    pending: Vec<Edge>,
    edges: ParquetSink,
    csr: CsrBuilder,
    conflicts: ConflictWriter,
}

impl<'a> PairWriter<'a> {
    fn create(folder: &Path, ids: &'a IdIndex, groups: &'a Groups, settings: GraphSettings) -> Result<Self> {
        Ok(Self {
            ids,
            groups,
            settings,
            pending: vec![],
            edges: ParquetSink::sealed(&folder.join(run_file::EDGES), EDGES.schema())?,
            csr: CsrBuilder::create(&folder.join(run_file::GRAPH), ids.rows()),
            conflicts: ConflictWriter::create(&folder.join(run_file::CONFLICTS))?,
        })
    }

    fn decide(&mut self, src: SampleId, dst: SampleId, opinions: &[Opinion]) -> Result<()> {
        let decision = self.settings.policy.decide(opinions);
        if decision.conflict {
            let (positive, negative) = (rels(opinions, 1.0), rels(opinions, -1.0));
            let (kept, policy) = (decision.weight, self.settings.policy.name());
            self.conflicts.push(Conflict { a: src, b: dst, positive, negative, kept, policy })?;
        }
        if decision.weight != 0.0 {
            self.check_groups(src, dst, decision.weight, opinions)?;
            let confidence = opinions.iter().map(|o| o.confidence).fold(0.0, f32::max);
            let round = opinions.iter().map(|o| o.round).max().unwrap_or_default();
            // An edge that somebody stated is no inference, whoever else infers it.
            let inferred = opinions.iter().filter(|o| o.weight * decision.weight > 0.0).all(|o| o.inferred);
            let rel = rels(opinions, decision.weight);
            self.pending.push(Edge { src, dst, weight: decision.weight, rel, confidence, round, inferred });
        }
        if self.pending.len() >= ROWS { self.flush() } else { Ok(()) }
    }

    fn check_groups(&mut self, src: SampleId, dst: SampleId, weight: f32, opinions: &[Opinion]) -> Result<()> {
        let (Some(a), Some(b)) = (self.ids.row(src), self.ids.row(dst)) else { return Ok(()) };
        let implied = self.groups.weight(a, b);
        if implied * weight >= 0.0 {
            return Ok(());
        }
        let kept = self.settings.policy.combine(weight, implied);
        let (explicit, group) = (rels(opinions, weight), "groups".to_owned());
        let (positive, negative) = if weight > 0.0 { (explicit, group) } else { (group, explicit) };
        let policy = self.settings.policy.name();
        self.conflicts.push(Conflict { a: src, b: dst, positive, negative, kept, policy })
    }

    fn flush(&mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.pending);
        self.edges.write(&RecordBatch::try_new(
            EDGES.schema(),
            vec![
                Arc::new(UInt64Array::from_iter_values(rows.iter().map(|edge| edge.src.0))),
                Arc::new(UInt64Array::from_iter_values(rows.iter().map(|edge| edge.dst.0))),
                Arc::new(Float32Array::from_iter_values(rows.iter().map(|edge| edge.weight))),
                Arc::new(StringArray::from_iter_values(rows.iter().map(|edge| &edge.rel))),
                Arc::new(Float32Array::from_iter_values(rows.iter().map(|edge| edge.confidence))),
                Arc::new(UInt32Array::from_iter_values(rows.iter().map(|edge| edge.round))),
                Arc::new(rows.iter().map(|edge| Some(edge.inferred)).collect::<BooleanArray>()),
            ],
        )?)?;
        for Edge { src, dst, .. } in &rows {
            let row = |id: SampleId, column: &str| {
                self.ids.row(id).ok_or_else(|| GraphError::UnknownId {
                    table: "edges".to_owned(),
                    column: column.to_owned(),
                    row: self.edges.rows(),
                    id: id.to_string(),
                })
            };
            let (a, b) = (row(*src, SRC)?, row(*dst, DST)?);
            self.csr.count(a, b);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(CsrBuilder, u64, ConflictWriter)> {
        self.flush()?;
        Ok((self.csr, self.edges.finish()?, self.conflicts))
    }
}

/// Names of the oracles whose statement has the sign of `sign`.
fn rels(opinions: &[Opinion], sign: f32) -> String {
    let mut names: Vec<_> = opinions.iter().filter(|o| o.weight * sign > 0.0).map(|o| o.rel.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names.join(",")
}

#[cfg(test)]
mod tests {
    use relata_data::source::session;

    use super::*;
    use crate::relations::Relations;

    /// What became of 600 pairs, of which every other is related, after three oracles of their own mistakes: `a` is wrong
    /// about every 20th pair, `b` about every 15th and `c` about two in five.
    async fn resolved(by_agreement: bool, reversed: bool) -> (Resolved, Vec<(Row, Row, f32)>) {
        let folder = tempfile::tempdir().unwrap();
        let ids = IdIndex::RowNumbers(1200);
        let mut relations = Relations::create(folder.path()).unwrap();
        let mut numbers: Vec<u64> = (0..600).collect();
        if reversed {
            numbers.reverse();
        }
        for number in numbers {
            let wrong = [("a", number % 20 == 3), ("b", number % 15 == 4), ("c", number % 5 < 2)];
            for (rel, wrong) in wrong {
                let weight = if (number % 2 == 0) == wrong { -1.0 } else { 1.0 };
                relations.edge(&rel.into(), SampleId(2 * number), SampleId(2 * number + 1), weight).unwrap();
            }
        }
        // `c` puts two rows together that nobody else speaks about.
        relations.members("c", &[(SampleId(0), 0), (SampleId(3), 0)], 1.0, false).unwrap();
        let stated = relations.finish().unwrap();
        let groups = stated.groups.build(&ids).unwrap();
        let resolution = Resolution { by_agreement, known: stated.known, ..Resolution::default() };
        let statements = folder.path().join(run_file::STATEMENTS);
        let found = stated.conflicts;
        let resolved = resolve(&session(), &statements, groups, &ids, resolution, found, folder.path()).await.unwrap();
        let edges = resolved.graph.edges().iter().collect();
        (resolved, edges)
    }

    #[tokio::test]
    async fn weights_follow_agreement_if_they_are_to() {
        let (plain, plain_edges) = resolved(false, false).await;
        let (weighed, weighed_edges) = resolved(true, false).await;
        let numbers = |resolved: &Resolved| -> Vec<(String, f64, u64)> {
            resolved.oracles.iter().map(|it| (it.oracle.clone(), it.accuracy, it.positives + it.negatives)).collect()
        };
        assert_eq!(numbers(&plain), numbers(&weighed));
        assert!(plain.oracles.iter().all(|oracle| oracle.weight == 1.0));
        let [a, b, c] = &weighed.oracles[..] else { panic!("{:?}", weighed.oracles) };
        assert!(a.accuracy > 0.9 && b.accuracy > 0.88 && (c.accuracy - 0.6).abs() < 0.05, "{:?}", weighed.oracles);
        assert!(a.weight.max(b.weight) == 1.0 && a.weight.min(b.weight) > 0.7 && c.weight < 0.25, "{a:?} {b:?} {c:?}");
        assert_eq!(plain.graph.relation(Row(0), Row(3)), 1.0);
        assert_eq!(weighed.graph.relation(Row(0), Row(3)), c.weight);
        let mistakes = |edges: &[(Row, Row, f32)]| {
            edges.iter().filter(|edge| (edge.2 > 0.0) != (edge.0.0 / 2).is_multiple_of(2)).count()
        };
        // Where one of two good oracles is wrong, the bad one decides: no longer.
        assert!(mistakes(&weighed_edges) <= mistakes(&plain_edges), "{}", mistakes(&weighed_edges));
    }

    #[tokio::test]
    async fn the_order_of_statements_does_not_matter() {
        let (first, second) = (resolved(true, false).await, resolved(true, true).await);
        assert_eq!(first.0.oracles, second.0.oracles);
        assert_eq!(first.1, second.1);
    }
}
