//! Sample content: what a request tells about samples, such as columns, features or a picture.

use std::collections::{BTreeSet, HashMap};

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, UInt64Type};
use arrow::util::display::array_value_to_string;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use relata_data::DataError;
use relata_data::feature_store::FeatureStore;
use relata_data::index::{Row, SampleId};
use relata_data::picture::{enlarged, pixels, png};
use relata_data::query;
use relata_oracle::{Context, OracleError, Question, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::name::ORACLE;

/// What is sent of a sample beside its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SampleContent {
    /// Nothing.
    Columns,
    /// The numbers that the model is trained on.
    Features,
    /// The same as a PNG picture, if the samples are images.
    Image,
}

/// The samples of some questions.
pub(crate) struct RequestSamples {
    content: SampleContent,
    columns: HashMap<SampleId, Map<String, Value>>,
    rows: HashMap<SampleId, Row>,
    features: FeatureStore,
}

impl RequestSamples {
    /// Reads the columns of all samples that the questions name; features are read when they are sent.
    pub(crate) async fn load(
        context: &Context<'_>,
        questions: &[Question],
        content: SampleContent,
        columns: &[String],
    ) -> Result<Self> {
        let ids: BTreeSet<SampleId> =
            questions.iter().flat_map(|q| q.candidates.iter().copied().chain([q.anchor])).collect();
        let mut rows = HashMap::with_capacity(ids.len());
        for &id in &ids {
            let row = context.samples.ids.row(id).ok_or_else(|| OracleError::Answer {
                oracle: ORACLE.to_owned(),
                question: questions[0].question,
                expected: "questions about samples of the dataset".to_owned(),
                found: format!("the id {id}"),
                hint: "Ask about samples of this run.".to_owned(),
            })?;
            rows.insert(id, row);
        }
        let features = context.samples.features.clone();
        if content == SampleContent::Image && features.shape().as_image().is_none() {
            let found = format!("{}", features.shape());
            return Err(OracleError::setting(ORACLE, "content", "features or columns, since no images", found));
        }
        let columns = if columns.is_empty() { HashMap::new() } else { read_columns(context, &ids, columns).await? };
        Ok(Self { content, columns, rows, features })
    }

    /// The columns of a sample that are sent.
    pub(crate) fn columns(&self, id: SampleId) -> Option<&Map<String, Value>> {
        self.columns.get(&id)
    }

    /// The features of a sample, if they are sent.
    pub(crate) fn features(&self, id: SampleId) -> Result<Option<Vec<f32>>, DataError> {
        if self.content == SampleContent::Features { self.read(id) } else { Ok(None) }
    }

    /// The picture of a sample in base64, if it is sent, its longer side at least so many pixels.
    pub(crate) fn image(&self, id: SampleId, side: u32) -> Result<Option<String>, DataError> {
        let dims = self.features.shape().as_image().filter(|_| self.content == SampleContent::Image);
        let (Some(dims), Some(values)) = (dims, self.read(id)?) else { return Ok(None) };
        Ok(Some(STANDARD.encode(png(&enlarged(&pixels(&values, dims), side)))))
    }

    fn read(&self, id: SampleId) -> Result<Option<Vec<f32>>, DataError> {
        let Some(&row) = self.rows.get(&id) else { return Ok(None) };
        let mut values = vec![0.0; self.features.shape().len()];
        self.features.read(row, &mut values)?;
        Ok(Some(values))
    }
}

async fn read_columns(
    context: &Context<'_>,
    ids: &BTreeSet<SampleId>,
    columns: &[String],
) -> Result<HashMap<SampleId, Map<String, Value>>> {
    let names: Vec<String> = columns.iter().map(|name| format!("\"{}\"", name.replace('"', "\"\""))).collect();
    // Written as text, because a number of SQL would end at the largest signed one.
    let ids: Vec<String> = ids.iter().map(|id| format!("('{id}')")).collect();
    let text = format!(
        "SELECT id AS relata_id, {} FROM samples
         WHERE id IN (SELECT CAST(column1 AS BIGINT UNSIGNED) FROM (VALUES {}))",
        names.join(", "),
        ids.join(", ")
    );
    let mut found = HashMap::with_capacity(ids.len());
    for batch in query::collect(query::plan_sql(context.session, &text).await?).await? {
        let ids = SampleId::slice(batch.column(0).as_primitive::<UInt64Type>().values());
        for (row, &id) in ids.iter().enumerate() {
            let values = batch.columns()[1..].iter().map(|column| value(column, row));
            let named: Result<Map<String, Value>> =
                columns.iter().zip(values).map(|(name, value)| Ok((name.clone(), value?))).collect();
            found.insert(id, named?);
        }
    }
    Ok(found)
}

/// Numbers and truth values as such, everything else as text.
fn value(column: &ArrayRef, row: usize) -> Result<Value> {
    if column.is_null(row) {
        return Ok(Value::Null);
    }
    let text = array_value_to_string(column, row)?;
    Ok(match column.data_type() {
        DataType::Boolean => Value::Bool(column.as_boolean().value(row)),
        // What JSON has no number for, such as NaN, stays text.
        number if number.is_numeric() => serde_json::from_str(&text).unwrap_or(Value::String(text)),
        _ => Value::String(text),
    })
}
