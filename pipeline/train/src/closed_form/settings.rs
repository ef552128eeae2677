//! Closed form: the settings of the exact optimum.

use relata_registry::Description;
use serde::{Deserialize, Serialize};

use super::kernel::Kernel;
use crate::error::{Result, TrainError};

/// See [`closed_form`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosedForm {
    pub(super) kernel: Kernel,
    pub(super) ridge: f64,
    pub(super) width: usize,
    // Not left out: none is another setting than the default.
    #[serde(deserialize_with = "Option::deserialize")]
    pub(super) cutoff: Option<f64>,
    pub(super) normalised: bool,
    #[serde(default)]
    pub(super) first_views: bool,
}

/// Embeddings of `width` dimensions with ridge 1e-3. For training sets of up to some 10^4 rows: memory grows with their
/// square and time with their cube.
///
/// ```
/// use relata_schemas::InducedEdges;
/// use relata_train::closed_form::{Kernel, closed_form};
///
/// // Four samples of one number each; the first two are related.
/// let edges = InducedEdges { nodes: 4, src: vec![0], dst: vec![1], weight: vec![1.0] };
/// let settings = closed_form(Kernel::Rbf { width: 1.0 }, 2).with_ridge(1e-2);
/// let solution = settings.solve(vec![0.0, 0.1, 2.0, 2.1], 1, &edges)?;
/// assert_eq!(solution.embed(&[0.5]).len(), 2);
/// # Ok::<(), relata_train::TrainError>(())
/// ```
pub fn closed_form(kernel: Kernel, width: usize) -> ClosedForm {
    ClosedForm { kernel, ridge: 1e-3, width, cutoff: Some(1e-5), normalised: false, first_views: false }
}

impl ClosedForm {
    /// The ridge `lambda`, above 0.
    ///
    /// ```
    /// use relata_train::closed_form::{Kernel, closed_form};
    ///
    /// assert_eq!(closed_form(Kernel::Linear, 8).with_ridge(0.01).describe()["ridge"], 0.01);
    /// ```
    pub fn with_ridge(mut self, ridge: f64) -> Self {
        self.ridge = ridge;
        self
    }

    /// The pseudo-inverse of the kernel matrix takes eigenvalues below `cutoff` / rows for 0 (by default 1e-5 / rows);
    /// with none, only those that rounding cannot tell from 0.
    ///
    /// ```
    /// use relata_train::closed_form::{Kernel, closed_form};
    ///
    /// assert!(closed_form(Kernel::Linear, 8).with_cutoff(None).describe()["cutoff"].is_null());
    /// ```
    pub fn with_cutoff(mut self, cutoff: impl Into<Option<f64>>) -> Self {
        self.cutoff = cutoff.into();
        self
    }

    /// Divides every edge by the square roots of its rows' degrees, so that rows with many known relations do not take
    /// the top eigenvectors for themselves. With neighbours as a prior this makes a few answers harmless.
    ///
    /// ```
    /// use relata_train::closed_form::{Kernel, closed_form};
    ///
    /// assert_eq!(closed_form(Kernel::Linear, 8).normalised().describe()["normalised"], true);
    /// ```
    pub fn normalised(mut self) -> Self {
        self.normalised = true;
        self
    }

    /// Relations between different samples hold for the first view of each alone; the other views are related to those of
    /// their own sample only. Without it, a relation between two samples holds between all their views, as in training.
    ///
    /// ```
    /// use relata_train::closed_form::{Kernel, closed_form};
    ///
    /// let settings = closed_form(Kernel::Laplace { width: 1.0 }, 5).with_cutoff(None).on_first_views();
    /// assert_eq!(settings.describe()["first_views"], true);
    /// ```
    pub fn on_first_views(mut self) -> Self {
        self.first_views = true;
        self
    }

    /// Refuses fewer training rows (each with all its views) than dimensions.
    pub fn check_rows(&self, rows: usize) -> Result<()> {
        match self.width > rows {
            true => {
                Err(TrainError::setting("closed_form", "width", format!("at most {rows} (training rows)"), self.width))
            }
            false => Ok(()),
        }
    }

    /// Whether relations between samples are those of their first views alone.
    pub fn is_on_first_views(&self) -> bool {
        self.first_views
    }

    /// Width of the embedding.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Name and settings, for the plan.
    pub fn describe(&self) -> Description {
        Description::of_fields("closed_form", self)
    }

    /// Refuses settings that make no sense.
    pub fn check(&self) -> Result<()> {
        self.kernel.check()?;
        if !(self.ridge > 0.0 && self.ridge.is_finite()) {
            return Err(TrainError::setting("closed_form", "ridge", "above 0", self.ridge));
        }
        if self.width == 0 {
            return Err(TrainError::setting("closed_form", "width", "above 0", 0));
        }
        match self.cutoff {
            Some(cutoff) if !(cutoff > 0.0 && cutoff.is_finite()) => {
                Err(TrainError::setting("closed_form", "cutoff", "above 0, or none", cutoff))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_written_and_read_back() {
        for kernel in [Kernel::Linear, Kernel::Rbf { width: 0.5 }] {
            for settings in [closed_form(kernel, 3), closed_form(kernel, 3).with_cutoff(None).normalised()] {
                let mut description = settings.describe();
                assert_eq!(description.settings::<ClosedForm>().unwrap(), settings);
                description.values.remove("cutoff");
                assert!(description.settings::<ClosedForm>().is_err());
            }
        }
    }
}
