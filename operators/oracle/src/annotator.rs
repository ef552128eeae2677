//! Annotator: another oracle under a name of its own.

use async_trait::async_trait;
use rand::RngExt;
use relata_registry::{Component, Description, ReadError, Registry};
use twox_hash::XxHash64;

use crate::answer::Answer;
use crate::error::{OracleError, Result};
use crate::map_answers::MapAnswers;
use crate::oracle::{Context, Oracle, check_inner};
use crate::question::Question;
use crate::record::Record;
use relata_data::seed::Purpose;

/// See [`annotator`]. The oracle works with a seed of its own for each name, so that two annotators that are
/// [`noisy`](crate::noisy) do not make the same mistakes.
#[derive(Debug, Clone)]
pub struct Annotator<O = Box<dyn Oracle>> {
    inner: O,
    annotator: String,
}

/// Another oracle as one annotator of this name; annotators of one oracle, such as those of a crowd, need different
/// names.
///
/// ```
/// use relata_oracle::{Oracle, OracleExt, annotator, labels};
///
/// assert_eq!(annotator(labels("label"), "anna").name(), "anna");
/// assert_eq!(labels("label").named("anna").name(), "anna");
/// ```
pub fn annotator<O: Oracle>(oracle: O, name: impl Into<String>) -> Annotator<O> {
    Annotator { inner: oracle, annotator: name.into() }
}

impl Component<dyn Oracle> for Annotator {
    const NAME: &'static str = "annotator";
    const SUMMARY: &'static str = "another oracle under a name of its own";

    fn defaults() -> Option<Description> {
        None
    }

    fn read(description: &Description, registry: &Registry<dyn Oracle>) -> Result<Self, ReadError> {
        description.known(&["annotator", "of"])?;
        let name: String = description.setting("annotator")?;
        Ok(annotator(registry.read_setting(description, "of")?, name))
    }
}

#[async_trait]
impl<O: Oracle> Oracle for Annotator<O> {
    fn describe(&self) -> Description {
        Description::new("annotator").with("annotator", &self.annotator).with("of", self.inner.describe())
    }

    fn inner(&self) -> Vec<&dyn Oracle> {
        vec![&self.inner]
    }

    fn name(&self) -> String {
        self.annotator.clone()
    }

    fn check(&self) -> Result<()> {
        if self.annotator.is_empty() {
            return Err(OracleError::setting("annotator", "annotator", "a name", "\"\""));
        }
        if self.inner.annotators() > 1 {
            let expected = "the name of one annotator: name the members of a crowd, and people sign for themselves";
            let found = format!("`{}` for {} annotators of each question", self.annotator, self.inner.annotators());
            return Err(OracleError::setting("annotator", "annotator", expected, found));
        }
        check_inner(self)
    }

    async fn answer(&self, context: &Context<'_>, questions: &[Question], out: &dyn Record) -> Result<()> {
        let name = XxHash64::oneshot(0, self.annotator.as_bytes());
        let seed = Purpose::Annotator.stream(context.seed, &[name]).random();
        let context = Context { seed, ..*context };
        let rename = |answer: &mut Answer| answer.annotator.clone_from(&self.annotator);
        self.inner.answer(&context, questions, &MapAnswers::new(out, rename)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;
    use crate::{OracleExt, labels, noisy};

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
