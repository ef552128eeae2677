//! Label noise: another oracle's relations and answers with mistakes, for experiments.

use async_trait::async_trait;
use rand::RngExt;
use relata_graph::Relations;
use relata_registry::{Component, Description, ReadError, Registry};
use twox_hash::XxHash64;

use crate::answer::Answer;
use crate::error::{OracleError, Result};
use crate::map_answers::MapAnswers;
use crate::oracle::{Context, Oracle, check_inner};
use crate::question::Question;
use crate::record::Record;
use relata_data::seed::Purpose;

/// See [`noisy`].
#[derive(Debug, Clone)]
pub struct Noisy<O = Box<dyn Oracle>> {
    inner: O,
    rate: f64,
    yes_error: f64,
    no_error: f64,
    passes: f64,
}

/// Flips the sign of each edge with probability `rate`, and redraws each member's group, and one group of each
/// cannot-link, among all groups with that probability. Views of one sample stay related. An answer is wrong with the
/// same probability, and stays the same however often the annotator is asked about the pair.
///
/// ```
/// use relata_oracle::{Oracle, labels, noisy};
///
/// // A tenth of the answers is wrong, and a fifth is passed.
/// let oracle = noisy(labels("label"), 0.1).with_passes(0.2);
/// assert!(oracle.check().is_ok());
/// assert!(noisy(labels("label"), 1.1).check().is_err());
/// ```
pub fn noisy<O: Oracle>(inner: O, rate: f64) -> Noisy<O> {
    Noisy { inner, rate, yes_error: rate, no_error: rate, passes: 0.0 }
}

impl Component<dyn Oracle> for Noisy {
    const NAME: &'static str = "noisy";
    const SUMMARY: &'static str = "another oracle with mistakes (label noise)";

    fn defaults() -> Option<Description> {
        None
    }

    fn read(description: &Description, registry: &Registry<dyn Oracle>) -> Result<Self, ReadError> {
        description.known(&["rate", "yes_error", "no_error", "passes", "of"])?;
        Ok(Self {
            inner: registry.read_setting(description, "of")?,
            rate: description.setting("rate")?,
            yes_error: description.setting("yes_error")?,
            no_error: description.setting("no_error")?,
            passes: description.setting("passes")?,
        })
    }
}

impl<O> Noisy<O> {
    /// Of the answers, those about related pairs are wrong with probability `yes_error` ("no" instead of "yes"), those
    /// about unrelated pairs with probability `no_error`.
    ///
    /// ```
    /// use relata_oracle::{Oracle, labels, noisy};
    ///
    /// // Misses a fifth of the related pairs, and takes one in a hundred unrelated ones for related.
    /// let oracle = noisy(labels("label"), 0.0).with_errors(0.2, 0.01);
    /// assert_eq!(oracle.describe()["yes_error"], 0.2);
    /// ```
    pub fn with_errors(mut self, yes_error: f64, no_error: f64) -> Self {
        (self.yes_error, self.no_error) = (yes_error, no_error);
        self
    }

    /// Instead of an answer comes a pass with probability `rate`.
    ///
    /// ```
    /// use relata_oracle::{Oracle, labels, noisy};
    ///
    /// assert_eq!(noisy(labels("label"), 0.1).with_passes(0.3).describe()["passes"], 0.3);
    /// ```
    pub fn with_passes(mut self, rate: f64) -> Self {
        self.passes = rate;
        self
    }

    fn disturb(&self, seed: u64, answer: &mut Answer) {
        let Some(related) = answer.related else { return };
        let (a, b) = (answer.anchor.min(answer.candidate), answer.anchor.max(answer.candidate));
        let annotator = XxHash64::oneshot(0, answer.annotator.as_bytes());
        let mut random = Purpose::NoisyAnswers.stream(seed, &[a.0, b.0, annotator]);
        let (error, pass): (f64, f64) = (random.random(), random.random());
        let wrong = error < if related { self.yes_error } else { self.no_error };
        answer.related = (pass >= self.passes).then_some(related != wrong);
    }
}

#[async_trait]
impl<O: Oracle> Oracle for Noisy<O> {
    fn describe(&self) -> Description {
        Description::new("noisy")
            .with("rate", self.rate)
            .with("yes_error", self.yes_error)
            .with("no_error", self.no_error)
            .with("passes", self.passes)
            .with("of", self.inner.describe())
    }

    fn inner(&self) -> Vec<&dyn Oracle> {
        vec![&self.inner]
    }

    fn check(&self) -> Result<()> {
        let rates =
            [("rate", self.rate), ("yes_error", self.yes_error), ("no_error", self.no_error), ("passes", self.passes)];
        for (setting, rate) in rates {
            if !(0.0..=1.0).contains(&rate) {
                return Err(OracleError::setting("noisy", setting, "in [0, 1]", rate));
            }
        }
        check_inner(self)
    }

    async fn relate(&self, context: &Context<'_>, out: &mut Relations) -> Result<()> {
        out.add_noise(self.rate, context.seed);
        let result = self.inner.relate(context, out).await;
        out.restore_noise();
        result
    }

    async fn answer(&self, context: &Context<'_>, questions: &[Question], out: &dyn Record) -> Result<()> {
        let disturb = |answer: &mut Answer| self.disturb(context.seed, answer);
        self.inner.answer(context, questions, &MapAnswers::new(out, disturb)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;
    use crate::{OracleExt, labels};

    /// 120 rows of two classes, and every pair of them once.
    async fn all_pairs() -> (Fixture, Vec<Question>) {
        let rows: String = (0..120).map(|id| format!("{id},0,{}\n", id % 2)).collect();
        let fixture = Fixture::new(&format!("id,x,label\n{rows}")).await;
        let rest = |anchor: u64| (anchor + 1..120).collect::<Vec<_>>();
        let questions = (0..119).map(|anchor| Fixture::question(anchor, anchor, &rest(anchor))).collect();
        (fixture, questions)
    }

    #[tokio::test]
    async fn errors_and_passes_have_their_rates() {
        let (fixture, questions) = all_pairs().await;
        let oracle = noisy(labels("label"), 0.5).with_errors(0.1, 0.3).with_passes(0.2);
        let mut answers = Vec::new();
        for annotator in ["anna", "ben", "carla", "dan", "eva"] {
            answers.extend(fixture.ask(&oracle.clone().named(annotator), &questions).await.unwrap());
        }
        let share = |of: &dyn Fn(&Answer) -> bool, what: &dyn Fn(&Answer) -> bool| {
            let of: Vec<_> = answers.iter().filter(|a| of(a)).collect();
            of.iter().filter(|a| what(a)).count() as f64 / of.len() as f64
        };
        let truth = |a: &Answer| a.anchor.0 % 2 == a.candidate.0 % 2;
        let answered = |a: &Answer| a.related.is_some();
        let wrong = |a: &Answer| a.related == Some(!truth(a));
        // About 14,000 answers of each kind: five standard deviations are 0.02 at most.
        assert!((share(&|_| true, &|a| !answered(a)) - 0.2).abs() < 0.02);
        assert!((share(&|a| answered(a) && truth(a), &wrong) - 0.1).abs() < 0.02);
        assert!((share(&|a| answered(a) && !truth(a), &wrong) - 0.3).abs() < 0.02);
    }

    #[tokio::test]
    async fn asking_again_or_the_other_way_round_changes_nothing() {
        let (fixture, questions) = all_pairs().await;
        let oracle = noisy(labels("label"), 0.4);
        let first = fixture.said(&oracle, &questions).await;
        assert_eq!(fixture.said(&oracle, &questions).await, first);
        let turned: Vec<_> = (1..120).map(|candidate| Fixture::question(candidate, candidate, &[0])).collect();
        assert_eq!(fixture.said(&oracle, &turned).await, first[..119]);
        let exact = fixture.said(&labels("label"), &questions).await;
        assert_eq!(fixture.said(&noisy(labels("label"), 0.0), &questions).await, exact);
        let opposite: Vec<_> = exact.iter().map(|related| related.map(|yes| !yes)).collect();
        assert_eq!(fixture.said(&noisy(labels("label"), 1.0), &questions).await, opposite);
    }

    #[test]
    fn rates_beyond_one_are_refused() {
        assert!(noisy(labels("label"), 1.1).check().is_err());
        assert!(noisy(labels("label"), 0.1).with_errors(0.0, -0.1).check().is_err());
        assert!(noisy(labels("label"), 0.1).with_passes(f64::NAN).check().is_err());
        assert!(noisy(labels("label"), 0.1).with_errors(0.0, 1.0).check().is_ok());
    }
}
