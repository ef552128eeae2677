//! Another oracle's relations with mistakes, for experiments.

use std::path::PathBuf;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{Context, Oracle, Relations};
use crate::seed::stream;
use crate::{OperatorError, Result};

const PURPOSE: u64 = 0x2015e;

/// See [`noisy`].
#[derive(Debug, Clone)]
pub struct Noisy<O> {
    inner: O,
    rate: f64,
}

/// Flips the sign of each edge, or redraws each member's group among all groups, with probability `rate`. Views of one
/// sample stay related.
pub fn noisy<O: Oracle>(inner: O, rate: f64) -> Noisy<O> {
    Noisy { inner, rate }
}

#[async_trait]
impl<O: Oracle> Oracle for Noisy<O> {
    fn describe(&self) -> Value {
        json!({ "oracle": "noisy", "rate": self.rate, "of": self.inner.describe() })
    }

    fn files(&self) -> Vec<PathBuf> {
        self.inner.files()
    }

    fn check(&self) -> Result<()> {
        if !(0.0..=1.0).contains(&self.rate) {
            return Err(OperatorError::setting("noisy", "rate", "in [0, 1]", self.rate));
        }
        self.inner.check()
    }

    async fn relate(&self, context: &Context<'_>, out: &mut Relations) -> Result<()> {
        let before = out.set_noise(Some((self.rate, stream(context.seed, &[PURPOSE]))));
        let result = self.inner.relate(context, out).await;
        out.set_noise(before);
        result
    }
}
