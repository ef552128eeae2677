//! Geometry of the test vectors, whatever classifier reads them: effective rank, alignment and uniformity.

use relata_registry::{Description, Settings};
use relata_schemas::samples::LABEL;
use serde::{Deserialize, Serialize};

use super::alignment::alignment;
use super::effective_rank::effective_rank;
use super::error::Result;
use super::evaluation::Evaluation;
use super::moments::Moments;
use super::split::Split;

/// See [`geometry`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Geometry {
    label: String,
}

/// Effective rank (Roy and Vetterli 2007), alignment and uniformity (Wang and Isola 2020) of the test rows; rows of one
/// class in `label` are the positive pairs of the alignment.
///
/// ```
/// use relata::prelude::*;
///
/// assert_eq!(geometry("label").describe().to_string(), "geometry label=label");
/// ```
pub fn geometry(label: impl Into<String>) -> Geometry {
    Geometry { label: label.into() }
}

impl Default for Geometry {
    fn default() -> Self {
        geometry(LABEL)
    }
}

impl Settings for Geometry {
    const NAME: &'static str = "geometry";
    const SUMMARY: &'static str = "effective rank, alignment and uniformity";
}

impl Evaluation for Geometry {
    fn label(&self) -> &str {
        &self.label
    }

    fn measure(&self, split: &Split) -> Result<Vec<(String, f64)>> {
        let rank = effective_rank(&Moments::measure(&split.test)?)?;
        let found = alignment(&split.test, 0)?;
        let named = |name: &str, value| (format!("geometry.{name}"), value);
        let mut values = vec![named("effective_rank", rank), named("uniformity", found.uniformity)];
        values.extend(found.alignment.map(|value| named("alignment", value)));
        Ok(values)
    }

    fn describe(&self) -> Description {
        Description::of(self)
    }
}
