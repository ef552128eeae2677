//! Another oracle at a price.

use relata_registry::Description;
use std::collections::HashMap;
use std::path::PathBuf;

use async_trait::async_trait;

use crate::changed::Changed;
use crate::{Answer, Context, Cost, Oracle, Question, Record, Relations};
use relata_data::{OperatorError, Result};

/// See [`Oracle::priced`].
#[derive(Debug, Clone)]
pub struct Priced<O> {
    inner: O,
    cost: Cost,
}

impl<O> Priced<O> {
    pub(super) fn new(inner: O, cost: Cost) -> Self {
        Self { inner, cost }
    }
}

#[async_trait]
impl<O: Oracle> Oracle for Priced<O> {
    fn describe(&self) -> Description {
        Description::new("priced")
            .with("per_question", &self.cost.per_question)
            .with("per_candidate", &self.cost.per_candidate)
            .with("of", self.inner.describe())
    }

    fn files(&self) -> Vec<PathBuf> {
        self.inner.files()
    }

    fn check(&self) -> Result<()> {
        let prices = [("per_question", self.cost.per_question), ("per_candidate", self.cost.per_candidate)];
        for (setting, price) in prices {
            if !(price.is_finite() && price >= 0.0) {
                return Err(OperatorError::setting("priced", setting, "a number from 0", price));
            }
        }
        self.inner.check()
    }

    async fn relate(&self, context: &Context<'_>, out: &mut Relations) -> Result<()> {
        self.inner.relate(context, out).await
    }

    async fn answer(&self, context: &Context<'_>, questions: &[Question], out: &dyn Record) -> Result<()> {
        let sizes: HashMap<u64, usize> = questions.iter().map(|q| (q.question, q.candidates.len())).collect();
        let price = |answer: &mut Answer| {
            answer.cost = sizes.get(&answer.question).map_or(0.0, |&candidates| self.cost.of_each(candidates)) as f32;
        };
        self.inner.answer(context, questions, &Changed::new(out, price)).await
    }

    fn cost(&self) -> Cost {
        self.cost.times(self.inner.annotators())
    }

    fn annotators(&self) -> usize {
        self.inner.annotators()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;
    use crate::labels;

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
