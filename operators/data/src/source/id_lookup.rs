//! Id lookup: from the ids that an edge file or a person uses to the numbers of the samples.

use std::collections::HashMap;

use arrow::array::AsArray;
use arrow::datatypes::UInt64Type;
use relata_schemas::samples::{ID, SOURCE_ID};

use super::samples::Samples;
use crate::id_index::IdIndex;
use crate::index::SampleId;
use crate::{ParquetFile, Result};

/// Looks up ids of a dataset: numbers, or text if the dataset's own ids are text.
#[derive(Debug, Clone)]
pub struct IdLookup {
    ids: IdIndex,
    texts: Option<HashMap<String, SampleId>>,
}

impl IdLookup {
    /// The ids of a dataset; text ids are read into memory.
    pub fn new(samples: &Samples) -> Result<Self> {
        if !samples.text_ids {
            return Ok(Self { ids: samples.ids.clone(), texts: None });
        }
        let file = ParquetFile::open(&samples.samples_path)?;
        let columns = [file.schema().index_of(ID)?, file.schema().index_of(SOURCE_ID)?];
        let mut texts = HashMap::with_capacity(samples.ids.rows());
        for batch in file.batches(columns, 8192)? {
            let batch = batch?;
            let ids = batch[ID].as_primitive::<UInt64Type>().values();
            for (text, &id) in batch[SOURCE_ID].as_string::<i32>().iter().flatten().zip(ids) {
                texts.insert(text.to_owned(), SampleId(id));
            }
        }
        Ok(Self { ids: samples.ids.clone(), texts: Some(texts) })
    }

    /// The ids of any table, and the texts that they stand for if its own ids are text.
    pub fn of(ids: IdIndex, texts: Option<HashMap<String, SampleId>>) -> Self {
        Self { ids, texts }
    }

    /// Whether the dataset's own ids are text.
    pub fn is_text(&self) -> bool {
        self.texts.is_some()
    }

    /// The sample's number, if `id` is that of a sample.
    pub fn number(&self, id: u64) -> Option<SampleId> {
        let id = SampleId(id);
        self.ids.row(id).map(|_| id)
    }

    /// The number of the sample with this id: of the user's own text, or the number written out.
    pub fn text(&self, id: &str) -> Option<SampleId> {
        match &self.texts {
            Some(texts) => texts.get(id).copied(),
            None => self.number(id.parse().ok()?),
        }
    }
}
