//! Mix of two graphs: `(1 - alpha) G_a + alpha G_b`.

use async_trait::async_trait;
use relata_graph::Relations;
use relata_registry::{Component, Description, ReadError, Registry};

use crate::error::{OracleError, Result};
use crate::oracle::{Context, Oracle, check_inner};

/// See [`mix`].
#[derive(Debug, Clone)]
pub struct Mix<A = Box<dyn Oracle>, B = Box<dyn Oracle>> {
    a: A,
    b: B,
    alpha: f32,
}

/// `(1 - alpha) G_a + alpha G_b`, alpha in [0, 1]: from self-supervised (0) to supervised (1) with one number
/// (Cabannes et al. 2023, section 3).
///
/// ```
/// use relata_oracle::{Oracle, mix, same_label, same_sample};
///
/// assert!(mix(same_sample(), same_label("label"), 0.3).check().is_ok());
/// assert!(mix(same_sample(), same_label("label"), 1.3).check().is_err());
/// ```
pub fn mix<A: Oracle, B: Oracle>(a: A, b: B, alpha: f32) -> Mix<A, B> {
    Mix { a, b, alpha }
}

impl Component<dyn Oracle> for Mix {
    const NAME: &'static str = "mix";
    const SUMMARY: &'static str = "two graphs mixed as (1 - alpha) a + alpha b";

    fn defaults() -> Option<Description> {
        None
    }

    fn read(description: &Description, registry: &Registry<dyn Oracle>) -> Result<Self, ReadError> {
        description.known(&["alpha", "a", "b"])?;
        Ok(Self {
            a: registry.read_setting(description, "a")?,
            b: registry.read_setting(description, "b")?,
            alpha: description.setting("alpha")?,
        })
    }
}

#[async_trait]
impl<A: Oracle, B: Oracle> Oracle for Mix<A, B> {
    fn describe(&self) -> Description {
        Description::new("mix").with("alpha", self.alpha).with("a", self.a.describe()).with("b", self.b.describe())
    }

    fn inner(&self) -> Vec<&dyn Oracle> {
        vec![&self.a, &self.b]
    }

    fn check(&self) -> Result<()> {
        if !(0.0..=1.0).contains(&self.alpha) {
            return Err(OracleError::setting("mix", "alpha", "in [0, 1]", self.alpha));
        }
        check_inner(self)
    }

    fn check_answer(&self) -> Result<()> {
        Err(OracleError::cannot_answer(self.describe().name))
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
