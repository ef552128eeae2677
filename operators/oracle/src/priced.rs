//! Priced oracle: another oracle at a cost.

use std::collections::HashMap;

use async_trait::async_trait;
use relata_registry::{Component, Description, ReadError, Registry};

use crate::answer::Answer;
use crate::cost::Cost;
use crate::error::{OracleError, Result};
use crate::map_answers::MapAnswers;
use crate::oracle::{Context, Oracle, check_inner};
use crate::question::Question;
use crate::record::Record;

/// See [`priced`].
#[derive(Debug, Clone)]
pub struct Priced<O = Box<dyn Oracle>> {
    inner: O,
    cost: Cost,
}

/// Another oracle at this price of each annotator, in the units of the budget.
///
/// ```
/// use relata_oracle::{Oracle, OracleExt, labels, priced};
///
/// assert_eq!(priced(labels("label"), 3.0, 0.5).cost().of(4), 5.0);
/// assert_eq!(labels("label").priced(3.0, 0.5).cost().of(4), 5.0);
/// ```
pub fn priced<O: Oracle>(oracle: O, per_question: f64, per_candidate: f64) -> Priced<O> {
    Priced { inner: oracle, cost: Cost { per_question, per_candidate } }
}

impl Component<dyn Oracle> for Priced {
    const NAME: &'static str = "priced";
    const SUMMARY: &'static str = "another oracle at a price";

    fn defaults() -> Option<Description> {
        None
    }

    fn read(description: &Description, registry: &Registry<dyn Oracle>) -> Result<Self, ReadError> {
        description.known(&["per_question", "per_candidate", "of"])?;
        let (question, candidate) = (description.setting("per_question")?, description.setting("per_candidate")?);
        Ok(priced(registry.read_setting(description, "of")?, question, candidate))
    }
}

#[async_trait]
impl<O: Oracle> Oracle for Priced<O> {
    fn describe(&self) -> Description {
        Description::new("priced")
            .with("per_question", self.cost.per_question)
            .with("per_candidate", self.cost.per_candidate)
            .with("of", self.inner.describe())
    }

    fn inner(&self) -> Vec<&dyn Oracle> {
        vec![&self.inner]
    }

    fn check(&self) -> Result<()> {
        let prices = [("per_question", self.cost.per_question), ("per_candidate", self.cost.per_candidate)];
        for (setting, price) in prices {
            if !(price.is_finite() && price >= 0.0) {
                return Err(OracleError::setting("priced", setting, "a number from 0", price));
            }
        }
        check_inner(self)
    }

    async fn answer(&self, context: &Context<'_>, questions: &[Question], out: &dyn Record) -> Result<()> {
        let sizes: HashMap<u64, usize> = questions.iter().map(|q| (q.question, q.candidates.len())).collect();
        let price = |answer: &mut Answer| {
            answer.cost = sizes.get(&answer.question).map_or(0.0, |&candidates| self.cost.of_each(candidates)) as f32;
        };
        self.inner.answer(context, questions, &MapAnswers::new(out, price)).await
    }

    fn cost(&self) -> Cost {
        self.cost.times(self.inner.annotators())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;
    use crate::{OracleExt, labels};

    #[test]
    fn a_question_costs_the_price_of_each_annotator() {
        struct Three;
        #[async_trait]
        impl Oracle for Three {
            fn describe(&self) -> Description {
                Description::new("three")
            }

            fn annotators(&self) -> usize {
                3
            }
        }
        assert_eq!(Three.priced(1.0, 0.5).cost(), Cost { per_question: 3.0, per_candidate: 1.5 });
    }

    #[tokio::test]
    async fn the_candidates_of_a_question_share_its_price() {
        let fixture = Fixture::new("id,x,label\n1,0,a\n2,0,a\n3,0,b\n").await;
        let questions = [Fixture::question(1, 1, &[2, 3]), Fixture::question(2, 3, &[1])];
        let oracle = labels("label").priced(3.0, 0.5);
        let costs: Vec<f32> = fixture.ask(&oracle, &questions).await.unwrap().iter().map(|a| a.cost).collect();
        assert_eq!(costs, [2.0, 2.0, 3.5]);
        assert_eq!(oracle.cost().of(4), 5.0);
        assert_eq!(labels("label").cost().of(4), 4.0);
        assert!(labels("label").priced(-1.0, 0.0).check().is_err());
        assert!(labels("label").priced(0.0, f64::NAN).check().is_err());
    }
}
