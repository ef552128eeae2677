//! Gradient boosting: log-odds as a sum of many small trees, for features that act together.

mod bins;
mod shape;
mod tree;

use rand::SeedableRng;
use rand::seq::index::sample;
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use super::features::Features;
use super::logistic_regression::{LogisticRegression, LogisticRegressionSettings};
use super::observations::Observations;
use crate::error::{self, DecideError, Result};
use crate::log_odds::{logistic_loss, probability};
use bins::Bins;
use tree::{Gradient, Growth, Tree};

pub use shape::{Direction, Shape};

/// How to fit [`GradientBoosting`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GradientBoostingSettings {
    /// The most trees; 200 by default.
    pub trees: usize,
    /// How many questions lead to a leaf, from 1 to 3; 3 by default.
    pub depth: usize,
    /// How far each tree goes towards the optimum, in (0, 1]; 0.1 by default.
    pub learning_rate: f64,
    /// The least sum of `weight p (1 - p)` in a leaf, at least 0; 1 by default.
    pub min_child_weight: f64,
    /// The least `p (1 - p)` that a pair counts with, in [0, 1/4]; 0 by default. Above 0 it shortens the steps for
    /// pairs that are nearly certain, right or wrong.
    pub min_curvature: f64,
    /// Nodes of fewer pairs are not split; 0 by default.
    pub min_rows: usize,
    /// The penalty on squared leaf values, above 0; 1 by default.
    pub ridge: f64,
    /// The share of the pairs, drawn anew for each tree, that it is grown on, in (0, 1]; 1 by default.
    pub subsample: f64,
    /// The share of the features, drawn anew for each tree, that it may ask about, in (0, 1]; 1 by default.
    pub feature_share: f64,
    /// Whether log-odds that are the same for all pairs are fitted first; by default. Without, trees start at the
    /// offsets.
    pub base: bool,
    /// The share of the pairs, in [0, 1), that choose the number of trees; 0.2 by default. At 0 all trees are grown.
    pub validation_share: f64,
    /// After so many trees without a smaller loss on these pairs it stops, at least 1; 20 by default.
    pub patience: usize,
    /// The seed of all draws.
    pub seed: u64,
}

impl Default for GradientBoostingSettings {
    fn default() -> Self {
        Self {
            trees: 200,
            depth: 3,
            learning_rate: 0.1,
            min_child_weight: 1.0,
            min_curvature: 0.0,
            min_rows: 0,
            ridge: 1.0,
            subsample: 1.0,
            feature_share: 1.0,
            base: true,
            validation_share: 0.2,
            patience: 20,
            seed: 0,
        }
    }
}

/// Gradient-boosted trees for the logistic loss (Friedman 2001; with the second-order gain of Chen and Guestrin 2016,
/// "XGBoost", equation 7). The log-odds of a pair are `offset + base + sum of its leaves`.
///
/// ```
/// use relata_decide::pair_model::{Features, GradientBoosting, GradientBoostingSettings, Observations};
///
/// // Related where both similarities are high, which no weighted sum says exactly.
/// let values: Vec<f64> = (0..400).flat_map(|at| [(at % 20) as f64 / 20.0, (at / 20) as f64 / 20.0]).collect();
/// let targets: Vec<f64> = values.chunks(2).map(|x| f64::from(u8::from(x[0] > 0.5 && x[1] > 0.5))).collect();
/// let features = Features::new(&values, 400, 2)?;
/// let observations = Observations::new(features, &targets)?;
/// let model = GradientBoosting::fit(&observations, GradientBoostingSettings::default())?;
/// let log_odds = model.log_odds(&Features::new(&[0.9, 0.9, 0.9, 0.1], 2, 2)?, None)?;
/// assert!(log_odds[0] > 1.0 && log_odds[1] < -1.0);
/// # Ok::<(), relata_decide::DecideError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct GradientBoosting {
    width: usize,
    base: f64,
    trees: Vec<Tree>,
}

impl GradientBoosting {
    /// Grows trees on labelled pairs. Split points are the middles between neighbouring values of a feature, or 255
    /// quantiles of it where there are more values. With a validation share, the number of trees that had the least
    /// loss on pairs set aside is grown on all pairs in a second go. Ties go to the smaller feature and the smaller
    /// value.
    pub fn fit(observations: &Observations<'_>, settings: GradientBoostingSettings) -> Result<Self> {
        Self::fit_shaped(observations, settings, &Shape::default())
    }

    /// As [`fit`](Self::fit), with trees that keep to a shape.
    pub fn fit_shaped(
        observations: &Observations<'_>,
        settings: GradientBoostingSettings,
        shape: &Shape,
    ) -> Result<Self> {
        check(&settings)?;
        shape.check(observations.features().width())?;
        observations.class_weights()?;
        let rows = observations.features().rows();
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(settings.seed);
        let aside = (rows as f64 * settings.validation_share) as usize;
        let mut trees = settings.trees;
        if aside > 0 {
            let mut apart = vec![false; rows];
            sample(&mut rng, rows, aside).iter().for_each(|row| apart[row] = true);
            let (validation, training): (Vec<_>, Vec<_>) = (0..rows).partition(|&row| apart[row]);
            let weighs = |part: &[usize]| part.iter().any(|&row| observations.get(row).weight > 0.0);
            if weighs(&validation) && weighs(&training) {
                trees =
                    Boosting::new(observations, &settings, shape, training)?.least_loss(&validation, &mut rng.clone());
            }
        }
        let mut boosting = Boosting::new(observations, &settings, shape, (0..rows).collect())?;
        (0..trees).for_each(|_| boosting.grow(&mut rng));
        Ok(boosting.model)
    }

    /// How many trees there are.
    pub fn trees(&self) -> usize {
        self.trees.len()
    }

    /// The log-odds of each pair, with the offsets added if there are any.
    pub fn log_odds(&self, features: &Features<'_>, offsets: Option<&[f64]>) -> Result<Vec<f64>> {
        features.expect_width(self.width)?;
        let mut log_odds = features.offsets(offsets)?;
        for (row, log_odds) in log_odds.iter_mut().enumerate() {
            let row = features.row(row);
            *log_odds += self.trees.iter().fold(self.base, |sum, tree| sum + tree.value(row));
        }
        Ok(log_odds)
    }
}

/// A model as it is written, before it is known to be sound.
#[derive(Serialize, Deserialize)]
struct Stored {
    width: usize,
    base: f64,
    trees: Vec<Tree>,
}

impl TryFrom<Stored> for GradientBoosting {
    type Error = DecideError;

    fn try_from(Stored { width, base, trees }: Stored) -> Result<Self> {
        let unknown = trees.iter().flat_map(Tree::features).find(|&feature| feature >= width);
        match unknown {
            Some(found) => Err(DecideError::Length { what: "features of a pair", expected: width, found: found + 1 }),
            None => Ok(Self { width, base, trees }),
        }
    }
}

impl From<GradientBoosting> for Stored {
    fn from(GradientBoosting { width, base, trees }: GradientBoosting) -> Self {
        Self { width, base, trees }
    }
}

/// A model that grows.
struct Boosting<'a> {
    observations: &'a Observations<'a>,
    settings: &'a GradientBoostingSettings,
    shape: &'a Shape,
    bins: Bins,
    /// The pairs that it is grown on.
    rows: Vec<usize>,
    /// The log-odds of every pair so far.
    log_odds: Vec<f64>,
    model: GradientBoosting,
}

impl<'a> Boosting<'a> {
    fn new(
        observations: &'a Observations<'a>,
        settings: &'a GradientBoostingSettings,
        shape: &'a Shape,
        rows: Vec<usize>,
    ) -> Result<Self> {
        let features = observations.features();
        let base = if settings.base { base(observations, &rows)? } else { 0.0 };
        let log_odds = (0..features.rows()).map(|row| observations.get(row).offset + base).collect();
        let model = GradientBoosting { width: features.width(), base, trees: Vec::new() };
        let bins = match shape.split_points.as_slice() {
            [] => Bins::of(&features),
            points => Bins::between(&features, points.to_vec()),
        };
        Ok(Self { observations, settings, shape, bins, rows, log_odds, model })
    }

    /// Adds a tree.
    fn grow(&mut self, rng: &mut Xoshiro256PlusPlus) {
        let count = (self.rows.len() as f64 * self.settings.subsample).ceil() as usize;
        let rows = if count < self.rows.len() {
            let mut drawn: Vec<_> = sample(rng, self.rows.len(), count).iter().map(|at| self.rows[at]).collect();
            drawn.sort_unstable();
            drawn
        } else {
            self.rows.clone()
        };
        let gradients = rows.iter().map(|&row| {
            let (o, p) = (self.observations.get(row), probability(self.log_odds[row]));
            let curvature = (p * (1.0 - p)).max(self.settings.min_curvature);
            Gradient { slope: o.weight * (p - o.target), curvature: o.weight * curvature }
        });
        let gradients: Vec<_> = gradients.collect();
        let width = self.observations.features().width();
        let asked = ((width as f64 * self.settings.feature_share) as usize).max(1);
        let mut features: Vec<_> =
            if asked < width { sample(rng, width, asked).into_vec() } else { (0..width).collect() };
        features.sort_unstable();
        let growth = Growth {
            depth: self.settings.depth,
            min_child_weight: self.settings.min_child_weight,
            min_rows: self.settings.min_rows,
            features: &features,
            shape: self.shape,
            ridge: self.settings.ridge,
            learning_rate: self.settings.learning_rate,
        };
        let tree = growth.grow(&self.bins, &rows, &gradients);
        let features = self.observations.features();
        for (row, log_odds) in self.log_odds.iter_mut().enumerate() {
            *log_odds += tree.value(features.row(row));
        }
        self.model.trees.push(tree);
    }

    /// The number of trees of the least loss on pairs set aside, the smallest of several.
    fn least_loss(mut self, validation: &[usize], rng: &mut Xoshiro256PlusPlus) -> usize {
        let loss = |boosting: &Self| -> f64 {
            let of = |&row: &usize| {
                let o = boosting.observations.get(row);
                o.weight * logistic_loss(boosting.log_odds[row], o.target)
            };
            validation.iter().map(of).sum()
        };
        let (mut best, mut least) = (0, loss(&self));
        while self.model.trees() < self.settings.trees && self.model.trees() - best < self.settings.patience {
            self.grow(rng);
            let there = loss(&self);
            if there < least {
                (best, least) = (self.model.trees(), there);
            }
        }
        best
    }
}

/// The log-odds that fit all pairs best, drawn a little towards 0 so that one class alone has finite ones.
fn base(observations: &Observations<'_>, rows: &[usize]) -> Result<f64> {
    let of = |value: fn(&super::observations::Observation<'_>) -> f64| -> Vec<f64> {
        rows.iter().map(|&row| value(&observations.get(row))).collect()
    };
    let targets = of(|o| o.target);
    let constant = Observations::new(Features::new(&[], rows.len(), 0)?, &targets)?;
    let constant = constant.with_weights(&of(|o| o.weight))?.with_offsets(&of(|o| o.offset))?;
    let settings = LogisticRegressionSettings { ridge: 1e-2, penalise_intercept: true };
    Ok(LogisticRegression::fit(&constant, settings)?.intercept())
}

fn check(settings: &GradientBoostingSettings) -> Result<()> {
    let GradientBoostingSettings { depth, learning_rate, min_child_weight, ridge, subsample, .. } = *settings;
    let in_0_to_1 = |value: f64| value > 0.0 && value <= 1.0;
    error::setting("depth", (1..=tree::DEPTH).contains(&depth), "1, 2 or 3", depth as f64)?;
    error::setting("learning_rate", in_0_to_1(learning_rate), "a number in (0, 1]", learning_rate)?;
    error::setting("min_child_weight", min_child_weight >= 0.0, "a number of at least 0", min_child_weight)?;
    error::setting("ridge", ridge > 0.0 && ridge.is_finite(), "a finite number above 0", ridge)?;
    error::setting("subsample", in_0_to_1(subsample), "a number in (0, 1]", subsample)?;
    let GradientBoostingSettings { feature_share, min_curvature, .. } = *settings;
    error::setting("feature_share", in_0_to_1(feature_share), "a number in (0, 1]", feature_share)?;
    let curvature = (0.0..=0.25).contains(&min_curvature);
    error::setting("min_curvature", curvature, "a number in [0, 1/4]", min_curvature)?;
    error::setting("patience", settings.patience > 0, "at least one tree", settings.patience as f64)?;
    let share = settings.validation_share;
    error::setting("validation_share", (0.0..1.0).contains(&share), "a number in [0, 1)", share)
}

#[cfg(test)]
mod tests;
