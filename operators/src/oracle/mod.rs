//! Oracles: whoever can say that samples are related. Passive oracles state their relations unasked.

mod edge_file;
mod mix;
mod nearest;
mod noisy;
mod relations;
mod rule;
mod same_sample;
mod same_value;
mod weighted;

use std::path::PathBuf;

use async_trait::async_trait;
use serde_json::Value;

use crate::source::Samples;
use crate::{Result, Session};

pub use edge_file::{EdgeFile, edges};
pub use mix::{Mix, mix};
pub use nearest::{Nearest, nearest};
pub use noisy::{Noisy, noisy};
pub use relations::{Relations, Stated};
pub use rule::{Rule, rule};
pub use same_sample::{SameSample, same_sample};
pub use same_value::{SameValue, same_label, same_value};
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

/// A source of relations between samples. Implement `describe` and `relate` to plug in your own.
#[async_trait]
pub trait Oracle: Send + Sync {
    /// Name and settings, for the plan.
    fn describe(&self) -> Value;

    /// Files that the answers depend on; a run is not resumed if they have changed.
    fn files(&self) -> Vec<PathBuf> {
        vec![]
    }

    /// Refuses settings that make no sense, before any work starts.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// States every relation that this oracle knows about.
    async fn relate(&self, context: &Context<'_>, out: &mut Relations) -> Result<()>;

    /// The same relations with all weights multiplied by `factor` in (0, 1].
    fn weighted(self, factor: f32) -> Weighted<Self>
    where
        Self: Sized,
    {
        Weighted::new(self, factor)
    }
}

#[async_trait]
impl<O: Oracle + ?Sized> Oracle for Box<O> {
    fn describe(&self) -> Value {
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
}
