//! Two views of one sample are related: the self-supervised graph.

use async_trait::async_trait;
use relata_registry::Description;

use crate::{Context, Oracle, Relations};
use relata_data::Result;

/// See [`same_sample`].
#[derive(Debug, Clone, Copy)]
pub struct SameSample;

/// Views of one sample are positives of each other (SimCLR, VICReg and Barlow Twins train on this graph alone).
pub fn same_sample() -> SameSample {
    SameSample
}

#[async_trait]
impl Oracle for SameSample {
    fn describe(&self) -> Description {
        Description::new("same_sample")
    }

    async fn relate(&self, _: &Context<'_>, out: &mut Relations) -> Result<()> {
        out.views(1.0)
    }
}
