//! Resolution of constraints, from everything that oracles stated to the canonical graph: one edge per pair under a
//! policy, contradictions kept as rows of `conflicts`, and the edges as a CSR file. Sorting is DataFusion's and spills
//! to disk.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, Float32Array, RecordBatch, StringArray, UInt32Array, UInt64Array};
use arrow::datatypes::{Float32Type, UInt32Type, UInt64Type};
use datafusion::prelude::{ParquetReadOptions, col};
use futures::StreamExt;
use relata_schemas::edges::{CONFIDENCE, DST, EDGES, INFERRED, REL, ROUND, SRC, WEIGHT};

use crate::conflicts::{Conflict, ConflictWriter};
use crate::csr::{Csr, CsrBuilder};
use crate::error::{GraphError, Result};
use crate::graph::{Graph, GraphSettings};
use crate::must_link::Groups;
use crate::policy::{Opinion, Policy};
use relata_data::id_index::IdIndex;
use relata_data::index::{Row, SampleId};
use relata_data::sink::ParquetSink;
use relata_data::{ParquetFile, Session, query};
use relata_schemas::run_file;

/// Rows buffered before they are written.
const ROWS: usize = 8 * 1024;

/// The resolved graph and how many rows its tables have.
#[derive(Debug)]
pub struct Resolved {
    /// The graph.
    pub graph: Graph,
    /// Rows of `edges.parquet`.
    pub edges: u64,
    /// Rows of `conflicts.parquet`.
    pub conflicts: u64,
}

/// Resolves the statements in the Parquet file `statements` (columns of `edges`, any order, pairs repeated) and writes
/// `edges.parquet`, `conflicts.parquet` (those `found` by oracles first) and `graph.csr` to
/// `folder`. The result does not depend on the order of rows.
pub async fn resolve(
    session: &Session,
    statements: &Path,
    groups: Groups,
    ids: &IdIndex,
    settings: GraphSettings,
    found: Vec<Conflict>,
    folder: &Path,
) -> Result<Resolved> {
    let mut pairs = PairWriter::create(folder, ids, &groups, settings)?;
    for conflict in found {
        pairs.conflicts.push(conflict)?;
    }
    let options = ParquetReadOptions::default();
    let frame = query::read_parquet(session, vec![statements.display().to_string()], options).await?;
    let order = [SRC, DST, ROUND, REL, WEIGHT, CONFIDENCE, INFERRED].map(|name| col(name).sort(true, true));
    let mut stream = query::stream(frame.sort(order.to_vec())?).await?;
    while let Some(batch) = stream.next().await {
        pairs.read(&batch?)?;
    }
    drop(stream);
    let (csr, edges, mut conflicts) = pairs.finish()?;
    let mut places = csr.places();
    each_edge(&folder.join(run_file::EDGES), ids, &mut |a, b, weight| places.put(a, b, weight))?;
    let graph = Graph::new(settings, places.finish()?, groups);
    if settings.closure {
        closure_conflicts(&graph, ids, graph.edges(), settings.policy, &mut conflicts)?;
    }
    Ok(Resolved { graph, edges, conflicts: conflicts.finish()? })
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

/// Gathers the statements about one pair after the other and writes what the policy makes of them.
struct PairWriter<'a> {
    ids: &'a IdIndex,
    groups: &'a Groups,
    settings: GraphSettings,
    current: Option<(SampleId, SampleId)>,
    opinions: Vec<Opinion>,
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
            current: None,
            opinions: vec![],
            pending: vec![],
            edges: ParquetSink::create(&folder.join(run_file::EDGES), EDGES.schema())?,
            csr: CsrBuilder::create(&folder.join(run_file::GRAPH), ids.rows()),
            conflicts: ConflictWriter::create(&folder.join(run_file::CONFLICTS))?,
        })
    }

    fn read(&mut self, batch: &RecordBatch) -> Result<()> {
        let src = batch[SRC].as_primitive::<UInt64Type>().values();
        let dst = batch[DST].as_primitive::<UInt64Type>().values();
        let weight = batch[WEIGHT].as_primitive::<Float32Type>().values();
        let confidence = batch[CONFIDENCE].as_primitive::<Float32Type>().values();
        let round = batch[ROUND].as_primitive::<UInt32Type>().values();
        let inferred = batch[INFERRED].as_boolean();
        let rel = batch[REL].as_string::<i32>();
        for at in 0..batch.num_rows() {
            let pair = (SampleId(src[at]), SampleId(dst[at]));
            if self.current != Some(pair) {
                self.decide()?;
                self.current = Some(pair);
            }
            self.opinions.push(Opinion {
                weight: weight[at],
                confidence: confidence[at],
                round: round[at],
                inferred: inferred.value(at),
                rel: rel.value(at).to_owned(),
            });
        }
        Ok(())
    }

    fn decide(&mut self) -> Result<()> {
        let Some((src, dst)) = self.current.take() else { return Ok(()) };
        let mut opinions = std::mem::take(&mut self.opinions);
        // One oracle saying the same thing twice in one round is one statement: the strongest, of equally strong ones the
        // surest, then one that somebody stated rather than inferred. The order is total, whatever the order of the rows.
        opinions.sort_by(|a, b| {
            let key = |o: &Opinion| (o.round, o.rel.clone(), o.weight > 0.0);
            let strength = b.weight.abs().total_cmp(&a.weight.abs()).then(b.confidence.total_cmp(&a.confidence));
            key(a).cmp(&key(b)).then(strength).then(a.inferred.cmp(&b.inferred))
        });
        opinions.dedup_by(|b, a| a.round == b.round && a.rel == b.rel && (a.weight > 0.0) == (b.weight > 0.0));
        let decision = self.settings.policy.decide(&opinions);
        if decision.conflict {
            let (positive, negative) = (rels(&opinions, 1.0), rels(&opinions, -1.0));
            let (kept, policy) = (decision.weight, self.settings.policy.name());
            self.conflicts.push(Conflict { a: src, b: dst, positive, negative, kept, policy })?;
        }
        if decision.weight != 0.0 {
            self.check_groups(src, dst, decision.weight, &opinions)?;
            let confidence = opinions.iter().map(|o| o.confidence).fold(0.0, f32::max);
            let round = opinions.iter().map(|o| o.round).max().unwrap_or_default();
            // An edge that somebody stated is no inference, whoever else infers it.
            let inferred = opinions.iter().filter(|o| o.weight * decision.weight > 0.0).all(|o| o.inferred);
            let rel = rels(&opinions, decision.weight);
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
        self.decide()?;
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
