//! `neighbours([run,] id)`: what the graph of a run knows about a sample.

use std::sync::{Arc, LazyLock};

use arrow::array::{Float32Array, RecordBatch, StringArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::error::DataFusionError;
use relata_operators::edges::Graph;

use super::SqlError;
use super::arguments::Arguments;
use super::catalogue::Catalogue;
use super::computed::{Computation, ComputedTable};
use crate::PipelineError;
use crate::run::Run;

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        Field::new("id", DataType::UInt64, false),
        Field::new("weight", DataType::Float32, false),
        Field::new("source", DataType::Utf8, false),
    ]))
});

/// The table function. Its table has the columns `id`, `weight` and `source`: 'edge' for an explicit edge, 'group' for
/// a member of one of the sample's groups, 'closure' for one that is inferred to be positive through a chain of
/// others. Samples whose relations cancel out are unknown and not listed, nor are negatives that follow from groups
/// or components only: they may be all other samples. The heaviest come first.
#[derive(Debug)]
pub(super) struct Neighbours(pub Arc<Catalogue>);

impl TableFunctionImpl for Neighbours {
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>, DataFusionError> {
        let arguments = Arguments::new("neighbours([run,] id)", args.exprs(), 1, 2)?;
        let last = arguments.len() - 1;
        let id = arguments.whole_number(last).ok_or_else(|| arguments.wrong(last, "id", "an id"))?;
        let run = match last {
            0 => self.0.run(None)?,
            _ => self.0.run(Some(&arguments.name(0, "run")?))?,
        };
        Ok(Arc::new(ComputedTable::new(Related { run: run.clone(), id })))
    }
}

#[derive(Debug)]
struct Related {
    run: Run,
    id: u64,
}

/// Where a relation comes from; what is greater wins the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    Closure,
    Group,
    Edge,
}

impl Origin {
    fn name(self) -> &'static str {
        match self {
            Self::Closure => "closure",
            Self::Group => "group",
            Self::Edge => "edge",
        }
    }
}

impl Computation for Related {
    fn schema(&self) -> SchemaRef {
        SCHEMA.clone()
    }

    fn compute(&self) -> Result<RecordBatch, SqlError> {
        let samples = self.run.samples().map_err(SqlError::run)?;
        let graph = self.run.graph(&samples).map_err(SqlError::run)?;
        if graph.rows() != samples.ids.rows() {
            let found = format!("a graph over {} rows, of a dataset of {}", graph.rows(), samples.ids.rows());
            return Err(SqlError::run(PipelineError::Corrupt { path: self.run.path("graph.csr"), found }));
        }
        let unknown = || SqlError::UnknownSample { table: samples.samples_path.display().to_string(), id: self.id };
        let row = samples.ids.row(self.id).ok_or_else(unknown)?;
        let mut related: Vec<(u64, f32, Origin)> = origins(&graph, row)
            .into_iter()
            .map(|(other, origin)| (samples.ids.id(other), graph.relation(row, other), origin))
            .filter(|&(_, weight, _)| weight != 0.0)
            .collect();
        related.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let columns = (
            UInt64Array::from_iter_values(related.iter().map(|entry| entry.0)),
            Float32Array::from_iter_values(related.iter().map(|entry| entry.1)),
            StringArray::from_iter_values(related.iter().map(|entry| entry.2.name())),
        );
        let columns = vec![Arc::new(columns.0) as _, Arc::new(columns.1) as _, Arc::new(columns.2) as _];
        Ok(RecordBatch::try_new(self.schema(), columns)?)
    }
}

/// The other rows that are related to a row, each once.
fn origins(graph: &Graph, row: u32) -> Vec<(u32, Origin)> {
    let mut found: Vec<(u32, Origin)> = Vec::new();
    found.extend(graph.edges().neighbours(row).0.iter().map(|&other| (other, Origin::Edge)));
    for &group in graph.groups().of(row) {
        let members = &graph.groups().iter()[group as usize].members;
        found.extend(members.iter().map(|&other| (other, Origin::Group)));
    }
    if let Some(root) = graph.root(row) {
        let component = (0..graph.rows() as u32).filter(|&other| graph.root(other) == Some(root));
        found.extend(component.map(|other| (other, Origin::Closure)));
    }
    found.retain(|entry| entry.0 != row);
    found.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
    found.dedup_by_key(|entry| entry.0);
    found
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use arrow::array::{AsArray, BooleanArray, UInt32Array};
    use arrow::datatypes::{Float32Type, UInt64Type};
    use relata_operators::edges::{GraphSettings, Groups, resolve};
    use relata_operators::source::{csv, ingest};
    use relata_schemas::edges::EDGES;
    use relata_schemas::memberships::MEMBERSHIPS;

    use super::super::{fixture, query, session};
    use super::*;

    fn statements(edges: &[(u64, u64, f32)]) -> RecordBatch {
        let rows = edges.len();
        let columns: Vec<arrow::array::ArrayRef> = vec![
            Arc::new(UInt64Array::from_iter_values(edges.iter().map(|edge| edge.0))),
            Arc::new(UInt64Array::from_iter_values(edges.iter().map(|edge| edge.1))),
            Arc::new(Float32Array::from_iter_values(edges.iter().map(|edge| edge.2))),
            Arc::new(StringArray::from(vec!["test"; rows])),
            Arc::new(Float32Array::from(vec![1.0; rows])),
            Arc::new(UInt32Array::from(vec![0; rows])),
            Arc::new(BooleanArray::from(vec![false; rows])),
        ];
        RecordBatch::try_new(EDGES.schema(), columns).unwrap()
    }

    /// Samples 0, 10, .. 70; the group {10, 20}; the edges 10-30, 30-40, 10-50 (negative) and 60-70.
    async fn graph_run(folder: &Path, closure: bool) -> Run {
        let run = fixture::run(folder);
        let rows: String = (0..8).map(|row| format!("{},{row}.5\n", row * 10)).collect();
        let text = folder.join("samples.csv");
        std::fs::write(&text, format!("id,x\n{rows}")).unwrap();
        let session = relata_operators::source::session();
        let samples = ingest(&csv(&text), &session, folder, &mut |_| {}).await.unwrap();
        let members: Vec<arrow::array::ArrayRef> = vec![
            Arc::new(UInt64Array::from(vec![10, 20])),
            Arc::new(UInt64Array::from(vec![1, 1])),
            Arc::new(Float32Array::from(vec![0.5, 0.5])),
            Arc::new(StringArray::from(vec!["label"; 2])),
            Arc::new(BooleanArray::from(vec![false; 2])),
        ];
        let memberships = RecordBatch::try_new(MEMBERSHIPS.schema(), members).unwrap();
        fixture::write(&run, "memberships", &memberships);
        let edges = [(10, 30, 0.75), (30, 40, 1.0), (10, 50, -1.0), (60, 70, 1.0)];
        fixture::write(&run, "statements", &statements(&edges));
        let settings = GraphSettings { closure, ..Default::default() };
        let groups = Groups::new(&[memberships], &[], &samples.ids).unwrap();
        resolve(&session, &run.path("statements.parquet"), groups, &samples.ids, settings, vec![], folder)
            .await
            .unwrap();
        std::fs::write(run.path("graph.json"), serde_json::to_vec(&settings).unwrap()).unwrap();
        run
    }

    async fn ask(runs: &[Run], call: &str) -> Result<Vec<(u64, f32, String)>, SqlError> {
        let session = session(runs).await?;
        let batches = query(&session, &format!("SELECT * FROM {call}")).await?.collect().await?;
        let row = |batch: &RecordBatch, at: usize| {
            let source = batch["source"].as_string::<i32>().value(at).to_owned();
            let id = batch["id"].as_primitive::<UInt64Type>().value(at);
            (id, batch["weight"].as_primitive::<Float32Type>().value(at), source)
        };
        Ok(batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |at| row(batch, at))).collect())
    }

    #[tokio::test]
    async fn edges_groups_and_closure_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let plain = graph_run(&folder.path().join("plain"), false).await;
        let closed = graph_run(&folder.path().join("closed"), true).await;
        let named = |rows: &[(u64, f32, &str)]| -> Vec<(u64, f32, String)> {
            rows.iter().map(|row| (row.0, row.1, row.2.to_owned())).collect()
        };
        let runs = [plain, closed];
        let expected = named(&[(30, 0.75, "edge"), (20, 0.5, "group"), (50, -1.0, "edge")]);
        assert_eq!(ask(&runs, "neighbours(10)").await.unwrap(), expected);
        assert_eq!(ask(&runs, "neighbours(plain, 10)").await.unwrap(), expected);
        let inferred = named(&[(40, 1.0, "closure"), (30, 0.75, "edge"), (20, 0.5, "group"), (50, -1.0, "edge")]);
        assert_eq!(ask(&runs, "neighbours('closed', 10)").await.unwrap(), inferred);
        assert_eq!(ask(&runs, "neighbours(closed, 0)").await.unwrap(), []);
        for (call, expected) in [
            ("neighbours(5)", "no sample with the id 5"),
            ("neighbours(other, 10)", "the runs are plain, closed"),
            ("neighbours('10')", "an id"),
        ] {
            let error = ask(&runs, call).await.unwrap_err().to_string();
            assert!(error.contains(expected), "{call}: {error}");
        }
    }

    #[tokio::test]
    async fn a_run_without_a_graph_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let error = ask(&[fixture::run(folder.path())], "neighbours(0)").await.unwrap_err();
        assert!(matches!(&error, SqlError::Run(_)), "{error:?}");
    }
}
