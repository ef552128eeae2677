//! Oracles: whoever can say that samples are related. Passive oracles state their relations unasked, active ones answer
//! questions; some do both.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod changed;
mod edge_file;
#[cfg(test)]
mod fixture;
mod mix;
mod named;
mod nearest;
mod noisy;
mod priced;
mod question;

mod rule;
mod same_sample;
mod same_value;
mod weighted;

use relata_registry::Description;
use std::path::PathBuf;

use async_trait::async_trait;

use relata_data::source::Samples;
use relata_data::{OperatorError, Result, Session};

pub use edge_file::{EdgeFile, edges};
pub use mix::{Mix, mix};
pub use named::Named;
pub use nearest::{Nearest, nearest};
pub use noisy::{Noisy, noisy};
pub use priced::Priced;
pub use question::{Answer, Cost, Question, Record};
pub use relata_graph::{Conflict, Relations, Stated};
pub use rule::{Rule, rule};
pub use same_sample::{SameSample, same_sample};
pub use same_value::{SameValue, labels, same_label, same_value};
pub use weighted::Weighted;

/// What an oracle may look at.
pub struct Context<'a> {
    /// SQL over `samples` (every row: `id` and all non-feature columns) and `training` (the rows trained on).
    pub session: &'a Session,
    /// Ids and features by row number.
    pub samples: &'a Samples,
    /// The pipeline's seed.
    pub seed: u64,
}

/// A source of relations between samples. Implement `describe` and `relate` (unasked) or `answer` (asked), or both, to
/// plug in your own.
#[async_trait]
pub trait Oracle: Send + Sync {
    /// Name and settings, for the plan.
    fn describe(&self) -> Description;

    /// Files that the answers depend on; a run is not resumed if they have changed.
    fn files(&self) -> Vec<PathBuf> {
        vec![]
    }

    /// Refuses settings that make no sense, before any work starts.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// States every relation that this oracle knows about.
    async fn relate(&self, context: &Context<'_>, out: &mut Relations) -> Result<()> {
        let _ = (context, out);
        Err(OperatorError::Unsupported {
            oracle: self.describe().name,
            what: "state relations unasked",
            hint: "Ask it: `.ask(oracle, strategy)` instead of `.relate(oracle)`.",
        })
    }

    /// Answers questions: records one answer per candidate, or one per candidate and annotator, as soon as it has
    /// them. Answers that were recorded before an error are kept, and what is missing then is asked again.
    async fn answer(&self, context: &Context<'_>, questions: &[Question], out: &dyn Record) -> Result<()> {
        let _ = (context, questions, out);
        Err(OperatorError::Unsupported {
            oracle: self.describe().name,
            what: "answer questions",
            hint: "Let it state what it knows: `.relate(oracle)` instead of `.ask(oracle, strategy)`.",
        })
    }

    /// What a question costs, all annotators that answer it together.
    fn cost(&self) -> Cost {
        Cost::default()
    }

    /// How many annotators answer each question, as long as none fails. Questions that fewer have answered are asked
    /// again when a run is resumed.
    fn annotators(&self) -> usize {
        1
    }

    /// The same relations with all weights, and the same answers with all confidences, multiplied by `factor` in (0, 1].
    fn weighted(self, factor: f32) -> Weighted<Self>
    where
        Self: Sized,
    {
        Weighted::new(self, factor)
    }

    /// The same oracle as one annotator of this name; annotators of one oracle, such as those of a crowd, need
    /// different names.
    fn named(self, annotator: impl Into<String>) -> Named<Self>
    where
        Self: Sized,
    {
        Named::new(self, annotator.into())
    }

    /// The same oracle at another price, in the units of the budget.
    fn priced(self, per_question: f64, per_candidate: f64) -> Priced<Self>
    where
        Self: Sized,
    {
        Priced::new(self, Cost { per_question, per_candidate })
    }
}

#[async_trait]
impl<O: Oracle + ?Sized> Oracle for Box<O> {
    fn describe(&self) -> Description {
        (**self).describe()
    }

    fn files(&self) -> Vec<PathBuf> {
        (**self).files()
    }

    fn check(&self) -> Result<()> {
        (**self).check()
    }

    async fn relate(&self, context: &Context<'_>, out: &mut Relations) -> Result<()> {
        (**self).relate(context, out).await
    }

    async fn answer(&self, context: &Context<'_>, questions: &[Question], out: &dyn Record) -> Result<()> {
        (**self).answer(context, questions, out).await
    }

    fn cost(&self) -> Cost {
        (**self).cost()
    }

    fn annotators(&self) -> usize {
        (**self).annotators()
    }
}
