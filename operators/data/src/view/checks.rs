//! Checks of shapes and settings, as errors that name the view and the setting.

use relata_schemas::FeatureShape;

use crate::{DataError, Result};

/// An error unless the samples are images.
pub(super) fn image(view: &str, shape: &FeatureShape) -> Result<()> {
    match shape.as_image() {
        Some(_) => Ok(()),
        None => Err(DataError::setting(
            view,
            "features",
            "images (an arrow.fixed_shape_tensor of channels x height x width)",
            format!("{shape}, a vector. Use noise, dropout or resample, or store the features as images"),
        )),
    }
}

/// An error unless the samples are rows of a table.
pub(super) fn table(view: &str, shape: &FeatureShape) -> Result<()> {
    match shape.is_table() {
        true => Ok(()),
        false => {
            let expected = "rows of a table, whose columns are named by `.fields([..])` or found by their types";
            Err(DataError::setting(view, "features", expected, shape))
        }
    }
}

/// An error unless the setting holds what is expected of it.
pub(super) fn setting(view: &str, name: &str, holds: bool, expected: &str, found: impl ToString) -> Result<()> {
    if holds { Ok(()) } else { Err(DataError::setting(view, name, expected, found)) }
}

/// An error unless `p` is a probability.
pub(super) fn probability(view: &str, p: f64) -> Result<()> {
    setting(view, "probability", (0.0..=1.0).contains(&p), "in [0, 1]", p)
}
