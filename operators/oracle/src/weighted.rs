//! Weighted oracle: the relations of another oracle, weaker, and its answers, less confident.

use async_trait::async_trait;
use relata_graph::Relations;
use relata_registry::{Component, Description, ReadError, Registry};

use crate::answer::Answer;
use crate::error::{OracleError, Result};
use crate::map_answers::MapAnswers;
use crate::oracle::{Context, Oracle, check_inner};
use crate::question::Question;
use crate::record::Record;

/// See [`weighted`].
#[derive(Debug, Clone)]
pub struct Weighted<O = Box<dyn Oracle>> {
    inner: O,
    factor: f32,
}

/// Another oracle with the weights of its relations and the confidences of its answers multiplied by `factor` in (0, 1].
///
/// ```
/// use relata_oracle::{Oracle, OracleExt, same_sample, weighted};
///
/// assert_eq!(weighted(same_sample(), 0.5).describe().to_string(), "weighted factor=0.5 of=(same_sample)");
/// assert_eq!(same_sample().weighted(0.5).describe(), weighted(same_sample(), 0.5).describe());
/// ```
pub fn weighted<O: Oracle>(oracle: O, factor: f32) -> Weighted<O> {
    Weighted { inner: oracle, factor }
}

impl Component<dyn Oracle> for Weighted {
    const NAME: &'static str = "weighted";
    const SUMMARY: &'static str = "another oracle, weaker";

    fn defaults() -> Option<Description> {
        None
    }

    fn read(description: &Description, registry: &Registry<dyn Oracle>) -> Result<Self, ReadError> {
        description.known(&["factor", "of"])?;
        Ok(weighted(registry.read_setting(description, "of")?, description.setting("factor")?))
    }
}

#[async_trait]
impl<O: Oracle> Oracle for Weighted<O> {
    fn describe(&self) -> Description {
        Description::new("weighted").with("factor", self.factor).with("of", self.inner.describe())
    }

    fn inner(&self) -> Vec<&dyn Oracle> {
        vec![&self.inner]
    }

    fn check(&self) -> Result<()> {
        if !(self.factor > 0.0 && self.factor <= 1.0) {
            return Err(OracleError::setting("weighted", "factor", "in (0, 1]", self.factor));
        }
        check_inner(self)
    }

    async fn relate(&self, context: &Context<'_>, out: &mut Relations) -> Result<()> {
        let before = out.scale(self.factor);
        let result = self.inner.relate(context, out).await;
        out.restore_scale(before);
        result
    }

    async fn answer(&self, context: &Context<'_>, questions: &[Question], out: &dyn Record) -> Result<()> {
        let weaker = |answer: &mut Answer| answer.confidence *= self.factor;
        self.inner.answer(context, questions, &MapAnswers::new(out, weaker)).await
    }
}
