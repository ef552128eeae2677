//! Neighbours in the graph: the table function `neighbours([run,] id [, 'all'])`.

use std::sync::{Arc, LazyLock};

use arrow::array::{Float32Array, RecordBatch, StringArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::error::DataFusionError;
use relata_data::index::{Row, SampleId};
use relata_data::source::IdLookup;
use relata_graph::Graph;

use super::arguments::{Arguments, IdArgument};
use super::catalogue::Catalogue;
use super::computed::{Computation, TableOnDemand};
use super::error::SqlError;
use crate::store::{Artifact, Run, StoreError};

/// The argument that asks for implied negatives, too.
const ALL: &str = "all";

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        Field::new("id", DataType::UInt64, false),
        Field::new("weight", DataType::Float32, false),
        Field::new("source", DataType::Utf8, false),
    ]))
});

/// The table function. Its table has the columns `id`, `weight` and `source`: 'edge' for an explicit edge, 'group' for
/// a member of one of the sample's groups, 'closure' for one that is inferred to be positive through a chain of
/// others. With the argument 'all' there are also the negatives that follow from groups or components only, as 'implied':
/// they may be all other samples. Samples whose relations cancel out are unknown and not listed. The heaviest come
/// first. Text names a sample by the user's own id.
#[derive(Debug)]
pub(super) struct Neighbours(pub Arc<Catalogue>);

impl TableFunctionImpl for Neighbours {
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>, DataFusionError> {
        let arguments = Arguments::new("neighbours([run,] id [, 'all'])", args.exprs(), 1, 3)?;
        let count = arguments.len();
        let is_run = |at: usize| arguments.name(at, "run").is_ok_and(|name| self.0.run(Some(&name)).is_ok());
        // Of two arguments the second may be a sample whose id is "all", in the run that the first one names.
        let all = count > 1 && arguments.text(count - 1) == Some(ALL) && (count > 2 || !is_run(0));
        let at = count - 1 - usize::from(all);
        let id = arguments.id(at).ok_or_else(|| arguments.wrong(at, "id", "an id"))?;
        let run = match at {
            0 => self.0.run(None)?,
            1 => self.0.run(Some(&arguments.name(0, "run")?))?,
            _ => return Err(arguments.wrong(2, "the last argument", "'all' or nothing").into()),
        };
        Ok(Arc::new(TableOnDemand::new(GraphNeighbours { run: run.clone(), id, all })))
    }
}

#[derive(Debug)]
struct GraphNeighbours {
    run: Run,
    id: IdArgument,
    /// Whether implied negatives are asked for.
    all: bool,
}

/// Where a relation comes from; what is greater wins the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    Implied,
    Closure,
    Group,
    Edge,
}

impl Origin {
    fn name(self) -> &'static str {
        match self {
            Self::Implied => "implied",
            Self::Closure => "closure",
            Self::Group => "group",
            Self::Edge => "edge",
        }
    }
}

impl Computation for GraphNeighbours {
    fn schema(&self) -> SchemaRef {
        SCHEMA.clone()
    }

    fn compute(&self) -> Result<RecordBatch, SqlError> {
        let samples = self.run.samples().map_err(SqlError::run)?;
        let run = self.run.latest(Artifact::GraphSettings).unwrap_or_else(|| self.run.clone());
        let graph = run.graph(&samples).map_err(SqlError::run)?;
        if graph.rows() != samples.ids.rows() {
            let found = format!("a graph over {} rows, of a dataset of {}", graph.rows(), samples.ids.rows());
            return Err(SqlError::run(StoreError::corrupt(run.path(Artifact::Adjacency), found)));
        }
        let table = || samples.samples_path.display().to_string();
        let unknown = || SqlError::UnknownSample { table: table(), id: self.id.to_string() };
        let number = match &self.id {
            IdArgument::Number(number) => Some(SampleId(*number)),
            IdArgument::Text(text) => IdLookup::new(&samples)?.text(text),
        };
        let row = number.and_then(|number| samples.ids.row(number)).ok_or_else(unknown)?;
        let mut related: Vec<(SampleId, f32, Origin)> = origins(&graph, row, self.all)
            .into_iter()
            .map(|(other, origin)| (samples.ids.id(other), graph.relation(row, other), origin))
            .filter(|&(_, weight, _)| weight != 0.0)
            .collect();
        related.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let columns = (
            UInt64Array::from_iter_values(related.iter().map(|entry| entry.0.0)),
            Float32Array::from_iter_values(related.iter().map(|entry| entry.1)),
            StringArray::from_iter_values(related.iter().map(|entry| entry.2.name())),
        );
        let columns = vec![Arc::new(columns.0) as _, Arc::new(columns.1) as _, Arc::new(columns.2) as _];
        Ok(RecordBatch::try_new(self.schema(), columns)?)
    }
}

/// The other rows that may be related to a row, each once.
fn origins(graph: &Graph, row: Row, all: bool) -> Vec<(Row, Origin)> {
    let mut found: Vec<(Row, Origin)> = Vec::new();
    found.extend(graph.edges().neighbours(row).0.iter().map(|&other| (other, Origin::Edge)));
    for &group in graph.groups().of(row) {
        let members = &graph.groups().iter()[group.index()].members;
        found.extend(members.iter().map(|&other| (other, Origin::Group)));
    }
    if let Some(root) = graph.root(row) {
        let component = (0..graph.rows() as u32).map(Row).filter(|&other| graph.root(other) == Some(root));
        found.extend(component.map(|other| (other, Origin::Closure)));
    }
    if all {
        found.extend((0..graph.rows() as u32).map(|other| (Row(other), Origin::Implied)));
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
    use relata_data::source::{csv, ingest};
    use relata_graph::{GraphSettings, Groups, Resolution, resolve};
    use relata_schemas::edges::EDGES;
    use relata_schemas::memberships::MEMBERSHIPS;

    use super::super::query::query;
    use super::super::session::session;
    use super::*;
    use crate::fixture;

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
        let session = relata_data::source::session();
        let samples = ingest(&csv(&text), &session, folder, &mut |_| {}).await.unwrap();
        let members: Vec<arrow::array::ArrayRef> = vec![
            Arc::new(UInt64Array::from(vec![10, 20])),
            Arc::new(UInt64Array::from(vec![1, 1])),
            Arc::new(Float32Array::from(vec![0.5, 0.5])),
            Arc::new(StringArray::from(vec!["label"; 2])),
            Arc::new(BooleanArray::from(vec![false; 2])),
        ];
        let memberships = RecordBatch::try_new(MEMBERSHIPS.schema(), members).unwrap();
        fixture::write(&run, Artifact::Memberships, &memberships);
        let edges = [(10, 30, 0.75), (30, 40, 1.0), (10, 50, -1.0), (60, 70, 1.0)];
        fixture::write(&run, Artifact::Statements, &statements(&edges));
        let settings = GraphSettings { closure, ..Default::default() };
        let groups = Groups::new(&[memberships], &[], &samples.ids).unwrap();
        let resolution = Resolution { settings, ..Default::default() };
        resolve(&session, &run.path(Artifact::Statements), groups, &samples.ids, resolution, vec![], folder)
            .await
            .unwrap();
        std::fs::write(run.path(Artifact::GraphSettings), serde_json::to_vec(&settings).unwrap()).unwrap();
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
        assert_eq!(ask(&runs, "neighbours('10', 'all')").await.unwrap(), expected);
        // What 10 is related to is apart from 50 as well.
        let implied = named(&[(10, 1.0, "closure"), (20, 1.0, "closure"), (30, 1.0, "edge"), (50, -1.0, "implied")]);
        assert_eq!(ask(&runs, "neighbours(closed, 40, 'all')").await.unwrap(), implied);
        for (call, expected) in [
            ("neighbours(5)", "no sample with the id 5"),
            ("neighbours(other, 10)", "the runs are plain, closed"),
            ("neighbours([1.0])", "an id"),
            ("neighbours('x')", "no sample with the id x"),
            ("neighbours(closed, 10, 'some')", "'all' or nothing"),
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
