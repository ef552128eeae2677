//! Nearest neighbours: the table function `nearest(embeddings, query, k [, metric] [, exact])`, by the index of a run where
//! it has one, and exact otherwise.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{Float32Array, RecordBatch, UInt32Array, UInt64Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::error::DataFusionError;
use rayon::prelude::*;
use relata_graph::knn::{Metric, NearestIndex, top_k};

use super::arguments::{Arguments, IdArgument};
use super::catalogue::Catalogue;
use super::computed::{Computation, TableOnDemand};
use super::embedding_file::EmbeddingFile;
use super::error::SqlError;
use super::hits::{Hit, by_index, nearest};
use super::nearest_each::{self, SearchEach};
use crate::store::nearest_index;

const FUNCTION: &str = "nearest(embeddings, query, k [, metric] [, exact])";
/// The argument that asks for an exact search.
const EXACT: &str = "exact";

/// The schema of an answer about embeddings with ids of this type.
fn schema(id: DataType) -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("rank", DataType::UInt32, false),
        Field::new("id", id, false),
        Field::new("score", DataType::Float32, false),
    ]))
}

/// The table function. Its table has the columns `rank` (from 1), `id` and `score`: the cosine similarity, the
/// Euclidean distance or the inner product. Of equal scores the earlier row comes first. The name of
/// another table as the query asks for the nearest of each of its rows, whose id is in a column `query`. Text names a sample by the
/// user's own id, in `source_id`; `id` is text where it is in a file of somebody else's.
#[derive(Debug)]
pub(super) struct NearestFunction(pub Arc<Catalogue>);

impl TableFunctionImpl for NearestFunction {
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>, DataFusionError> {
        let arguments = Arguments::new(FUNCTION, args.exprs(), 3, 5)?;
        let table = arguments.name(0, "embeddings")?;
        let k = arguments.whole_number(2).filter(|&k| k > 0);
        let k = k.ok_or_else(|| arguments.wrong(2, "k", "a whole number from 1"))? as usize;
        let last = arguments.len() - 1;
        let exact = last > 2 && arguments.name(last, "metric").is_ok_and(|word| word == EXACT);
        let metric = match arguments.len() - usize::from(exact) {
            3 => Metric::Cosine,
            4 => metric(&arguments)?,
            _ => return Err(arguments.wrong(last, "the last argument", "'exact'").into()),
        };
        let path = self.0.file(&table)?;
        let index = match metric {
            Metric::Cosine if !exact => nearest_index(&path).map_err(SqlError::run)?,
            _ => None,
        };
        let id = EmbeddingFile::open(&path)?.id_type();
        let query = match (arguments.id(1), arguments.vector(1), arguments.name(1, "query")) {
            (Some(id), _, _) => NearestQuery::Sample(id),
            (None, Some(vector), _) => NearestQuery::Vector(vector),
            (None, None, Ok(name)) => {
                let queries = self.0.file(&name)?;
                let schema = nearest_each::schema(EmbeddingFile::open(&queries)?.id_type(), id);
                let (function, names) = (FUNCTION, [table, name]);
                let search = SearchEach { function, names, embeddings: path, queries, schema, k, metric, index };
                return Ok(Arc::new(TableOnDemand::new(search)));
            }
            _ => {
                let expected = "an id, a vector like [0.1, -0.2], or a table of embeddings";
                return Err(arguments.wrong(1, "query", expected).into());
            }
        };
        let schema = schema(id);
        Ok(Arc::new(TableOnDemand::new(Search { path, schema, table, query, k, metric, index })))
    }
}

fn metric(arguments: &Arguments<'_>) -> Result<Metric, SqlError> {
    match arguments.name(3, "metric")?.as_str() {
        "cosine" => Ok(Metric::Cosine),
        "l2" => Ok(Metric::L2),
        "inner_product" => Ok(Metric::InnerProduct),
        _ => Err(arguments.wrong(3, "metric", "'cosine', 'l2' or 'inner_product'")),
    }
}

#[derive(Debug)]
enum NearestQuery {
    /// The vector of this sample, which is not part of its own answer.
    Sample(IdArgument),
    Vector(Vec<f32>),
}

#[derive(Debug)]
struct Search {
    table: String,
    path: PathBuf,
    schema: SchemaRef,
    query: NearestQuery,
    k: usize,
    metric: Metric,
    index: Option<NearestIndex>,
}

impl Computation for Search {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn compute(&self) -> Result<RecordBatch, SqlError> {
        let file = EmbeddingFile::open(&self.path)?;
        let (query, own) = self.query(&file)?;
        let wanted = self.k.saturating_add(usize::from(own.is_some()));
        let hits = match &self.index {
            Some(index) => by_index(index, &query, wanted),
            None => self.exact(&file, &query, wanted)?,
        };
        let hits = nearest(hits, own, self.k, self.metric);

        let mut rows: Vec<u64> = hits.iter().map(|hit| hit.0).collect();
        rows.sort_unstable();
        let places = hits.iter().map(|hit| rows.partition_point(|&row| row < hit.0) as u64);
        let ids = take(&file.ids_of(&rows)?, &UInt64Array::from_iter_values(places), None)?;
        let ranks = UInt32Array::from_iter_values(1..=hits.len() as u32);
        let scores = Float32Array::from_iter_values(hits.iter().map(|hit| hit.1));
        let columns = vec![Arc::new(ranks) as _, ids, Arc::new(scores) as _];
        Ok(RecordBatch::try_new(self.schema(), columns)?)
    }
}

impl Search {
    fn exact(&self, file: &EmbeddingFile, query: &[f32], wanted: usize) -> Result<Vec<Hit>, SqlError> {
        // Row groups are searched in parallel and merged by score and row, whatever the order in which they finish.
        let search = |group| {
            let found = top_k(query, file.width(), file.blocks(group)?, wanted, self.metric)?;
            Ok::<_, SqlError>(found.into_iter().flatten().collect::<Vec<_>>())
        };
        let found: Vec<_> = (0..file.groups()).into_par_iter().map(search).collect();
        Ok(found.into_iter().collect::<Result<Vec<_>, _>>()?.concat())
    }

    /// The query's vector, and its row if it is a sample's.
    fn query(&self, file: &EmbeddingFile) -> Result<(Vec<f32>, Option<u64>), SqlError> {
        match &self.query {
            NearestQuery::Vector(vector) if vector.len() == file.width() => Ok((vector.clone(), None)),
            NearestQuery::Vector(vector) => Err(SqlError::Argument {
                function: FUNCTION,
                argument: "query",
                expected: format!("a vector of {} numbers, as in `{}`", file.width(), self.table),
                found: format!("one of {}", vector.len()),
            }),
            NearestQuery::Sample(id) => {
                let unknown = || SqlError::UnknownSample { table: self.table.clone(), id: id.to_string() };
                let row = file.row(id)?.ok_or_else(unknown)?;
                Ok((file.vector(row)?, Some(row)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use arrow::datatypes::{Float32Type, UInt32Type, UInt64Type};

    use super::super::query::query;
    use super::super::session::session;
    use super::*;
    use crate::fixture;
    use crate::store::Run;

    async fn ask(run: &Run, text: &str) -> Result<Vec<(u64, f32)>, SqlError> {
        let session = session(std::slice::from_ref(run)).await?;
        let batches = query(&session, text).await?.collect().await?;
        let mut rows = Vec::new();
        for batch in batches {
            let (rank, id) = (batch["rank"].as_primitive::<UInt32Type>(), batch["id"].as_primitive::<UInt64Type>());
            let score = batch["score"].as_primitive::<Float32Type>();
            for at in 0..batch.num_rows() {
                rows.push((id.value(at), score.value(at)));
                assert_eq!(rank.value(at) as usize, rows.len());
            }
        }
        Ok(rows)
    }

    fn small() -> (tempfile::TempDir, Run) {
        let folder = tempfile::tempdir().unwrap();
        let run = fixture::run(folder.path());
        fixture::embeddings(&run, &[(10, [1.0, 0.0]), (11, [3.0, 4.0]), (12, [-2.0, 0.0]), (13, [0.0, 5.0])]);
        (folder, run)
    }

    #[tokio::test]
    async fn every_metric_has_its_known_answer() {
        let (_folder, run) = small();
        for (call, expected) in [
            ("nearest(embeddings, 10, 3)", vec![(11, 0.6), (13, 0.0), (12, -1.0)]),
            ("nearest('embeddings', [-1, -0.0], 2, 'cosine')", vec![(12, 1.0), (13, 0.0)]),
            ("nearest(embeddings, [0.0, 4.0], 2, 'l2')", vec![(13, 1.0), (11, 3.0)]),
            ("nearest(embeddings, 12, 9, inner_product)", vec![(13, 0.0), (10, -2.0), (11, -6.0)]),
        ] {
            let text = format!("SELECT * FROM {call} ORDER BY rank");
            assert_eq!(ask(&run, &text).await.unwrap(), expected, "{call}");
        }
        let path = format!("SELECT * FROM nearest('{}', 13, 1)", run.embeddings().display());
        assert_eq!(ask(&run, &path).await.unwrap(), [(11, 0.8)]);
        let joined = "SELECT n.rank, n.id, n.score FROM nearest(embeddings, 13, 2) n JOIN embeddings e ON n.id = e.id
            WHERE e.embedding[1] > 2";
        assert_eq!(ask(&run, joined).await.unwrap(), [(11, 0.8)]);
    }

    #[tokio::test]
    async fn many_row_groups_agree_with_a_sorted_table() {
        let folder = tempfile::tempdir().unwrap();
        let run = fixture::run(folder.path());
        // Distances to the origin repeat, so that ties within and between row groups are decided by the row.
        let rows: Vec<(u64, [f32; 2])> =
            (0..40_000).map(|row| (99_999 - row, [(row * 7919 % 1000) as f32, 1.0])).collect();
        fixture::embeddings(&run, &rows);
        let mut sorted: Vec<_> = rows.iter().enumerate().collect();
        sorted.sort_by(|a, b| a.1.1[0].total_cmp(&b.1.1[0]).then(a.0.cmp(&b.0)));
        let expected: Vec<u64> = sorted.iter().take(100).map(|row| row.1.0).collect();
        let found = ask(&run, "SELECT * FROM nearest(embeddings, [0.0, 1.0], 100, 'l2') ORDER BY rank").await.unwrap();
        assert_eq!(found.iter().map(|hit| hit.0).collect::<Vec<_>>(), expected);
    }

    #[tokio::test]
    async fn an_index_is_used_unless_it_is_of_other_embeddings_or_all_are_asked_for() {
        use relata_data::seed::Purpose;
        use relata_graph::knn::InvertedFile;

        let (_folder, run) = small();
        // An index that knows of two rows only shows that it is used.
        let values = [1.0, 0.0, 0.6, 0.8, -1.0, 0.0, 0.0, 1.0];
        let index = InvertedFile::build(&values, 2, &[2, 3], &mut Purpose::NearestRows.stream(1, &[]));
        run.write_nearest_index(&index, &values).unwrap();
        let found = async |call: &str| ask(&run, &format!("SELECT * FROM {call} ORDER BY rank")).await.unwrap();
        assert_eq!(found("nearest(embeddings, 10, 3)").await, [(13, 0.0), (12, -1.0)]);
        for exact in ["nearest(embeddings, 10, 1, exact)", "nearest(embeddings, 10, 1, 'cosine', 'exact')"] {
            assert_eq!(found(exact).await, [(11, 0.6)], "{exact}");
        }
        assert_eq!(found("nearest(embeddings, [0.0, 4.0], 1, l2)").await, [(13, 1.0)]);
        fixture::embeddings(&run, &[(10, [1.0, 0.0]), (11, [3.0, 4.0])]);
        assert_eq!(found("nearest(embeddings, 10, 3)").await, [(11, 0.6)]);
    }

    #[tokio::test]
    async fn wrong_arguments_say_what_is_expected() {
        let (_folder, run) = small();
        for (call, expected) in [
            ("nearest(embeddings, 10)", "3 to 5"),
            ("nearest(embeddings, 10, 1, cosine, most)", "'exact'"),
            ("nearest(embeddings, 10, 0)", "from 1"),
            ("nearest(embeddings, 10, -1)", "from 1"),
            ("nearest(embeddings, 1.5, 1)", "an id, a vector"),
            ("nearest(embeddings, 'x', 1)", "no sample with the id x"),
            ("nearest(embeddings, 10, 1, 'cos')", "'l2'"),
            ("nearest(metrics, 10, 1)", "the tables are embeddings"),
            ("nearest(embeddings, 99, 1)", "no sample with the id 99"),
            ("nearest(embeddings, [1.0], 1)", "2 numbers"),
        ] {
            let error = ask(&run, &format!("SELECT * FROM {call}")).await.unwrap_err();
            assert!(!matches!(error, SqlError::Query(_)), "{call}: {error:?}");
            assert!(error.to_string().contains(expected), "{call}: {error}");
        }
    }
}
