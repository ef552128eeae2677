//! Another oracle as one annotator with a name.

use relata_registry::Description;
use std::path::PathBuf;

use async_trait::async_trait;
use rand::RngExt;
use twox_hash::XxHash64;

use crate::changed::Changed;
use crate::{Answer, Context, Cost, Oracle, Question, Record, Relations};
use relata_data::seed::stream;
use relata_data::{OperatorError, Result};

const PURPOSE: u64 = 0x4a3ed;

/// See [`Oracle::named`]. The oracle works with a seed of its own for each name, so that two annotators that are
/// [`noisy`](crate::noisy) do not make the same mistakes.
#[derive(Debug, Clone)]
pub struct Named<O> {
    inner: O,
    annotator: String,
}

impl<O> Named<O> {
    pub(super) fn new(inner: O, annotator: String) -> Self {
        Self { inner, annotator }
    }
}

#[async_trait]
impl<O: Oracle> Oracle for Named<O> {
    fn describe(&self) -> Description {
        Description::new("named").with("annotator", &self.annotator).with("of", self.inner.describe())
    }

    fn files(&self) -> Vec<PathBuf> {
        self.inner.files()
    }

    fn check(&self) -> Result<()> {
        if self.annotator.is_empty() {
            return Err(OperatorError::setting("named", "annotator", "a name", "\"\""));
        }
        if self.inner.annotators() > 1 {
            let expected = "the name of one annotator: name the members of a crowd, and people sign for themselves";
            let found = format!("`{}` for {} annotators of each question", self.annotator, self.inner.annotators());
            return Err(OperatorError::setting("named", "annotator", expected, found));
        }
        self.inner.check()
    }

    async fn relate(&self, context: &Context<'_>, out: &mut Relations) -> Result<()> {
        self.inner.relate(context, out).await
    }

    async fn answer(&self, context: &Context<'_>, questions: &[Question], out: &dyn Record) -> Result<()> {
        let name = XxHash64::oneshot(0, self.annotator.as_bytes());
        let seed = stream(context.seed, &[PURPOSE, name]).random();
        let context = Context { seed, ..*context };
        let rename = |answer: &mut Answer| answer.annotator.clone_from(&self.annotator);
        self.inner.answer(&context, questions, &Changed::new(out, rename)).await
    }

    fn cost(&self) -> Cost {
        self.inner.cost()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;
    use crate::{labels, noisy};

    #[tokio::test]
    async fn answers_carry_the_name_and_annotators_err_apart() {
        let fixture = Fixture::new("id,x,label\n1,0,a\n2,0,a\n3,0,b\n").await;
        let questions: Vec<_> = (0..300).map(|number| Fixture::question(number, 1, &[2, 3])).collect();
        let by = async |name: &str| fixture.ask(&noisy(labels("label"), 0.3).named(name), &questions).await.unwrap();
        assert!(by("anna").await.iter().all(|answer| answer.annotator == "anna" && answer.oracle == "labels(label)"));
        // One pair, one answer of each annotator: the draws of twenty annotators cannot all agree.
        let mut said = Vec::new();
        for at in 0..20 {
            let answers = by(&format!("annotator {at}")).await;
            assert!(answers.chunks(2).all(|pair| pair[0].related == answers[0].related), "asked again, said the same");
            said.push(answers[0].related);
        }
        assert!(said.contains(&Some(true)) && said.contains(&Some(false)));
        assert!(labels("label").named("").check().is_err());
    }
}
