//! Metrics of a training run: one measured number after another.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// A row of the `metrics` table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricRow {
    /// Optimiser steps taken.
    pub step: u64,
    /// Epochs finished.
    pub epoch: u32,
    /// What was measured.
    pub name: String,
    /// The number.
    pub value: f64,
    /// Microseconds since 1970, UTC.
    pub at: i64,
}

impl MetricRow {
    /// A number measured now.
    pub fn now(step: u64, epoch: u64, name: impl Into<String>, value: f64) -> Self {
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros() as i64;
        Self { step, epoch: epoch as u32, name: name.into(), value, at }
    }
}
