//! Gallery of samples: pictures, bars of vectors, and the columns beside the features.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use arrow::array::{Array, AsArray};
use arrow::datatypes::UInt64Type;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use relata_data::index::{Row, SampleId};
use relata_data::source::Samples;
use relata_data::{DataError, ParquetFile};
use relata_schemas::samples::{ID, SPLIT};
use serde_json::{Map, Value};

use super::html::escaped;
use super::picture;
use crate::error::Result;
use crate::store::Run;

/// Pixels that an image of the page has at most.
const SIDE: u32 = 96;
/// Columns and characters of each that a card shows at most.
const COLUMNS: usize = 3;
const CHARACTERS: usize = 60;

/// Some samples of a run, to be shown.
pub struct Gallery {
    samples: Option<Samples>,
    /// Names and values of the columns of each sample.
    columns: BTreeMap<SampleId, Vec<(String, String)>>,
}

impl fmt::Debug for Gallery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gallery").field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl Gallery {
    /// Reads the columns of these samples. Features are looked at when a sample is shown; if the run has none any more,
    /// the columns are all there is.
    pub fn open(run: &Run, ids: &BTreeSet<SampleId>) -> Result<Self> {
        let mut columns = BTreeMap::new();
        let path = Samples::samples_path(run.folder());
        if path.is_file() && !ids.is_empty() {
            for batch in ParquetFile::open(&path)?.all_batches()? {
                let batch = batch?;
                let schema = batch.schema();
                let shown = schema.fields().iter().zip(batch.columns()).filter(|(field, _)| {
                    ![ID, SPLIT].contains(&field.name().as_str()) && !field.data_type().is_nested()
                });
                let options = FormatOptions::new();
                let shown =
                    shown.map(|(field, column)| Ok((field.name(), column, ArrayFormatter::try_new(column, &options)?)));
                let shown: Vec<_> = shown.collect::<Result<_, arrow::error::ArrowError>>().map_err(DataError::from)?;
                let of_batch = SampleId::slice(batch[ID].as_primitive::<UInt64Type>().values());
                for (row, id) in of_batch.iter().enumerate().filter(|(_, id)| ids.contains(id)) {
                    let known = shown.iter().filter(|(_, column, _)| column.is_valid(row));
                    let values = known.map(|(name, _, text)| ((*name).clone(), text.value(row).to_string()));
                    columns.insert(*id, values.collect());
                }
            }
        }
        Ok(Self { samples: run.samples().ok(), columns })
    }

    /// A sample as an object of its columns, with its picture as `image` if it is one: a `data:` address of a PNG of at
    /// most `most` pixels a side.
    pub fn describe(&self, id: SampleId, most: u32) -> Value {
        let columns = self.columns.get(&id).into_iter().flatten();
        let mut about: Map<String, Value> =
            columns.map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
        if let Some(image) = self.image(id, most) {
            about.insert("image".to_owned(), image.into());
        }
        Value::Object(about)
    }

    /// A sample as a card of the page, of a style class, with HTML below it.
    pub(super) fn card(&self, id: SampleId, class: &str, below: &str) -> String {
        let image = self.image(id, SIDE);
        let pictured = image.is_some();
        let picture = match image {
            Some(address) => format!("<img src=\"{address}\" alt=\"sample {id}\">"),
            None => self.row(id).map(|(samples, row)| picture::bars(&samples.features, row)).unwrap_or_default(),
        };
        let columns = self.columns.get(&id).into_iter().flatten().take(COLUMNS);
        let about: String = columns
            .map(|(name, value)| {
                let value = clipped(value);
                let value = escaped(&value);
                let name = escaped(name);
                // A picture speaks for itself: its columns are a hint, the names of which would take too much room.
                if pictured {
                    format!("<i title=\"{name}\">{value}</i>")
                } else {
                    format!("<i>{name} <b>{value}</b></i>")
                }
            })
            .collect();
        format!("<div class=\"card {class}\">{picture}<small>{id}{about}</small>{below}</div>")
    }

    fn image(&self, id: SampleId, most: u32) -> Option<String> {
        let (samples, row) = self.row(id)?;
        picture::image(&samples.features, row, most)
    }

    fn row(&self, id: SampleId) -> Option<(&Samples, Row)> {
        let samples = self.samples.as_ref()?;
        Some((samples, samples.ids.row(id)?))
    }
}

fn clipped(text: &str) -> String {
    match text.char_indices().nth(CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use relata_data::source::{csv, ingest, session};

    use super::*;
    use crate::fixture;

    #[tokio::test]
    async fn samples_show_their_columns_and_bars_escaped_and_clipped() {
        let folder = tempfile::tempdir().unwrap();
        let run = fixture::run(&folder.path().join("run"));
        let path = folder.path().join("t.csv");
        let long = "x".repeat(100);
        std::fs::write(&path, format!("id,x,y,note,split,n\n7,1,-2,<b>bold</b>,train,{long}\n9,3,4,,test,b\n"))
            .unwrap();
        ingest(&csv(&path).feature_columns(["x", "y"]), &session(), run.folder(), &mut |_| {}).await.unwrap();
        let gallery = Gallery::open(&run, &[7, 8].map(SampleId).into()).unwrap();
        let card = gallery.card(SampleId(7), "yes", "<em>ok</em>");
        assert!(card.starts_with("<div class=\"card yes\"><svg class=\"bars\"") && card.ends_with("<em>ok</em></div>"));
        assert!(card.contains("<i>note <b>&lt;b&gt;bold&lt;/b&gt;</b></i>") && !card.contains("train"), "{card}");
        assert!(card.contains(&format!("{}…", "x".repeat(CHARACTERS))), "{card}");
        assert_eq!(gallery.describe(SampleId(7), 64), serde_json::json!({ "note": "<b>bold</b>", "n": long }));
        assert_eq!(gallery.card(SampleId(8), "", ""), "<div class=\"card \"><small>8</small></div>");
        // Without the features, the columns are left.
        std::fs::remove_file(Samples::features_path(run.folder())).unwrap();
        assert!(!Gallery::open(&run, &[SampleId(7)].into()).unwrap().card(SampleId(7), "", "").contains("svg"));
    }
}
