//! Rows that records are compared with: their values, embeddings, entities and sources.

use std::collections::HashMap;

use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::datatypes::{DataType, UInt64Type};
use relata_data::index::{Row, SampleId};
use relata_data::source::Samples;
use relata_data::{DataError, ParquetFile};
use relata_decide::candidates::{Candidates, WordIndex};
use relata_decide::linkage::{RecordLookup, RecordMatch};
use relata_decide::records::record_columns;
use relata_graph::knn::NearestIndex;
use relata_schemas::samples::SOURCE_ID;

use super::answer::LookupId;
use crate::error::Result;
use crate::stages::all_unit_embeddings;
use crate::store::{Artifact, Run, nearest_index, read_linkage};

/// A record whose source is known has candidates of other sources only, so that more are looked for.
const ACROSS: usize = 4;

/// All rows of a run.
pub(super) struct Rows {
    embeddings: Vec<f32>,
    width: usize,
    /// None where all rows are compared with a record.
    index: Option<NearestIndex>,
    words: WordIndex,
    lookup: RecordLookup,
    /// Nearest rows and rows of most shared words that are candidates.
    neighbours: (usize, usize),
    /// The id that names the entity of each row.
    entities: Vec<u64>,
    /// The rows' own ids, if they are text.
    texts: Option<Vec<Option<String>>>,
    /// The number of each source, and that of each row.
    sources: Option<(HashMap<String, u32>, Vec<u32>)>,
}

impl Rows {
    pub fn open(run: &Run, samples: &Samples, candidates: &Candidates, link: Option<&str>) -> Result<Self> {
        let model = read_linkage(run)?;
        let columns = record_columns(samples);
        let rows = samples.ids.rows();
        let words = WordIndex::new(&columns, rows);
        let lookup = RecordLookup::new(&columns, model, rows)?;
        drop(columns);
        let (embeddings, width) = all_unit_embeddings(samples, run)?;
        let index = nearest_index(&run.embeddings())?;
        let sources = link.map(|column| sources(samples, column)).transpose()?;
        let texts = samples.text_ids.then(|| text_column(samples, SOURCE_ID)).transpose()?;
        let (neighbours, entities) = (candidates.neighbours(), entities(run, samples)?);
        Ok(Self { embeddings, width, index, words, lookup, neighbours, entities, texts, sources })
    }

    /// The id that names the entity of a row.
    pub fn entity(&self, row: Row) -> u64 {
        self.entities[row.index()]
    }

    /// The id of a row as the dataset has it.
    pub fn id(&self, samples: &Samples, row: Row) -> LookupId {
        let text = self.texts.as_ref().and_then(|texts| texts[row.index()].clone());
        text.map_or_else(|| LookupId::Number(samples.ids.id(row).0), LookupId::Text)
    }

    /// A sample's id as the dataset has it.
    pub fn id_of(&self, samples: &Samples, id: u64) -> LookupId {
        samples.ids.row(SampleId(id)).map_or(LookupId::Number(id), |row| self.id(samples, row))
    }

    /// The candidates of a record, by row.
    pub fn matches(&self, values: &[Option<String>], vector: &[f32], source: Option<&str>) -> Result<Vec<RecordMatch>> {
        let own = self.sources.as_ref().zip(source).and_then(|((numbers, _), source)| numbers.get(source));
        let of_rows = self.sources.as_ref().map(|(_, of_rows)| of_rows);
        let allowed = |row: u32| own.zip(of_rows).is_none_or(|(own, of_rows)| of_rows[row as usize] != *own);
        let (near, sharing) = self.neighbours;
        let wanted = if own.is_some() { ACROSS * near } else { near };
        let nearest = match &self.index {
            Some(index) => index.nearest(vector, wanted),
            None => self.all_by_cosine(vector),
        };
        let mut rows: Vec<u32> =
            nearest.into_iter().map(|(row, _)| row).filter(|&row| allowed(row)).take(near).collect();
        rows.extend(self.words.nearest(values, sharing, allowed));
        rows.sort_unstable();
        rows.dedup();
        let candidates: Vec<(u32, f32)> = rows.into_iter().map(|row| (row, self.cosine(row, vector))).collect();
        Ok(self.lookup.matches(values, &candidates)?)
    }

    fn cosine(&self, row: u32, vector: &[f32]) -> f32 {
        let own = &self.embeddings[row as usize * self.width..][..self.width];
        own.iter().zip(vector).map(|(a, b)| a * b).sum()
    }

    /// All rows, the nearest first.
    fn all_by_cosine(&self, vector: &[f32]) -> Vec<(u32, f32)> {
        let rows = self.embeddings.len() / self.width.max(1);
        let mut all: Vec<(u32, f32)> = (0..rows as u32).map(|row| (row, self.cosine(row, vector))).collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1));
        all
    }
}

/// The values of a column of the samples' table as text, by row.
pub(super) fn text_column(samples: &Samples, column: &str) -> Result<Vec<Option<String>>> {
    let file = ParquetFile::open(&samples.samples_path)?;
    let at = file.schema().index_of(column).map_err(DataError::from)?;
    let mut found = Vec::with_capacity(samples.ids.rows());
    for batch in file.batches([at], 8192)? {
        let values = cast(batch?.column(0), &DataType::Utf8).map_err(DataError::from)?;
        found.extend(values.as_string::<i32>().iter().map(|value| value.map(str::to_owned)));
    }
    Ok(found)
}

fn sources(samples: &Samples, column: &str) -> Result<(HashMap<String, u32>, Vec<u32>)> {
    let mut numbers: HashMap<String, u32> = HashMap::new();
    let of_row = text_column(samples, column)?.into_iter().map(|source| {
        let next = numbers.len() as u32;
        *numbers.entry(source.unwrap_or_default()).or_insert(next)
    });
    let of_row = of_row.collect();
    Ok((numbers, of_row))
}

/// By row: the id that names its entity.
fn entities(run: &Run, samples: &Samples) -> Result<Vec<u64>> {
    use relata_schemas::entities::{ENTITY, ID};

    let path = run.existing(Artifact::Entities)?;
    let mut found: Vec<u64> = (0..samples.ids.rows() as u32).map(|row| samples.ids.id(Row(row)).0).collect();
    for batch in ParquetFile::open(&path)?.all_batches()? {
        let batch = batch?;
        let of = |name: &str| batch[name].as_primitive::<UInt64Type>().values().clone();
        for (&id, &entity) in of(ID).iter().zip(&of(ENTITY)) {
            if let Some(row) = samples.ids.row(SampleId(id)) {
                found[row.index()] = entity;
            }
        }
    }
    Ok(found)
}
