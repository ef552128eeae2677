//! Edge files in the conventions of neighbouring tools, read as canonical edges.

use std::path::Path;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use datafusion::prelude::{DataFrame, Expr};
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use relata_data::source::{Csv, IdLookup, in_file_order, json_lines, parquet, read_error};
use relata_data::{DataError, Session};

use self::cells::Cells;
use self::ends::Edge;
use self::ids::Ids;
use self::layout::{Layout, Strength};
use self::reader::Reader;
use self::training::{is_training, read_training};
use self::weights::Weights;
use crate::error::{GraphError, Result};

mod cells;
mod columns;
mod ends;
mod ids;
mod layout;
mod reader;
mod settings;
mod skipped;
mod suspects;
mod training;
mod weights;
mod words;

pub use self::reader::PlacedEdges;
pub use self::settings::{EdgeFile, edges};
pub use self::skipped::Skipped;

/// Batches of the table [`EDGES`](relata_schemas::edges::EDGES); the stream ends at its first error.
pub type EdgeStream<'a> = BoxStream<'a, Result<RecordBatch>>;

/// Streams the edges of a Parquet, CSV, TSV or JSON-lines file, in the order of the file, or those of a training file of
/// dedupe.
///
/// The columns, in any order, follow one of these conventions: `src,dst`, `source,target`, `lhs,rhs`, `id_l,id_r`,
/// `unique_id_l,unique_id_r` or `anchor,positive[,negative][,negative_1,..]`, the last of which is a positive edge and
/// one negative edge for each negative (numbered ones may be blank).
///
/// What a pair is worth is the product of its sign and its strength.
///
/// - The sign is a column `label`, `match`, `is_match`, `matched` or `clerical_match_score`, or the one that
///   [`EdgeFile::signs`] names: `match`, `yes`, `true`, `1`, `same`, `duplicate`, `positive`; `distinct`, `no`, `false`,
///   `0`, `different`, `non-duplicate`, `negative`; or `unsure`, `unknown` or blank, which is skipped. Fractions of
///   `clerical_match_score` are probabilities.
/// - The strength is a column `weight` in [-1, 1] without 0, or the one that [`EdgeFile::weights`] names; or a
///   probability p in `match_probability`, `probability` or `p`, which becomes 2p - 1 (one half is unknown and skipped),
///   or p by [`EdgeFile::probabilities_as_weights`]; or a column `match_weight` w alone, whose probability is
///   2^w / (1 + 2^w). Without any of them it is 1.
///
/// A sign that contradicts the sign of the strength is refused. Weights beside signs hold signs themselves as soon as one
/// of them is below 0.
///
/// Optional everywhere: `rel` (text or number; the name of the file without its extension by default), `confidence` (1
/// by default), `round` (an integer, 0 by default: a later round may overrule an earlier one) and `inferred` (a boolean).
/// Other columns are passed over, unless they might be signs or strengths: such are refused until
/// [`EdgeFile::ignoring`] names them.
///
/// Ids are those of the dataset behind `ids`, text or numbers; without a dataset they are integers from 0. Refused,
/// with file, column and row: unknown, missing or negative ids, an edge from a sample to itself, weights outside
/// [-1, 1] or 0, confidences and probabilities outside [0, 1], words that are not understood, and ids of several sources
/// without [`EdgeFile::source_separator`]; and files without rows or of no known convention.
pub async fn read_edges<'a>(
    edges: &'a EdgeFile,
    session: &Session,
    ids: Option<&'a IdLookup>,
) -> Result<EdgeStream<'a>> {
    Ok(read_placed_edges(edges, session, ids).await?.map_ok(|placed| placed.edges).boxed())
}

/// As [`read_edges`], with the place of every edge and what was skipped, for whoever has something to say about it.
pub async fn read_placed_edges<'a>(
    edges: &'a EdgeFile,
    session: &Session,
    ids: Option<&'a IdLookup>,
) -> Result<BoxStream<'a, Result<PlacedEdges>>> {
    let file = edges.path().display().to_string();
    let ids = Ids { lookup: ids, settings: edges };
    let stem = edges.path().file_stem();
    let rel = stem.map_or_else(|| "edges".to_owned(), |stem| stem.to_string_lossy().into_owned());
    let reader = |layout| {
        let (weights, cells) = (Weights::default(), Cells { file: file.clone(), row: 0 });
        Reader { layout, rel: rel.clone(), ids, cells, weights }
    };
    if extension(edges.path()) == "json" && is_training(edges.path()) {
        let lists = read_training(edges)?;
        if lists.iter().all(|pairs| pairs.ids.num_rows() == 0) {
            return Err(empty(file));
        }
        let read = lists.into_iter().map(|pairs| {
            let edge = vec![Edge::between(0, 1, pairs.apart)];
            let (signs, rel, confidence, round, inferred) = (None, None, None, None, None);
            let layout = Layout { edges: edge, signs, strength: Strength::One, rel, confidence, round, inferred };
            reader(layout).convert(&pairs.ids)
        });
        let read: Vec<_> = read.collect();
        return Ok(until_error(stream::iter(read)));
    }

    let table = open(edges, session, &ids).await.map_err(|error| match error {
        GraphError::Data(DataError::Empty { .. }) => empty(file.clone()),
        other => other,
    })?;
    let wanted = Layout::of(&file, table.schema().as_arrow(), edges)?.columns();
    let wanted = table.schema().columns().into_iter().enumerate().filter(|(at, _)| wanted.contains(at));
    let wanted: Vec<Expr> = wanted.map(|(_, column)| Expr::Column(column)).collect();
    let table = table.select(wanted)?;
    let mut reader = reader(Layout::of(&file, table.schema().as_arrow(), edges)?);
    let mut rows = relata_data::query::stream(table).await.map_err(|error| read_error(&file, error))?;
    let first = loop {
        match rows.next().await {
            Some(Ok(batch)) if batch.num_rows() == 0 => {}
            Some(batch) => break batch,
            None => return Err(empty(file)),
        }
    };
    let read = stream::iter([first]).chain(rows).map(move |batch| {
        let batch = batch.map_err(|error| read_error(&reader.cells.file, error))?;
        reader.convert(&batch)
    });
    Ok(until_error(read))
}

fn empty(file: String) -> GraphError {
    GraphError::EmptyEdges { file, hint: "Write at least one edge, or leave the file out." }
}

fn until_error<'a>(
    edges: impl stream::Stream<Item = Result<PlacedEdges>> + Send + 'a,
) -> BoxStream<'a, Result<PlacedEdges>> {
    let mut failed = false;
    let until_error = edges.take_while(move |batch| {
        let go_on = !failed;
        failed = batch.is_err();
        std::future::ready(go_on)
    });
    until_error.boxed()
}

fn extension(path: &Path) -> String {
    path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default()
}

/// The file as a table, by its extension.
async fn open(edges: &EdgeFile, session: &Session, ids: &Ids<'_>) -> Result<DataFrame> {
    let path = edges.path();
    let session = in_file_order(session);
    let csv = match extension(path).as_str() {
        "parquet" | "pq" => return Ok(parquet(path).table(&session).await?),
        "jsonl" | "ndjson" | "json" => return Ok(json_lines(path).table(&session).await?),
        "csv" => Csv::at(path),
        "tsv" => Csv::new(path, '\t'),
        other => {
            let error = DataError::Unreadable {
                path: path.to_path_buf(),
                expected: "a file of edges that ends in .parquet, .csv, .tsv or .jsonl".to_owned(),
                found: if other.is_empty() { "no extension".to_owned() } else { format!(".{other}") },
                hint: "Give the file the extension of its format.".to_owned(),
            };
            return Err(error.into());
        }
    };
    // Ids that are text must not be taken for numbers, or `007` becomes `7`, nor words of signs for booleans.
    let text = |schema: &Schema| -> Result<Vec<String>> {
        let layout = Layout::of(&path.display().to_string(), schema, edges)?;
        let as_text = |edge: &Edge| ids.is_text() || edge.src.source.is_some();
        let text = layout.edges.iter().filter(|edge| as_text(edge)).flat_map(Edge::columns);
        Ok(text.chain(layout.signs.map(|signs| signs.at)).map(|at| schema.field(at).name().clone()).collect())
    };
    csv.table_with_text(&session, text).await
}

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_answers;
#[cfg(test)]
mod tests_ids;
