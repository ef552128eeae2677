//! An SQL predicate over a pair of samples, such as "the same customer within a day".

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::UInt64Type;
use async_trait::async_trait;
use futures::StreamExt;
use serde_json::{Value, json};

use super::{Context, Oracle, Relations};
use crate::{Result, query};

/// See [`rule`].
#[derive(Debug, Clone)]
pub struct Rule {
    name: String,
    predicate: String,
    weight: f32,
}

/// Pairs of training rows `a`, `b` for which the predicate holds are positives. Equalities between the two sides, such
/// as `a.customer = b.customer`, make it a hash join; a rule without one compares all pairs.
pub fn rule(name: impl Into<String>, predicate: impl Into<String>) -> Rule {
    Rule { name: name.into(), predicate: predicate.into(), weight: 1.0 }
}

impl Rule {
    /// Pairs for which the predicate holds are known negatives instead.
    pub fn negative(mut self) -> Self {
        self.weight = -1.0;
        self
    }
}

#[async_trait]
impl Oracle for Rule {
    fn describe(&self) -> Value {
        json!({ "oracle": "rule", "name": self.name, "predicate": self.predicate, "weight": self.weight })
    }

    async fn relate(&self, context: &Context<'_>, out: &mut Relations) -> Result<()> {
        let text = format!(
            "SELECT a.id AS src, b.id AS dst FROM training a JOIN training b ON a.id < b.id AND ({})",
            self.predicate
        );
        let rel: Arc<str> = self.name.as_str().into();
        let mut pairs = query::stream(query::plan_sql(context.session, &text).await?).await?;
        while let Some(batch) = pairs.next().await {
            let batch = batch?;
            let src = batch["src"].as_primitive::<UInt64Type>().values();
            let dst = batch["dst"].as_primitive::<UInt64Type>().values();
            for (&src, &dst) in src.iter().zip(dst) {
                out.edge(&rel, src, dst, self.weight)?;
            }
        }
        Ok(())
    }
}
