//! The relations of another oracle, weaker.

use std::path::PathBuf;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{Context, Oracle, Relations};
use crate::{OperatorError, Result};

/// See [`Oracle::weighted`].
#[derive(Debug, Clone)]
pub struct Weighted<O> {
    inner: O,
    factor: f32,
}

impl<O> Weighted<O> {
    pub(super) fn new(inner: O, factor: f32) -> Self {
        Self { inner, factor }
    }
}

#[async_trait]
impl<O: Oracle> Oracle for Weighted<O> {
    fn describe(&self) -> Value {
        json!({ "oracle": "weighted", "factor": self.factor, "of": self.inner.describe() })
    }

    fn files(&self) -> Vec<PathBuf> {
        self.inner.files()
    }

    fn check(&self) -> Result<()> {
        if !(self.factor > 0.0 && self.factor <= 1.0) {
            return Err(OperatorError::setting("weighted", "factor", "in (0, 1]", self.factor));
        }
        self.inner.check()
    }

    async fn relate(&self, context: &Context<'_>, out: &mut Relations) -> Result<()> {
        let before = out.scale(self.factor);
        let result = self.inner.relate(context, out).await;
        out.restore_scale(before);
        result
    }
}
