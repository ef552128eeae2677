//! Tables of a decision: `pairs.parquet` and `entities.parquet`.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float32Array, Float64Array, ListBuilder, RecordBatch, StringBuilder, UInt32Array,
    UInt64Array,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use relata_data::DataError;
use relata_data::index::Row;
use relata_data::sink::ParquetSink;
use relata_data::source::Samples;
use relata_decide::entities::{Evidence, ScoredPair};
use relata_schemas::entities::ENTITIES;
use relata_schemas::pairs::PAIRS;

use super::scored_pairs::ScoredPairs;
use crate::error::Result;
use crate::store::{Artifact, Run};

/// Rows that are written at once.
const BLOCK: usize = 1 << 16;

/// Writes the table of candidate pairs.
pub(super) fn write_pairs(
    run: &Run,
    samples: &Samples,
    scored: &ScoredPairs,
    probabilities: &[f64],
    known: &[Option<bool>],
) -> Result<()> {
    let mut names: Vec<String> = scored.linkage.comparators(0..0).into_iter().map(|(name, _)| name).collect();
    let terms = scored.linkage.term_names();
    names.extend(terms.iter().map(|name| format!("weight.{name}")));
    let mut fields: Vec<_> = PAIRS.schema().fields().to_vec();
    fields.extend(names.iter().map(|name| Arc::new(Field::new(name, DataType::Float32, true))));
    let schema: SchemaRef = Arc::new(Schema::new_with_metadata(fields, PAIRS.metadata()));
    let mut sink = ParquetSink::sealed(&run.path(Artifact::Pairs), schema.clone())?;
    let pairs: Vec<(u64, u64)> = scored.candidates.pairs().map(|(a, b)| ordered(samples, a, b)).collect();
    for first in (0..pairs.len()).step_by(BLOCK) {
        let block = first..pairs.len().min(first + BLOCK);
        let item = Field::new("item", DataType::Utf8, false);
        let mut rules = ListBuilder::new(StringBuilder::new()).with_field(item);
        for pair in block.clone() {
            rules.append_value(scored.candidates.rules_of(pair).map(Some));
        }
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(pairs[block.clone()].iter().map(|pair| pair.0).collect::<UInt64Array>()),
            Arc::new(pairs[block.clone()].iter().map(|pair| pair.1).collect::<UInt64Array>()),
            Arc::new(Float64Array::from(probabilities[block.clone()].to_vec())),
            Arc::new(BooleanArray::from(known[block.clone()].to_vec())),
            Arc::new(rules.finish()),
        ];
        let mut values: Vec<_> =
            scored.linkage.comparators(block.clone()).into_iter().map(|(_, values)| values).collect();
        values.extend(weights(scored, &terms, block));
        columns.extend(values.into_iter().map(|values| Arc::new(Float32Array::from(values)) as ArrayRef));
        let batch = RecordBatch::try_new(schema.clone(), columns).map_err(DataError::from)?;
        relata_schemas::pairs::validate(&batch, first as u64).map_err(DataError::from)?;
        sink.write(&batch)?;
    }
    sink.finish()?;
    Ok(())
}

/// What each column, and what is not a column's, counted for before any answer, in log-odds, for pairs of a block; null
/// where it did not apply.
fn weights(scored: &ScoredPairs, terms: &[&str], block: Range<usize>) -> Vec<Vec<Option<f32>>> {
    let mut columns: Vec<Vec<Option<f32>>> = vec![vec![None; block.len()]; terms.len()];
    for (at, pair) in block.enumerate() {
        for (name, weight) in scored.linkage.contributions(pair) {
            let term = terms.iter().position(|known| *known == name);
            // A column of the samples may be called as a term that is none's.
            term.into_iter().for_each(|term| *columns[term][at].get_or_insert(0.0) += weight as f32);
        }
    }
    columns
}

/// The ids of a pair, the smaller first.
fn ordered(samples: &Samples, a: Row, b: Row) -> (u64, u64) {
    let (a, b) = (samples.ids.id(a).0, samples.ids.id(b).0);
    (a.min(b), a.max(b))
}

/// Writes the table of entities: of each row, its entity and how sure that is. `ids` names each entity, at the place of its
/// smallest row.
pub(super) fn write_entities(
    run: &Run,
    samples: &Samples,
    evidence: &Evidence,
    (entities, ids): (&[u32], &[u64]),
    confidence: &[f64],
) -> Result<()> {
    let rows = entities.len();
    let mut sizes = vec![0u32; rows];
    entities.iter().for_each(|&entity| sizes[entity as usize] += 1);
    let id = |row: u32| samples.ids.id(Row(row)).0;
    let representatives = representatives(evidence.pairs(), entities);
    let mut sink = ParquetSink::sealed(&run.path(Artifact::Entities), ENTITIES.schema())?;
    for first in (0..rows).step_by(BLOCK) {
        let block = first..rows.min(first + BLOCK);
        let of = |value: &dyn Fn(usize) -> u64| Arc::new(block.clone().map(value).collect::<UInt64Array>()) as ArrayRef;
        let columns: Vec<ArrayRef> = vec![
            of(&|row| id(row as u32)),
            of(&|row| ids[entities[row] as usize]),
            Arc::new(block.clone().map(|row| sizes[entities[row] as usize]).collect::<UInt32Array>()),
            Arc::new(block.clone().map(|row| confidence[row] as f32).collect::<Float32Array>()),
            of(&|row| id(representatives[entities[row] as usize])),
        ];
        let batch = RecordBatch::try_new(ENTITIES.schema(), columns).map_err(DataError::from)?;
        relata_schemas::entities::validate(&batch, first as u64).map_err(DataError::from)?;
        sink.write(&batch)?;
    }
    sink.finish()?;
    Ok(())
}

/// For each entity, at the place of its smallest row, the row whose pairs within it have the greatest total log-odds (the
/// medoid); of equal ones the first.
fn representatives(pairs: &[ScoredPair], entities: &[u32]) -> Vec<u32> {
    let mut inside = vec![0.0; entities.len()];
    for pair in pairs.iter().filter(|pair| entities[pair.a as usize] == entities[pair.b as usize]) {
        inside[pair.a as usize] += pair.log_odds;
        inside[pair.b as usize] += pair.log_odds;
    }
    let mut best: Vec<u32> = (0..entities.len() as u32).collect();
    for (&entity, row) in entities.iter().zip(0u32..) {
        if inside[row as usize] > inside[best[entity as usize] as usize] {
            best[entity as usize] = row;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_that_is_most_like_the_others_stands_for_them() {
        let pair = |a, b, log_odds| ScoredPair { a, b, log_odds };
        let pairs = [pair(0, 1, 1.0), pair(1, 2, 3.0), pair(0, 3, 9.0)];
        assert_eq!(representatives(&pairs, &[0, 0, 0, 3, 4])[..1], [1]);
        assert_eq!(representatives(&pairs, &[0, 0, 0, 3, 4])[3..], [3, 4]);
    }
}
