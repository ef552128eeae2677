//! Cards: what the page shows of a sample. That is its picture, its columns as a row of a table, or, where there is
//! neither, a small chart of its numbers.

use std::collections::BTreeMap;

use arrow::array::AsArray;
use arrow::datatypes::UInt64Type;
use arrow::util::display::array_value_to_string;
use relata_data::index::SampleId;
use relata_data::source::{KEPT_BACK, Samples, session};
use relata_data::{Session, query};
use relata_oracle::{OracleError, Result};
use serde::Serialize;
use tokio::sync::OnceCell;

use crate::json_id::JsonId;

/// Bars of a chart at most; of longer vectors each bar is the mean of a stretch.
const BARS: usize = 64;
/// Characters of a text at most.
const TEXT: usize = 1000;

/// A sample as the page draws it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Card {
    id: JsonId,
    /// Whether `/image/ID.png` is there.
    picture: bool,
    /// Names and values of columns.
    fields: Vec<(String, String)>,
    /// The heights of a chart's bars.
    bars: Vec<f32>,
}

/// The samples of a run, and what is shown of them.
pub(crate) struct Cards {
    samples: Samples,
    show: Vec<String>,
    session: OnceCell<Session>,
}

impl Cards {
    /// An error if a column is not there.
    pub(crate) fn new(samples: Samples, show: &[String]) -> Result<Self> {
        if let Some(missing) = show.iter().find(|column| !samples.columns.contains(column)) {
            let expected = format!("among the samples' columns {}", samples.columns.join(", "));
            return Err(OracleError::setting(crate::name::ORACLE, "show", expected, format!("`{missing}`")));
        }
        let mut show = show.to_vec();
        if show.is_empty() && samples.features.shape().as_image().is_none() {
            // What a person can judge by; the numbers that a model is trained on seldom are.
            show.extend(samples.columns.iter().filter(|name| !KEPT_BACK.contains(&name.as_str())).cloned());
        }
        Ok(Self { samples, show, session: OnceCell::new() })
    }

    pub(crate) fn samples(&self) -> &Samples {
        &self.samples
    }

    /// The cards of these samples, in their order.
    pub(crate) async fn of(&self, ids: &[SampleId]) -> Result<Vec<Card>> {
        let mut texts = self.texts(ids).await?;
        let store = &self.samples.features;
        let is_image = store.shape().as_image().is_some();
        let card = |&id: &SampleId| -> Result<Card> {
            let row = self.samples.ids.row(id);
            let bars = match row {
                Some(row) if !is_image && self.show.is_empty() => {
                    let mut values = vec![0.0; store.shape().len()];
                    store.read(row, &mut values)?;
                    shorten(&values)
                }
                _ => Vec::new(),
            };
            Ok(Card {
                id: JsonId(id),
                picture: is_image && row.is_some(),
                fields: texts.remove(&id).unwrap_or_default(),
                bars,
            })
        };
        ids.iter().map(card).collect()
    }

    /// The shown columns of these samples.
    async fn texts(&self, ids: &[SampleId]) -> Result<BTreeMap<SampleId, Vec<(String, String)>>> {
        let mut texts = BTreeMap::new();
        if self.show.is_empty() || ids.is_empty() {
            return Ok(texts);
        }
        let session = self.session.get_or_try_init(|| self.open()).await?;
        let columns: String = self.show.iter().map(|name| format!(", \"{}\"", name.replace('"', "\"\""))).collect();
        let list = ids.iter().map(SampleId::to_string).collect::<Vec<_>>().join(", ");
        let text = format!("SELECT id AS \"the id\"{columns} FROM samples WHERE id IN ({list})");
        for batch in query::collect(query::plan_sql(session, &text).await?).await? {
            let found = SampleId::slice(batch.column(0).as_primitive::<UInt64Type>().values());
            for (row, &id) in found.iter().enumerate() {
                let fields = self.show.iter().zip(&batch.columns()[1..]);
                let fields = fields.map(|(name, column)| Ok((name.clone(), clip(array_value_to_string(column, row)?))));
                texts.insert(id, fields.collect::<Result<_>>()?);
            }
        }
        Ok(texts)
    }

    async fn open(&self) -> Result<Session> {
        let session = session();
        query::register_parquet(&session, "samples", &self.samples.samples_path.to_string_lossy()).await?;
        Ok(session)
    }
}

fn shorten(values: &[f32]) -> Vec<f32> {
    let bars = values.len().min(BARS);
    let stretch = |bar: usize| &values[bar * values.len() / bars..(bar + 1) * values.len() / bars];
    (0..bars).map(stretch).map(|part| part.iter().sum::<f32>() / part.len() as f32).collect()
}

fn clip(text: String) -> String {
    match text.char_indices().nth(TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use relata_data::source::{csv, ingest};

    use super::*;

    async fn samples(folder: &std::path::Path) -> Samples {
        let path = folder.join("t.csv");
        std::fs::write(&path, "id,x,y,\"the \"\"note\"\"\",n\n7,1,2,<b>bold</b>,1.5\n9,3,4,,2.5\n").unwrap();
        let dataset = csv(&path).feature_columns(["x", "y"]);
        ingest(&dataset, &session(), folder, &mut |_| {}).await.unwrap()
    }

    #[tokio::test]
    async fn shown_columns_are_texts_in_the_order_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let cards = Cards::new(samples(folder.path()).await, &["n".to_owned(), "the \"note\"".to_owned()]).unwrap();
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let shown = cards.of(&[9, 7, 8].map(SampleId)).await.unwrap();
        assert_eq!(shown.iter().map(|card| card.id).collect::<Vec<_>>(), [9, 7, 8].map(|id| JsonId(SampleId(id))));
        assert_eq!(shown[0].fields, [field("n", "2.5"), field("the \"note\"", "")]);
        assert_eq!(shown[1].fields, [field("n", "1.5"), field("the \"note\"", "<b>bold</b>")]);
        assert!(shown[2].fields.is_empty());
        assert!(shown.iter().all(|card| !card.picture && card.bars.is_empty()));
    }

    #[tokio::test]
    async fn rows_are_shown_without_what_may_hold_the_answer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        std::fs::write(&path, "id,x,label,city,split,note\n7,1,a,Bern,train,late\n9,3,b,,test,\"in, time\"\n").unwrap();
        let dataset = csv(&path).feature_columns(["x"]);
        let samples = ingest(&dataset, &session(), folder.path(), &mut |_| {}).await.unwrap();
        let shown = Cards::new(samples.clone(), &[]).unwrap().of(&[SampleId(9)]).await.unwrap();
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(shown[0].fields, [field("city", ""), field("note", "in, time")]);
        assert!(shown[0].bars.is_empty());
        let asked_for = Cards::new(samples, &["label".to_owned()]).unwrap().of(&[SampleId(9)]).await.unwrap();
        assert_eq!(asked_for[0].fields, [field("label", "b")]);
    }

    #[tokio::test]
    async fn vectors_are_charts_where_there_is_no_column() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        std::fs::write(&path, "id,x,y,label\n7,1,2,a\n9,3,4,b\n").unwrap();
        let dataset = csv(&path).feature_columns(["x", "y"]);
        let samples = ingest(&dataset, &session(), folder.path(), &mut |_| {}).await.unwrap();
        let cards = Cards::new(samples.clone(), &[]).unwrap();
        assert_eq!(cards.of(&[SampleId(9)]).await.unwrap()[0].bars, [3.0, 4.0]);
        let error = Cards::new(samples, &["nope".to_owned()]).err().unwrap().to_string();
        assert!(error.contains("`nope`") && error.contains("id, label"), "{error}");
    }

    #[test]
    fn long_vectors_and_texts_are_shortened() {
        let long: Vec<f32> = (0..1000).map(|value| value as f32).collect();
        let short = shorten(&long);
        assert_eq!((short.len(), short[0]), (BARS, 7.0));
        assert!((short.iter().sum::<f32>() / 64.0 - 499.5).abs() < 1.0);
        assert_eq!(shorten(&[5.0]), [5.0]);
        assert_eq!(clip("é".repeat(TEXT)), "é".repeat(TEXT));
        assert_eq!(clip("é".repeat(TEXT + 1)).chars().count(), TEXT + 1);
    }
}
