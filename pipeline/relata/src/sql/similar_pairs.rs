//! Similar pairs: the table function `similar_pairs([embeddings,] similarity)`, an exact search.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{Float32Array, RecordBatch, UInt64Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::error::DataFusionError;
use relata_graph::knn::{Metric, top_k};

use super::arguments::Arguments;
use super::catalogue::Catalogue;
use super::computed::{Computation, TableOnDemand};
use super::embedding_file::EmbeddingFile;
use super::error::SqlError;

const FUNCTION: &str = "similar_pairs([embeddings,] similarity)";
/// Rows that are searched for, and searched among, at once.
const BLOCK: usize = 4096;
/// Nearest rows that are looked at first; as long as the last of them is similar enough, [`MORE`] times as many.
const FIRST: usize = 16;
const MORE: usize = 8;
/// Pairs of an answer.
const MOST_PAIRS: usize = 20_000_000;

/// The table function. Its table has the columns `src` and `dst`, two rows of a table of embeddings, and `similarity`, the
/// cosine of their vectors, which is at least what was asked for; each pair is there once.
#[derive(Debug)]
pub(super) struct SimilarPairs(pub Arc<Catalogue>);

impl TableFunctionImpl for SimilarPairs {
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>, DataFusionError> {
        let arguments = Arguments::new(FUNCTION, args.exprs(), 1, 2)?;
        let last = arguments.len() - 1;
        let table = if last == 0 { "embeddings".to_owned() } else { arguments.name(0, "embeddings")? };
        let similarity = arguments.number(last).filter(|at| (-1.0..=1.0).contains(at));
        let expected = "a number from -1 to 1, such as 0.9";
        let similarity = similarity.ok_or_else(|| arguments.wrong(last, "similarity", expected))? as f32;
        let path = self.0.file(&table)?;
        let id = EmbeddingFile::open(&path)?.id_type();
        Ok(Arc::new(TableOnDemand::new(Search { path, schema: schema(id), similarity })))
    }
}

fn schema(id: DataType) -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("src", id.clone(), false),
        Field::new("dst", id, false),
        Field::new("similarity", DataType::Float32, false),
    ]))
}

#[derive(Debug)]
struct Search {
    path: PathBuf,
    schema: SchemaRef,
    similarity: f32,
}

impl Computation for Search {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn compute(&self) -> Result<RecordBatch, SqlError> {
        let file = EmbeddingFile::open(&self.path)?;
        let mut vectors = Vec::new();
        for group in 0..file.groups() {
            for block in file.blocks(group)? {
                vectors.extend_from_slice(&block?.1);
            }
        }
        let pairs = similar(&vectors, file.width(), self.similarity).ok_or_else(|| SqlError::Argument {
            function: FUNCTION,
            argument: "similarity",
            expected: format!("one that at most {MOST_PAIRS} pairs reach"),
            found: format!("{}, which more do: ask for more similarity", self.similarity),
        })?;
        let rows: Vec<u64> = (0..(vectors.len() / file.width()) as u64).collect();
        let ids = file.ids_of(&rows)?;
        let of =
            |row: fn(&(u64, u64, f32)) -> u64| take(&ids, &UInt64Array::from_iter_values(pairs.iter().map(row)), None);
        let similarity = Float32Array::from_iter_values(pairs.iter().map(|pair| pair.2));
        let columns = vec![of(|pair| pair.0)?, of(|pair| pair.1)?, Arc::new(similarity) as _];
        Ok(RecordBatch::try_new(self.schema(), columns)?)
    }
}

/// The pairs of rows whose vectors have at least this cosine, the smaller row first, ascending; nothing if they are too many.
fn similar(vectors: &[f32], width: usize, least: f32) -> Option<Vec<(u64, u64, f32)>> {
    let rows = vectors.len() / width;
    let (mut open, mut found): (Vec<u64>, Vec<(u64, u64, f32)>) = ((0..rows as u64).collect(), Vec::new());
    let mut k = FIRST;
    while !open.is_empty() {
        let mut unfinished = Vec::new();
        // Fewer at once where each has many neighbours.
        for queries in open.chunks((BLOCK * FIRST / k).max(1)) {
            let query = |&row: &u64| &vectors[row as usize * width..][..width];
            let wanted: Vec<f32> = queries.iter().flat_map(query).copied().collect();
            let blocks = vectors.chunks(BLOCK * width).zip((0..).step_by(BLOCK));
            let blocks = blocks.map(|(block, first)| Ok::<_, Infallible>((first as u64, block)));
            let Ok(near) = top_k(&wanted, width, blocks, k, Metric::Cosine);
            for (&row, near) in queries.iter().zip(near) {
                if k < rows && near.last().is_some_and(|last| last.1 >= least) {
                    unfinished.push(row);
                    continue;
                }
                let others = near.into_iter().filter(|&(other, similarity)| other > row && similarity >= least);
                found.extend(others.map(|(other, similarity)| (row, other, similarity)));
                if found.len() > MOST_PAIRS {
                    return None;
                }
            }
        }
        (open, k) = (unfinished, k.saturating_mul(MORE).min(rows));
    }
    found.sort_unstable_by_key(|&(a, b, _)| (a, b));
    Some(found)
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use arrow::datatypes::{Float32Type, UInt64Type};

    use super::super::query::query;
    use super::super::session::session;
    use super::*;
    use crate::fixture;

    #[test]
    fn all_pairs_are_found_however_many_a_row_has() {
        let angle = |row: usize| (row % 7) as f32 * 0.4 + (row / 7) as f32 * 1e-3;
        let vectors: Vec<f32> = (0..300).flat_map(|row| [angle(row).cos(), angle(row).sin()]).collect();
        let cosine = |a: usize, b: usize| (angle(a) - angle(b)).cos();
        let near = |least: f32| {
            (0..300).flat_map(move |a| (a + 1..300).map(move |b| (a, b))).filter(move |&(a, b)| cosine(a, b) >= least)
        };
        let expected: Vec<(u64, u64)> = near(0.99).map(|(a, b)| (a as u64, b as u64)).collect();
        let found: Vec<(u64, u64)> = similar(&vectors, 2, 0.99).unwrap().iter().map(|pair| (pair.0, pair.1)).collect();
        assert!(found == expected && expected.len() > 300 * FIRST, "{} {}", found.len(), expected.len());
    }

    #[tokio::test]
    async fn pairs_above_a_similarity_are_a_table() {
        let folder = tempfile::tempdir().unwrap();
        let runs = [fixture::run(folder.path())];
        fixture::embeddings(&runs[0], &[(10, [1.0, 0.0]), (11, [3.0, 4.0]), (12, [6.0, 8.0]), (13, [-1.0, 0.0])]);
        let batches = query(&session(&runs).await.unwrap(), "SELECT * FROM similar_pairs(0.9)").await.unwrap();
        let batches = batches.collect().await.unwrap();
        let ids = |name: &str| batches[0][name].as_primitive::<UInt64Type>().values().to_vec();
        assert_eq!((ids("src"), ids("dst")), (vec![11], vec![12]));
        assert!(batches[0]["similarity"].as_primitive::<Float32Type>().value(0) > 0.999);
        let more = query(&session(&runs).await.unwrap(), "SELECT * FROM similar_pairs(embeddings, 0.5)").await.unwrap();
        assert_eq!(more.collect().await.unwrap().iter().map(RecordBatch::num_rows).sum::<usize>(), 3);
        let refused = query(&session(&runs).await.unwrap(), "SELECT * FROM similar_pairs(2)").await.unwrap_err();
        assert!(refused.to_string().contains("from -1 to 1"), "{refused}");
    }
}
