//! Reader of edge files: rows of a file become canonical edges.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float32Array, RecordBatch, StringArray, UInt32Array, UInt64Array,
};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use relata_schemas::edges::EDGES;

use super::cells::Cells;
use super::ids::{Id, Ids};
use super::layout::Layout;
use super::skipped::Skipped;
use super::weights::Weights;
use crate::error::Result;

/// Canonical edges, and where in the file each of them stands.
#[derive(Debug)]
pub struct PlacedEdges {
    /// A batch of the table [`EDGES`].
    pub edges: RecordBatch,
    /// The row of the file, counted from 0, and the column of the second id, for each edge.
    pub places: Vec<(u64, Arc<str>)>,
    /// What was skipped among these edges.
    pub skipped: Skipped,
}

/// Reads batches of a file in its order.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) layout: Layout,
    pub(super) rel: String,
    pub(super) ids: Ids<'a>,
    pub(super) cells: Cells,
    pub(super) weights: Weights,
}

/// One edge of every row of a batch.
struct Side {
    src: Vec<Id>,
    dst: Vec<Id>,
    /// 1, or -1 for negatives.
    sign: f32,
    dst_column: Arc<str>,
}

impl Reader<'_> {
    /// The edges of the next batch.
    pub(super) fn convert(&mut self, batch: &RecordBatch) -> Result<PlacedEdges> {
        let Self { layout, rel: name, ids, cells, weights } = self;
        let rows = batch.num_rows();
        let column = |at: usize| (batch.column(at), batch.schema_ref().field(at).name().as_str());
        let weights = weights.read(cells, batch, layout, ids.settings)?;
        let sides = layout.edges.iter().map(|edge| {
            let (src, dst) = (ids.read(cells, batch, edge.src)?, ids.read(cells, batch, edge.dst)?);
            let sign = if edge.apart { -1.0 } else { 1.0 };
            Ok(Side { src, dst, sign, dst_column: column(edge.dst.id).1.into() })
        });
        let sides: Vec<Side> = sides.collect::<Result<_>>()?;
        let sure = match layout.confidence {
            Some(at) => cells.fractions(column(at), |_| true)?,
            None => vec![1.0; rows],
        };
        let rels = layout.rel.map(|at| cast(batch.column(at), &DataType::Utf8)).transpose()?;
        let rels = rels.as_ref().map(|rels| rels.as_string::<i32>());
        let rounds = match layout.round {
            Some(at) => cells.rounds(column(at))?,
            None => vec![0; rows],
        };
        let follows = layout.inferred.map(|at| batch.column(at).as_boolean());

        let capacity = rows * sides.len();
        let (mut src, mut dst) = (Vec::with_capacity(capacity), Vec::with_capacity(capacity));
        let (mut weight, mut confidence) = (Vec::with_capacity(capacity), Vec::with_capacity(capacity));
        let (mut rel, mut places) = (Vec::with_capacity(capacity), Vec::with_capacity(capacity));
        let (mut round, mut inferred) = (Vec::with_capacity(capacity), Vec::with_capacity(capacity));
        let mut skipped = Skipped::default();
        for (row, &sure) in sure.iter().enumerate() {
            for side in &sides {
                let (a, b) = match (side.src[row], side.dst[row]) {
                    (_, Id::Blank) | (Id::Blank, _) => continue,
                    (Id::Unknown, _) | (_, Id::Unknown) => {
                        skipped.unknown_ids += 1;
                        continue;
                    }
                    (Id::Sample(a), Id::Sample(b)) => (a, b),
                };
                if a == b {
                    if !ids.settings.skips_self() {
                        let hint = "Drop the row, since an edge joins two different samples; or skip such rows: \
                                    `.skip_self()`.";
                        let found = format!("the same sample twice ({a})");
                        return Err(cells.wrong(&side.dst_column, row, "two different samples", found, hint));
                    }
                    skipped.itself += 1;
                    continue;
                }
                let Some(w) = weights[row] else {
                    skipped.unsure += 1;
                    continue;
                };
                src.push(a.min(b));
                dst.push(a.max(b));
                weight.push(side.sign * w);
                confidence.push(sure as f32);
                round.push(rounds[row]);
                inferred.push(follows.is_some_and(|follows| follows.is_valid(row) && follows.value(row)));
                places.push((cells.row + row as u64, side.dst_column.clone()));
                rel.push(match rels {
                    Some(rels) if rels.is_valid(row) => rels.value(row),
                    _ => name.as_str(),
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
        cells.row += rows as u64;
        Ok(PlacedEdges { edges, places, skipped })
    }
}
