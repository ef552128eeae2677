//! Same-sample oracle: two views of one sample are related, the self-supervised graph.

use async_trait::async_trait;
use relata_graph::Relations;
use relata_registry::{Description, Settings};
use serde::{Deserialize, Serialize};

use crate::error::{OracleError, Result};
use crate::oracle::{Context, Oracle};

/// See [`same_sample`].
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct SameSample;

impl Settings for SameSample {
    const NAME: &'static str = "same_sample";
    const SUMMARY: &'static str = "two views of one sample are related";
}

/// Views of one sample are positives of each other (SimCLR, VICReg and Barlow Twins train on this graph alone).
///
/// ```
/// use relata_oracle::{Oracle, same_sample};
///
/// assert_eq!(same_sample().describe().to_string(), "same_sample");
/// ```
pub fn same_sample() -> SameSample {
    SameSample
}

#[async_trait]
impl Oracle for SameSample {
    fn describe(&self) -> Description {
        Description::of(self)
    }

    fn check_answer(&self) -> Result<()> {
        Err(OracleError::cannot_answer(self.describe().name))
    }

    fn needs_views(&self) -> bool {
        true
    }

    async fn relate(&self, _: &Context<'_>, out: &mut Relations) -> Result<()> {
        Ok(out.views(1.0)?)
    }
}
