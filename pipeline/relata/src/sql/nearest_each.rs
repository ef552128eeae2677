//! The join form of `nearest`: the nearest rows of every row of another table.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float32Array, RecordBatch, UInt32Array, UInt64Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use rayon::prelude::*;
use relata_graph::knn::{Metric, NearestIndex, top_k};

use super::computed::Computation;
use super::embedding_file::EmbeddingFile;
use super::error::SqlError;
use super::hits::{Hit, by_index, nearest};

/// A search for every row of a table of queries.
#[derive(Debug)]
pub(super) struct SearchEach {
    /// The function, for errors.
    pub function: &'static str,
    /// The tables by the names that the query gives them.
    pub names: [String; 2],
    pub embeddings: PathBuf,
    pub queries: PathBuf,
    pub schema: SchemaRef,
    pub k: usize,
    pub metric: Metric,
    /// The index of the embeddings, if it is to be used.
    pub index: Option<NearestIndex>,
}

/// The schema of an answer: `query` is the id of the row that was searched for.
pub(super) fn schema(query: DataType, id: DataType) -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("query", query, false),
        Field::new("rank", DataType::UInt32, false),
        Field::new("id", id, false),
        Field::new("score", DataType::Float32, false),
    ]))
}

impl Computation for SearchEach {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn compute(&self) -> Result<RecordBatch, SqlError> {
        let (file, queries) = (EmbeddingFile::open(&self.embeddings)?, EmbeddingFile::open(&self.queries)?);
        if file.width() != queries.width() {
            return Err(SqlError::Argument {
                function: self.function,
                argument: "query",
                expected: format!("a table of vectors of {} numbers, as in `{}`", file.width(), self.names[0]),
                found: format!("`{}`, with vectors of {}", self.names[1], queries.width()),
            });
        }
        let is_own = self.embeddings == self.queries;
        let (mut query_rows, mut ranks, mut rows, mut scores) = (vec![], vec![], vec![], vec![]);
        for group in 0..queries.groups() {
            for block in queries.blocks(group)? {
                let (first, vectors) = block?;
                for (query, hits) in (first..).zip(self.hits(&file, &vectors)?) {
                    let hits = nearest(hits, is_own.then_some(query), self.k, self.metric);
                    for (rank, (row, score)) in (1u32..).zip(hits) {
                        query_rows.push(query);
                        ranks.push(rank);
                        rows.push(row);
                        scores.push(score);
                    }
                }
            }
        }
        let columns: Vec<ArrayRef> = vec![
            ids(&queries, &query_rows)?,
            Arc::new(UInt32Array::from(ranks)),
            ids(&file, &rows)?,
            Arc::new(Float32Array::from(scores)),
        ];
        Ok(RecordBatch::try_new(self.schema(), columns)?)
    }
}

impl SearchEach {
    /// The nearest rows of each vector from every row group, which are searched in parallel.
    fn hits(&self, file: &EmbeddingFile, vectors: &[f32]) -> Result<Vec<Vec<Hit>>, SqlError> {
        // One more than asked for, since a row is not its own neighbour.
        let wanted = self.k.saturating_add(1);
        if let Some(index) = &self.index {
            return Ok(vectors.par_chunks(file.width()).map(|vector| by_index(index, vector, wanted)).collect());
        }
        let search = |group| top_k(vectors, file.width(), file.blocks(group)?, wanted, self.metric);
        let groups: Vec<_> = (0..file.groups()).into_par_iter().map(search).collect();
        let mut all = vec![vec![]; vectors.len() / file.width()];
        for group in groups {
            for (all, hits) in all.iter_mut().zip(group?) {
                all.extend(hits);
            }
        }
        Ok(all)
    }
}

/// The ids of rows in any order.
fn ids(file: &EmbeddingFile, rows: &[u64]) -> Result<ArrayRef, SqlError> {
    let mut sorted = rows.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let places = rows.iter().map(|&row| sorted.partition_point(|&other| other < row) as u64);
    Ok(take(&file.ids_of(&sorted)?, &UInt64Array::from_iter_values(places), None)?)
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

    async fn ask(runs: &[Run], text: &str) -> Result<Vec<(u64, u32, u64, f32)>, SqlError> {
        let batches = query(&session(runs).await?, text).await?.collect().await?;
        let row = |batch: &RecordBatch, at: usize| {
            let id = |name: &str| batch[name].as_primitive::<UInt64Type>().value(at);
            let rank = batch["rank"].as_primitive::<UInt32Type>().value(at);
            (id("query"), rank, id("id"), batch["score"].as_primitive::<Float32Type>().value(at))
        };
        Ok(batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |at| row(batch, at))).collect())
    }

    #[tokio::test]
    async fn every_row_of_a_table_is_searched_for() {
        let folder = tempfile::tempdir().unwrap();
        let runs = ["a", "b", "c"].map(|name| fixture::run(&folder.path().join(name)));
        fixture::embeddings(&runs[0], &[(10, [1.0, 0.0]), (11, [3.0, 4.0]), (12, [-2.0, 0.0])]);
        fixture::embeddings(&runs[1], &[(7, [0.0, 1.0]), (10, [2.0, 0.0])]);
        fixture::embeddings(&runs[2], &[(1, [1.0])]);
        let own = "SELECT * FROM nearest(embeddings, embeddings, 1) ORDER BY query, rank";
        assert_eq!(ask(&runs, own).await.unwrap(), [(10, 1, 11, 0.6), (11, 1, 10, 0.6), (12, 1, 11, -0.6)]);
        let others = "SELECT * FROM nearest(embeddings, b.embeddings, 2, l2) ORDER BY query, rank";
        let expected = [(7, 1, 10, 2f32.sqrt()), (7, 2, 12, 5f32.sqrt()), (10, 1, 10, 1.0), (10, 2, 12, 4.0)];
        assert_eq!(ask(&runs, others).await.unwrap(), expected);
        let file = format!("SELECT * FROM nearest(embeddings, \"{}\", 1)", runs[1].embeddings().display());
        assert_eq!(ask(&runs, &file).await.unwrap().len(), 2);
        let error = ask(&runs, "SELECT * FROM nearest(embeddings, c.embeddings, 1)").await.unwrap_err().to_string();
        assert!(
            error.contains("vectors of 2 numbers") && error.contains("`c.embeddings`, with vectors of 1"),
            "{error}"
        );
        let error = ask(&runs, "SELECT * FROM nearest(embeddings, nowhere, 1)").await.unwrap_err();
        assert!(matches!(error, SqlError::UnknownTable { .. }), "{error}");
    }
}
