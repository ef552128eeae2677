//! The relations of another oracle, weaker, and its answers, less confident.

use relata_registry::Description;
use std::path::PathBuf;

use async_trait::async_trait;

use crate::changed::Changed;
use crate::{Answer, Context, Cost, Oracle, Question, Record, Relations};
use relata_data::{OperatorError, Result};

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
    fn describe(&self) -> Description {
        Description::new("weighted").with("factor", &self.factor).with("of", self.inner.describe())
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

    async fn answer(&self, context: &Context<'_>, questions: &[Question], out: &dyn Record) -> Result<()> {
        let weaker = |answer: &mut Answer| answer.confidence *= self.factor;
        self.inner.answer(context, questions, &Changed::new(out, weaker)).await
    }

    fn cost(&self) -> Cost {
        self.inner.cost()
    }

    fn annotators(&self) -> usize {
        self.inner.annotators()
    }
}
