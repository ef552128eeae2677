//! Edge files in the conventions of neighbouring tools, read as canonical edges.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float32Array, RecordBatch, StringArray, UInt32Array, UInt64Array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, UInt32Type, UInt64Type};
use arrow::util::display::array_value_to_string;
use datafusion::prelude::Expr;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use relata_schemas::SchemaError;
use relata_schemas::edges::{EDGES, check_weight};

use self::layout::{ID_COLUMNS, Layout, Weight};
use crate::error::{GraphError, Result};
use relata_data::source::{Csv, Dataset, IdLookup, in_file_order, json_lines, parquet, read_error};
use relata_data::{DataError, Session};

mod layout;

/// Batches of the table [`EDGES`]; the stream ends at its first error.
pub type EdgeStream<'a> = BoxStream<'a, Result<RecordBatch>>;

/// Canonical edges, and where in the file each of them stands.
#[derive(Debug)]
pub struct PlacedEdges {
    /// A batch of the table [`EDGES`].
    pub edges: RecordBatch,
    /// The row of the file, counted from 0, and the column of the second id, for each edge.
    pub places: Vec<(u64, Arc<str>)>,
}

/// Streams the edges of a Parquet, CSV, TSV or JSON-lines file, in the order of the file.
///
/// The columns, in any order and beside any others, follow one of these conventions: `src,dst`, `source,target` or
/// `lhs,rhs`, each with an optional `weight` (1 by default); `id_l,id_r` or `unique_id_l,unique_id_r` with
/// `match_probability` p, which becomes the weight 2 p - 1 (rows with p = 0.5 are unknown and left out); or
/// `anchor,positive[,negative]`, which is an edge of weight 1 and one of weight -1, or of `weight` and its negative.
/// Optional everywhere: `rel` (text or number; the name of the file without its extension by default), `confidence` (1
/// by default), `round` (an integer, 0 by default: a later round may overrule an earlier one) and `inferred` (a boolean).
///
/// Ids are those of the dataset behind `ids`, text or numbers; without a dataset they are integers from 0. Refused,
/// with file, column and row: unknown, missing or negative ids, an edge from a sample to itself, weights outside
/// [-1, 1] or 0, confidences and probabilities outside [0, 1]; and files without rows or of no known convention.
pub async fn read_edges<'a>(path: &Path, session: &Session, ids: Option<&'a IdLookup>) -> Result<EdgeStream<'a>> {
    Ok(read_placed_edges(path, session, ids).await?.map_ok(|placed| placed.edges).boxed())
}

/// As [`read_edges`], with the place of every edge, for whoever has something to say about it.
pub async fn read_placed_edges<'a>(
    path: &Path,
    session: &Session,
    ids: Option<&'a IdLookup>,
) -> Result<BoxStream<'a, Result<PlacedEdges>>> {
    let file = path.display().to_string();
    let table = open(path, ids)?.table(&in_file_order(session)).await?;
    let whole = table.schema().as_arrow();
    let wanted = columns(&Layout::of(&file, whole)?);
    let wanted = table.schema().columns().into_iter().enumerate().filter(|(at, _)| wanted.contains(at));
    let wanted: Vec<Expr> = wanted.map(|(_, column)| Expr::Column(column)).collect();
    let table = table.select(wanted)?;
    let layout = Layout::of(&file, table.schema().as_arrow())?;

    let mut rows = relata_data::query::stream(table).await.map_err(|error| read_error(&file, error))?;
    let first = loop {
        match rows.next().await {
            Some(Ok(batch)) if batch.num_rows() == 0 => {}
            Some(batch) => break batch,
            None => {
                let hint = "Write at least one edge, or leave the file out.";
                return Err(GraphError::EmptyEdges { file, hint });
            }
        }
    };
    let rel = path.file_stem().map_or_else(|| "edges".to_owned(), |stem| stem.to_string_lossy().into_owned());
    let mut reader = Reader { file, layout, rel, ids, row: 0 };
    let mut failed = false;
    let edges = stream::iter([first]).chain(rows).map(move |batch| {
        let batch = batch.map_err(|error| read_error(&reader.file, error))?;
        reader.convert(&batch)
    });
    let until_error = edges.take_while(move |batch| {
        let go_on = !failed;
        failed = batch.is_err();
        std::future::ready(go_on)
    });
    Ok(until_error.boxed())
}

/// The file as a table, by its extension; ids that are text must not be taken for numbers, or `007` becomes `7`.
fn open(path: &Path, ids: Option<&IdLookup>) -> Result<Dataset> {
    let text = |delimiter| match ids.is_some_and(IdLookup::is_text) {
        true => Csv::new(path, delimiter).with_text(ID_COLUMNS.iter().copied()).into(),
        false => Csv::new(path, delimiter).into(),
    };
    let extension = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    match extension.as_str() {
        "parquet" | "pq" => Ok(parquet(path)),
        "csv" => Ok(text(',')),
        "tsv" => Ok(text('\t')),
        "jsonl" | "ndjson" | "json" => Ok(json_lines(path)),
        other => Err(DataError::Unreadable {
            path: path.to_path_buf(),
            expected: "a file of edges that ends in .parquet, .csv, .tsv or .jsonl".to_owned(),
            found: if other.is_empty() { "no extension".to_owned() } else { format!(".{other}") },
            hint: "Give the file the extension of its format.".to_owned(),
        }
        .into()),
    }
}

/// The positions of all columns that a layout reads.
fn columns(layout: &Layout) -> Vec<usize> {
    let optional = [layout.rel, layout.confidence, layout.round, layout.inferred];
    let mut columns: Vec<usize> = optional.into_iter().flatten().collect();
    for &(src, dst, weight) in &layout.edges {
        columns.extend([src, dst]);
        match weight {
            Weight::Column(at) | Weight::Negated(at) | Weight::Probability(at) => columns.push(at),
            Weight::Fixed(_) => {}
        }
    }
    columns
}

struct Reader<'a> {
    file: String,
    layout: Layout,
    rel: String,
    ids: Option<&'a IdLookup>,
    /// Rows of the file read so far.
    row: u64,
}

/// One edge of every row of a batch.
struct Side {
    src: Vec<u64>,
    dst: Vec<u64>,
    /// NaN-free; absent where the pair is unknown.
    weight: Vec<Option<f32>>,
    dst_column: Arc<str>,
}

impl Reader<'_> {
    fn convert(&mut self, batch: &RecordBatch) -> Result<PlacedEdges> {
        let rows = batch.num_rows();
        let sides: Vec<Side> = self.layout.edges.iter().map(|edge| self.side(batch, edge)).collect::<Result<_>>()?;
        let sure = match self.layout.confidence {
            Some(at) => self.fractions(batch, at)?,
            None => vec![1.0; rows],
        };
        let rels = self.layout.rel.map(|at| cast(batch.column(at), &DataType::Utf8)).transpose()?;
        let rels = rels.as_ref().map(|rels| rels.as_string::<i32>());

        let rounds = match self.layout.round {
            Some(at) => self.rounds(batch, at)?,
            None => vec![0; rows],
        };
        let follows = self.layout.inferred.map(|at| batch.column(at).as_boolean());

        let capacity = rows * sides.len();
        let (mut src, mut dst) = (Vec::with_capacity(capacity), Vec::with_capacity(capacity));
        let (mut weight, mut confidence) = (Vec::with_capacity(capacity), Vec::with_capacity(capacity));
        let (mut rel, mut places) = (Vec::with_capacity(capacity), Vec::with_capacity(capacity));
        let (mut round, mut inferred) = (Vec::with_capacity(capacity), Vec::with_capacity(capacity));
        for (row, &sure) in sure.iter().enumerate() {
            for side in &sides {
                let (a, b) = (side.src[row], side.dst[row]);
                if a == b {
                    let hint = "Drop the row: an edge joins two different samples.";
                    let found = format!("the same sample twice ({a})");
                    return Err(self.wrong(&side.dst_column, row, "two different samples", found, hint));
                }
                let Some(w) = side.weight[row] else { continue };
                src.push(a.min(b));
                dst.push(a.max(b));
                weight.push(w);
                confidence.push(sure as f32);
                round.push(rounds[row]);
                inferred.push(follows.is_some_and(|follows| follows.is_valid(row) && follows.value(row)));
                places.push((self.row + row as u64, side.dst_column.clone()));
                rel.push(match rels {
                    Some(rels) if rels.is_valid(row) => rels.value(row),
                    _ => self.rel.as_str(),
                });
            }
        }
        let columns: Vec<ArrayRef> = vec![
            Arc::new(UInt64Array::from(src)),
            Arc::new(UInt64Array::from(dst)),
            Arc::new(Float32Array::from(weight)),
            Arc::new(StringArray::from(rel)),
            Arc::new(Float32Array::from(confidence)),
            Arc::new(UInt32Array::from(round)),
            Arc::new(BooleanArray::from(inferred)),
        ];
        let edges = RecordBatch::try_new(EDGES.schema(), columns)?;
        self.row += rows as u64;
        Ok(PlacedEdges { edges, places })
    }

    fn side(&self, batch: &RecordBatch, &(src, dst, weight): &(usize, usize, Weight)) -> Result<Side> {
        let weight = match weight {
            Weight::Fixed(weight) => vec![Some(weight); batch.num_rows()],
            Weight::Column(at) | Weight::Negated(at) => {
                let sign = if matches!(weight, Weight::Negated(_)) { -1.0 } else { 1.0 };
                let numbers = self.numbers(batch, at)?;
                let name = batch.schema_ref().field(at).name();
                let checked = numbers.iter().enumerate().map(|(row, &number)| {
                    let at_row = |error: SchemaError| error.at_row(self.row + row as u64);
                    check_weight(&self.file, name, number as f32).map_err(at_row)?;
                    Ok(Some(sign * number as f32))
                });
                checked.collect::<Result<_>>()?
            }
            Weight::Probability(at) => {
                let weights = self.fractions(batch, at)?.into_iter().map(|p| (2.0 * p - 1.0) as f32);
                weights.map(|weight| (weight != 0.0).then_some(weight)).collect()
            }
        };
        let dst_column = batch.schema_ref().field(dst).name().as_str().into();
        Ok(Side { src: self.samples(batch, src)?, dst: self.samples(batch, dst)?, weight, dst_column })
    }

    /// The samples that a column of ids names.
    fn samples(&self, batch: &RecordBatch, at: usize) -> Result<Vec<u64>> {
        let column = batch.column(at);
        let name = batch.schema_ref().field(at).name();
        self.refuse_null(column, name, "an id")?;
        let integers = match column.data_type() {
            DataType::Dictionary(_, values) => values.is_integer(),
            other => other.is_integer(),
        };
        if integers && !self.ids.is_some_and(IdLookup::is_text) {
            let numbers = cast(column, &DataType::UInt64)?;
            self.refuse_uncast(column, &numbers, name, "an integer from 0")?;
            let numbers = numbers.as_primitive::<UInt64Type>().values().to_vec();
            if let Some(ids) = self.ids
                && let Some(row) = numbers.iter().position(|&id| ids.number(id).is_none())
            {
                return Err(self.unknown(name, row, numbers[row].to_string()));
            }
            return Ok(numbers);
        }
        let texts = cast(column, &DataType::Utf8)?;
        // Bytes may be no text, and the values of a dictionary may be null.
        self.refuse_uncast(column, &texts, name, "an id")?;
        let texts = texts.as_string::<i32>().iter().flatten().enumerate();
        let found = texts.map(|(row, text)| match self.ids {
            Some(ids) => ids.text(text).map(u64::from).ok_or_else(|| self.unknown(name, row, text.to_owned())),
            None => text.parse().map_err(|_| {
                let hint = "Ids that are text need a dataset whose ids they are.";
                self.wrong(name, row, "an integer from 0", format!("`{text}`"), hint)
            }),
        });
        found.collect()
    }

    /// A column of numbers in [0, 1].
    fn fractions(&self, batch: &RecordBatch, at: usize) -> Result<Vec<f64>> {
        let numbers = self.numbers(batch, at)?;
        match numbers.iter().position(|number| !(0.0..=1.0).contains(number)) {
            None => Ok(numbers),
            Some(row) => {
                let name = batch.schema_ref().field(at).name();
                Err(self.wrong(name, row, "a number in [0, 1]", numbers[row].to_string(), "Scale it to a probability."))
            }
        }
    }

    /// A column of numbers of rounds.
    fn rounds(&self, batch: &RecordBatch, at: usize) -> Result<Vec<u32>> {
        let column = batch.column(at);
        let name = batch.schema_ref().field(at).name();
        self.refuse_null(column, name, "an integer from 0")?;
        let rounds = cast(column, &DataType::UInt32)?;
        self.refuse_uncast(column, &rounds, name, "an integer from 0")?;
        Ok(rounds.as_primitive::<UInt32Type>().values().to_vec())
    }

    fn numbers(&self, batch: &RecordBatch, at: usize) -> Result<Vec<f64>> {
        let column = batch.column(at);
        let name = batch.schema_ref().field(at).name();
        self.refuse_null(column, name, "a number")?;
        let numbers = cast(column, &DataType::Float64)?;
        self.refuse_uncast(column, &numbers, name, "a number")?;
        Ok(numbers.as_primitive::<Float64Type>().values().to_vec())
    }

    fn refuse_null(&self, column: &ArrayRef, name: &str, expected: &str) -> Result<()> {
        match (0..column.len()).find(|&row| column.is_null(row)) {
            None => Ok(()),
            Some(row) => Err(self.wrong(name, row, expected, "null".to_owned(), "Fill the value in or drop the row.")),
        }
    }

    /// Refuses the first value that a cast turned into null.
    fn refuse_uncast(&self, column: &ArrayRef, cast: &ArrayRef, name: &str, expected: &str) -> Result<()> {
        match (0..cast.len()).find(|&row| cast.is_null(row)) {
            None => Ok(()),
            Some(row) => {
                let found = format!("`{}`", array_value_to_string(column, row)?);
                Err(self.wrong(name, row, expected, found, "Correct the value or drop the row."))
            }
        }
    }

    fn unknown(&self, column: &str, row: usize, id: String) -> GraphError {
        GraphError::UnknownId { table: self.file.clone(), column: column.to_owned(), row: self.row + row as u64, id }
    }

    fn wrong(&self, column: &str, row: usize, expected: &str, found: String, hint: &str) -> GraphError {
        SchemaError::column(&self.file, column, expected, found, hint).at_row(self.row + row as u64).into()
    }
}

#[cfg(test)]
mod tests;
