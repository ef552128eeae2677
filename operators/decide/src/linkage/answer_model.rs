//! What answers teach: the log-odds calibrated by them, and boosted trees for what the calibration cannot say.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::pair_features::PairFeatures;
use crate::error::Result;
use crate::log_odds::probability;
use crate::pair_model::{
    Features, GradientBoosting, GradientBoostingSettings, LogisticRegression, LogisticRegressionSettings, Observations,
};

/// Two models that see different rows and features: they agree where answers are enough.
const MODELS: u64 = 2;

/// Fewer answers calibrate, but grow no trees.
const LEAST_ANSWERS: usize = 5;

/// The precision of the normal prior of the shift of the log-odds, around 0.
const SHIFT_PRECISION: f64 = 0.5;

/// That of their scale, around 1.
const SCALE_PRECISION: f64 = 10.0;

/// So many pairs are scored at a time.
const CHUNK: usize = 4096;

fn boosting(seed: u64) -> GradientBoostingSettings {
    GradientBoostingSettings {
        trees: 40,
        depth: 3,
        learning_rate: 0.1,
        // Answers are few: leaves may be small, and certain pairs count a little.
        min_child_weight: 0.3,
        min_curvature: 1e-3,
        min_rows: 4,
        ridge: 1.0,
        subsample: 0.8,
        feature_share: 0.5,
        // The offsets are calibrated already.
        base: false,
        validation_share: 0.0,
        patience: 1,
        seed,
    }
}

/// What answers have taught: the log-odds `z` of the evidence become `shift + scale z` by logistic regression (Platt 1999),
/// and with that as the offset two sets of boosted monotone trees have learned the rest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerModel {
    calibration: LogisticRegression,
    trees: Vec<GradientBoosting>,
}

impl AnswerModel {
    /// Learns from `known`: positions among the considered pairs, of which there is at least one, with 1 for the same entity
    /// and 0 for different ones.
    pub(super) fn learn(features: &PairFeatures, evidence: &[f64], known: &[(usize, f64)], seed: u64) -> Result<Self> {
        let targets: Vec<f64> = known.iter().map(|&(_, target)| target).collect();
        let offsets: Vec<f64> = known.iter().map(|&(at, _)| evidence[at]).collect();
        let calibration = calibrate(&offsets, &targets)?;
        if known.len() < LEAST_ANSWERS {
            return Ok(Self { calibration, trees: vec![] });
        }
        let width = features.width;
        let row = |&(at, _): &(usize, f64)| &features.values[at * width..(at + 1) * width];
        let values: Vec<f64> = known.iter().flat_map(row).copied().collect();
        let offsets = calibrated(&calibration, &offsets)?;
        let observations =
            Observations::new(Features::new(&values, known.len(), width)?, &targets)?.with_offsets(&offsets)?;
        let trees = (0..MODELS).map(|nth| {
            let seed = seed.wrapping_mul(MODELS).wrapping_add(nth);
            GradientBoosting::fit_shaped(&observations, boosting(seed), &features.shape)
        });
        Ok(Self { calibration, trees: trees.collect::<Result<_>>()? })
    }

    /// The log-odds of pairs by their features and their evidence, and how far the models differ in their probabilities.
    pub(super) fn scores(&self, features: &PairFeatures, evidence: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        let calibrated = calibrated(&self.calibration, evidence)?;
        if self.trees.is_empty() {
            let none = vec![0.0; evidence.len()];
            return Ok((calibrated, none));
        }
        let width = features.width;
        let score = |(part, offsets): (&[f64], &[f64])| -> Result<Vec<(f64, f64)>> {
            let part = Features::new(part, offsets.len(), width)?;
            let scores = self.trees.iter().map(|trees| trees.log_odds(&part, Some(offsets)));
            let scores = scores.collect::<Result<Vec<_>>>()?;
            Ok((0..offsets.len()).map(|at| combine(scores.iter().map(|scores| scores[at]))).collect())
        };
        // There are at least 4 features of a pair.
        let parts = features.values.par_chunks(CHUNK * width).zip(calibrated.par_chunks(CHUNK));
        let scored: Vec<Vec<(f64, f64)>> = parts.map(score).collect::<Result<_>>()?;
        Ok(scored.into_iter().flatten().unzip())
    }
}

/// The mean of several log-odds, and the largest difference of a probability from that of the mean.
fn combine(log_odds: impl ExactSizeIterator<Item = f64> + Clone) -> (f64, f64) {
    let mean = log_odds.clone().sum::<f64>() / log_odds.len() as f64;
    let off = |z: f64| (probability(z) - probability(mean)).abs();
    (mean, log_odds.map(off).fold(0.0, f64::max))
}

/// The features of a calibration. With `z` as the offset, the coefficient is that of `scale - 1`, whose prior is around 0.
/// There is one penalty for the shift and the coefficient: a feature on another scale makes it a different one for the
/// latter.
fn scaled(evidence: &[f64]) -> Vec<f64> {
    let unit = (SHIFT_PRECISION / SCALE_PRECISION).sqrt();
    evidence.iter().map(|z| z * unit).collect()
}

/// `shift + scale z`, with normal priors on both.
fn calibrate(evidence: &[f64], targets: &[f64]) -> Result<LogisticRegression> {
    let scaled = scaled(evidence);
    let observations =
        Observations::new(Features::new(&scaled, evidence.len(), 1)?, targets)?.with_offsets(evidence)?;
    let settings = LogisticRegressionSettings { ridge: SHIFT_PRECISION, penalise_intercept: true };
    LogisticRegression::fit(&observations, settings)
}

fn calibrated(model: &LogisticRegression, evidence: &[f64]) -> Result<Vec<f64>> {
    model.log_odds(&Features::new(&scaled(evidence), evidence.len(), 1)?, Some(evidence))
}
