//! Learning-rate schedule: linear warm-up, then a cosine down to a share of the peak, or constant.

use serde::{Deserialize, Serialize};

use crate::error::{Result, TrainError};

/// How the learning rate moves, as a factor of its peak.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    warm_up: f64,
    last: f64,
    cosine: bool,
}

impl Schedule {
    /// Linear warm-up over the share `warm_up` of all steps, then a cosine to 0 (Loshchilov and Hutter 2017).
    ///
    /// ```
    /// use relata_train::optimiser::Schedule;
    ///
    /// let schedule = Schedule::cosine(0.1);
    /// assert_eq!(schedule.factor(4, 100), 0.5);
    /// assert!(schedule.factor(99, 100) < 0.01);
    /// ```
    pub fn cosine(warm_up: f64) -> Self {
        Self { warm_up, last: 0.0, cosine: true }
    }

    /// The peak throughout.
    ///
    /// ```
    /// use relata_train::optimiser::Schedule;
    ///
    /// assert_eq!(Schedule::constant().factor(0, 100), 1.0);
    /// ```
    pub fn constant() -> Self {
        Self { warm_up: 0.0, last: 1.0, cosine: false }
    }

    /// The factor at the end of the cosine.
    ///
    /// ```
    /// use relata_train::optimiser::Schedule;
    ///
    /// let schedule = Schedule::cosine(0.1).with_last(0.25);
    /// assert!(schedule.factor(99, 100) >= 0.25);
    /// ```
    pub fn with_last(mut self, last: f64) -> Self {
        self.last = last;
        self
    }

    /// The factor at `step` (from 0) of `total`.
    ///
    /// ```
    /// use relata_train::optimiser::Schedule;
    ///
    /// // Half of the warm-up, and its end.
    /// let schedule = Schedule::cosine(0.1);
    /// assert_eq!((schedule.factor(4, 100), schedule.factor(9, 100)), (0.5, 1.0));
    /// ```
    pub fn factor(&self, step: u64, total: u64) -> f64 {
        let (step, total) = (step as f64, total.max(1) as f64);
        let warm_up = self.warm_up * total;
        if step + 1.0 <= warm_up {
            return (step + 1.0) / warm_up;
        }
        if !self.cosine {
            return 1.0;
        }
        let done = ((step - warm_up) / (total - warm_up).max(1.0)).clamp(0.0, 1.0);
        self.last + (1.0 - self.last) * 0.5 * (1.0 + (std::f64::consts::PI * done).cos())
    }

    /// Refuses settings that make no sense.
    pub fn check(&self) -> Result<()> {
        for (name, value) in [("warm_up", self.warm_up), ("last", self.last)] {
            if !(0.0..=1.0).contains(&value) {
                return Err(TrainError::setting("schedule", name, "a share in [0, 1]", value));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rises_to_the_peak_and_falls_to_the_last() {
        let schedule = Schedule::cosine(0.1).with_last(0.2);
        assert_eq!(schedule.factor(0, 100), 0.1);
        assert_eq!(schedule.factor(9, 100), 1.0);
        assert!((schedule.factor(55, 100) - 0.6).abs() < 1e-9);
        assert!(schedule.factor(99, 100) < 0.21);
        assert_eq!(Schedule::constant().factor(99, 100), 1.0);
    }
}
