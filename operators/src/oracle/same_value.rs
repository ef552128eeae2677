//! Samples that share a label, or the value of any column or SQL expression, are related.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, UInt64Type};
use async_trait::async_trait;
use rand::seq::SliceRandom;
use serde_json::{Value, json};

use super::{Context, Oracle, Relations};
use crate::seed::stream;
use crate::{OperatorError, Result, query};

const PURPOSE: u64 = 0x1abe1;

/// See [`same_label`] and [`same_value`].
#[derive(Debug, Clone)]
pub struct SameValue {
    rel: String,
    expression: String,
    rows: Option<usize>,
    per_class: Option<usize>,
    signed: bool,
}

/// Training rows with the same value of a label column are positives; rows without a label are unknown.
pub fn same_label(column: impl Into<String>) -> SameValue {
    let column = column.into();
    SameValue { rel: format!("same_label({column})"), ..same_value(format!("\"{column}\"")) }
}

/// Training rows with the same value of an SQL expression over the samples' columns are positives; null is unknown.
pub fn same_value(expression: impl Into<String>) -> SameValue {
    let expression = expression.into();
    let rel = format!("same_value({expression})");
    SameValue { rel, expression, rows: None, per_class: None, signed: false }
}

impl SameValue {
    /// Only this many rows, drawn at random, are known.
    pub fn rows(mut self, rows: usize) -> Self {
        self.rows = Some(rows);
        self
    }

    /// Only this many rows of each class, drawn at random, are known.
    pub fn per_class(mut self, rows: usize) -> Self {
        self.per_class = Some(rows);
        self
    }

    /// Known rows with different values are known negatives as well.
    pub fn signed(mut self) -> Self {
        self.signed = true;
        self
    }

    /// `(id, value)` of the training rows that have one, in id order.
    async fn values(&self, context: &Context<'_>) -> Result<Vec<(u64, String)>> {
        let text = format!("SELECT id, ({}) AS value FROM training ORDER BY id", self.expression);
        let mut values = Vec::new();
        for batch in query::collect(query::plan_sql(context.session, &text).await?).await? {
            let ids = batch["id"].as_primitive::<UInt64Type>();
            let found = cast(&batch["value"], &DataType::Utf8)?;
            let found = found.as_string::<i32>();
            let known = (0..batch.num_rows()).filter(|&row| found.is_valid(row));
            values.extend(known.map(|row| (ids.value(row), found.value(row).to_owned())));
        }
        Ok(values)
    }
}

#[async_trait]
impl Oracle for SameValue {
    fn describe(&self) -> Value {
        json!({
            "oracle": self.rel, "rows": self.rows, "per_class": self.per_class, "signed": self.signed,
        })
    }

    async fn relate(&self, context: &Context<'_>, out: &mut Relations) -> Result<()> {
        let mut values = self.values(context).await?;
        if values.is_empty() {
            return Err(OperatorError::Empty {
                what: self.rel.clone(),
                hint: "Every training row has null there: name a column that has values.".to_owned(),
            });
        }
        values.shuffle(&mut stream(context.seed, &[PURPOSE]));
        let groups: BTreeMap<String, u64> = values
            .iter()
            .map(|v| v.1.clone())
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .zip(0..)
            .collect();
        if let Some(most) = self.per_class {
            let mut taken: BTreeMap<String, usize> = BTreeMap::new();
            values.retain(|(_, value)| {
                let count = taken.entry(value.clone()).or_default();
                *count += 1;
                *count <= most
            });
        }
        values.truncate(self.rows.unwrap_or(usize::MAX));
        let mut members: Vec<_> = values.into_iter().map(|(id, value)| (id, groups[&value])).collect();
        members.sort_unstable();
        out.members(&self.rel, &members, 1.0, self.signed)
    }
}
