//! The shape that trees have to keep to: in which direction log-odds may move with a feature, and where trees may
//! split.

use crate::error::{self, DecideError, Result};
use crate::pair_model::features::Features;

/// How log-odds may depend on a feature while the others stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// In any way.
    #[default]
    Free,
    /// They never fall where the feature rises.
    Rising,
    /// They never rise where the feature rises.
    Falling,
}

impl Direction {
    /// Whether a split into these two leaf values, of the smaller and of the larger feature values, is allowed.
    pub(super) fn allows(self, first: f64, second: f64) -> bool {
        match self {
            Self::Free => true,
            Self::Rising => first <= second,
            Self::Falling => first >= second,
        }
    }

    /// The bounds of the leaf values on both sides of such a split. Both are kept from crossing the middle of the two,
    /// so that the splits below cannot undo the order.
    pub(super) fn bounds(self, (low, high): (f64, f64), first: f64, second: f64) -> [(f64, f64); 2] {
        let middle = (first + second) / 2.0;
        match self {
            Self::Free => [(low, high), (low, high)],
            Self::Rising => [(low, middle), (middle, high)],
            Self::Falling => [(middle, high), (low, middle)],
        }
    }
}

/// What trees have to keep to. Monotone constraints as in XGBoost: a split against the direction of its feature is not
/// made, and the middle of its two values bounds all leaves below.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    /// By feature; empty if all are free.
    pub directions: Vec<Direction>,
    /// By feature: where trees may split, ascending, fewer than 256 each; empty to take the values of the pairs that
    /// the trees are grown on.
    pub split_points: Vec<Vec<f64>>,
}

impl Shape {
    /// Split points at the quantiles 1/bins, .., (bins - 1)/bins of each feature, interpolated linearly and each once.
    /// Of many pairs without answers, they say more than the few with one.
    pub fn quantiles(features: &Features<'_>, bins: usize) -> Vec<Vec<f64>> {
        let of = |feature: usize| {
            let mut values: Vec<f64> = (0..features.rows()).map(|row| features.row(row)[feature]).collect();
            values.sort_unstable_by(f64::total_cmp);
            let Some(last) = values.len().checked_sub(1) else { return Vec::new() };
            let quantile = |part: usize| {
                let at = last as f64 * part as f64 / bins as f64;
                let below = at as usize;
                let above = values[(below + 1).min(last)];
                values[below] + (above - values[below]) * (at - below as f64)
            };
            let mut found: Vec<f64> = (1..bins).map(quantile).collect();
            // Rounding may turn two neighbours round.
            found.sort_unstable_by(f64::total_cmp);
            found.dedup();
            found
        };
        (0..features.width()).map(of).collect()
    }

    pub(super) fn direction(&self, feature: usize) -> Direction {
        self.directions.get(feature).copied().unwrap_or_default()
    }

    /// Refuses a shape that does not fit the number of features.
    pub(super) fn check(&self, width: usize) -> Result<()> {
        for (what, found) in [("directions", self.directions.len()), ("split points", self.split_points.len())] {
            if found > 0 {
                error::same_length(what, width, found)?;
            }
        }
        for (feature, points) in self.split_points.iter().enumerate() {
            let ascending = points.windows(2).all(|two| two[0] < two[1]) && points.iter().all(|at| at.is_finite());
            if !ascending || points.len() >= super::bins::MOST {
                let expected = "fewer than 256 finite numbers, ascending";
                let found = points.len() as f64;
                return Err(DecideError::Value { what: "split points of feature", position: feature, expected, found });
            }
        }
        Ok(())
    }
}
