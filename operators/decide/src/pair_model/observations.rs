//! Observations: pairs of which it is known whether they are the same entity.

use super::features::Features;
use crate::error::{self, DecideError, Result};

/// What a pair model learns from: features, targets, weights and offsets of labelled pairs.
///
/// ```
/// use relata_decide::pair_model::{Features, Observations};
///
/// let features = Features::new(&[0.9, 0.2, 0.4], 3, 1)?;
/// let observations = Observations::new(features, &[1.0, 0.0, 0.5])?.with_weights(&[1.0, 3.0, 1.0])?;
/// assert!(observations.with_offsets(&[0.0, f64::NAN, 0.0]).is_err());
/// # Ok::<(), relata_decide::DecideError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Observations<'a> {
    features: Features<'a>,
    targets: &'a [f64],
    weights: Vec<f64>,
    offsets: Vec<f64>,
}

/// A labelled pair.
#[derive(Debug, Clone, Copy)]
pub(super) struct Observation<'a> {
    pub features: &'a [f64],
    pub target: f64,
    pub weight: f64,
    pub offset: f64,
}

impl<'a> Observations<'a> {
    /// Pairs of weight 1. A target is 1 where the pair is the same entity and 0 where it is not, or a probability.
    pub fn new(features: Features<'a>, targets: &'a [f64]) -> Result<Self> {
        error::same_length("targets", features.rows(), targets.len())?;
        targets.iter().enumerate().try_for_each(|(row, &target)| error::share("target", row, target))?;
        let rows = features.rows();
        Ok(Self { features, targets, weights: vec![1.0; rows], offsets: vec![0.0; rows] })
    }

    /// How much each pair counts, at least 0.
    pub fn with_weights(mut self, weights: &[f64]) -> Result<Self> {
        error::same_length("weights", self.features.rows(), weights.len())?;
        weights.iter().enumerate().try_for_each(|(row, &weight)| error::weight(row, weight))?;
        self.weights = weights.to_vec();
        Ok(self)
    }

    /// Log-odds of each pair that are known beforehand, such as those of another model. The model learns what to add.
    pub fn with_offsets(mut self, offsets: &[f64]) -> Result<Self> {
        self.offsets = self.features.offsets(Some(offsets))?;
        Ok(self)
    }

    /// The matrix of features.
    pub fn features(&self) -> Features<'a> {
        self.features
    }

    pub(super) fn get(&self, row: usize) -> Observation<'a> {
        Observation {
            features: self.features.row(row),
            target: self.targets[row],
            weight: self.weights[row],
            offset: self.offsets[row],
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Observation<'a>> + '_ {
        (0..self.features.rows()).map(|row| self.get(row))
    }

    /// The weight of related pairs and of unrelated ones, an error if both are 0.
    pub(super) fn class_weights(&self) -> Result<[f64; 2]> {
        let related: f64 = self.iter().map(|o| o.weight * o.target).sum();
        let unrelated: f64 = self.iter().map(|o| o.weight * (1.0 - o.target)).sum();
        if related + unrelated > 0.0 { Ok([related, unrelated]) } else { Err(DecideError::NoObservations) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused() {
        let features = Features::new(&[0.5, 0.6], 2, 1).unwrap();
        assert!(Observations::new(features, &[1.0]).is_err());
        assert!(Observations::new(features, &[1.0, 1.1]).is_err());
        assert!(Observations::new(features, &[1.0, f64::NAN]).is_err());
        let good = Observations::new(features, &[1.0, 0.0]).unwrap();
        assert!(good.clone().with_weights(&[1.0, -0.1]).is_err());
        assert!(good.clone().with_weights(&[1.0]).is_err());
        assert!(good.clone().with_offsets(&[f64::INFINITY, 0.0]).is_err());
        let weightless = good.clone().with_weights(&[0.0, 0.0]).unwrap();
        assert_eq!(weightless.class_weights(), Err(DecideError::NoObservations));
        assert_eq!(good.class_weights(), Ok([1.0, 1.0]));
    }
}
