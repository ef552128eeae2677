//! Two graphs mixed as `(1 - alpha) G_a + alpha G_b`.

use relata_registry::Description;
use std::path::PathBuf;

use async_trait::async_trait;

use crate::{Context, Oracle, Relations};
use relata_data::{OperatorError, Result};

/// See [`mix`].
#[derive(Debug, Clone)]
pub struct Mix<A, B> {
    a: A,
    b: B,
    alpha: f32,
}

/// `(1 - alpha) G_a + alpha G_b`, alpha in [0, 1]: from self-supervised (0) to supervised (1) with one number
/// (Cabannes et al. 2023, section 3).
pub fn mix<A: Oracle, B: Oracle>(a: A, b: B, alpha: f32) -> Mix<A, B> {
    Mix { a, b, alpha }
}

#[async_trait]
impl<A: Oracle, B: Oracle> Oracle for Mix<A, B> {
    fn describe(&self) -> Description {
        Description::new("mix").with("alpha", &self.alpha).with("a", self.a.describe()).with("b", self.b.describe())
    }

    fn files(&self) -> Vec<PathBuf> {
        self.a.files().into_iter().chain(self.b.files()).collect()
    }

    fn check(&self) -> Result<()> {
        if !(0.0..=1.0).contains(&self.alpha) {
            return Err(OperatorError::setting("mix", "alpha", "in [0, 1]", self.alpha));
        }
        self.a.check()?;
        self.b.check()
    }

    async fn relate(&self, context: &Context<'_>, out: &mut Relations) -> Result<()> {
        if self.alpha < 1.0 {
            let before = out.scale(1.0 - self.alpha);
            let result = self.a.relate(context, out).await;
            out.restore_scale(before);
            result?;
        }
        if self.alpha > 0.0 {
            let before = out.scale(self.alpha);
            let result = self.b.relate(context, out).await;
            out.restore_scale(before);
            result?;
        }
        Ok(())
    }
}
