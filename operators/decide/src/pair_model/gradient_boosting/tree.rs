//! Decision trees of up to three levels, grown by gradients.

use serde::{Deserialize, Serialize};

use super::bins::{Bins, MOST};
use super::shape::Shape;

/// The most levels of a tree.
pub(super) const DEPTH: usize = 3;

const SPLITS: usize = (1 << DEPTH) - 1;

/// A complete binary tree: the children of split `i` are `2 i + 1` (values up to the threshold) and `2 i + 2` (values
/// above it); those beyond the splits are leaves. Where there is no split, everything goes to the first child.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Tree {
    splits: [Split; SPLITS],
    leaves: [f64; SPLITS + 1],
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Split {
    feature: u32,
    threshold: f64,
}

/// No finite number is above it, so that everything goes to the first child.
const NO_SPLIT: Split = Split { feature: 0, threshold: f64::MAX };

impl Tree {
    /// The value of the leaf that a pair of these features belongs to.
    pub(super) fn value(&self, features: &[f64]) -> f64 {
        let mut at = 0;
        for _ in 0..DEPTH {
            let Split { feature, threshold } = self.splits[at];
            at = 2 * at + 1 + usize::from(features.get(feature as usize).is_some_and(|&value| value > threshold));
        }
        self.leaves[at - SPLITS]
    }

    /// The features that it asks about.
    pub(super) fn features(&self) -> impl Iterator<Item = usize> + '_ {
        self.splits.iter().filter(|split| **split != NO_SPLIT).map(|split| split.feature as usize)
    }
}

/// First and second derivative of the loss by the log-odds, of a pair or of many.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Gradient {
    pub slope: f64,
    pub curvature: f64,
}

impl Gradient {
    fn add(&mut self, other: Self) {
        self.slope += other.slope;
        self.curvature += other.curvature;
    }

    fn minus(self, other: Self) -> Self {
        Self { slope: self.slope - other.slope, curvature: self.curvature - other.curvature }
    }

    /// The best leaf value within bounds.
    fn leaf(self, ridge: f64, (low, high): (f64, f64)) -> f64 {
        (-self.slope / (self.curvature + ridge)).clamp(low, high)
    }

    /// Twice what a leaf value gains.
    fn score(self, ridge: f64, leaf: f64) -> f64 {
        -leaf * (2.0 * self.slope + (self.curvature + ridge) * leaf)
    }
}

/// How a tree grows.
pub(super) struct Growth<'a> {
    pub depth: usize,
    pub min_child_weight: f64,
    /// Nodes of fewer rows are not split.
    pub min_rows: usize,
    /// The features that it may ask about.
    pub features: &'a [usize],
    pub shape: &'a Shape,
    pub ridge: f64,
    pub learning_rate: f64,
}

/// The best split of a node so far.
#[derive(Clone, Copy)]
struct Best {
    gain: f64,
    feature: usize,
    bin: usize,
    /// The bounds of the leaves on both sides.
    bounds: [(f64, f64); 2],
}

/// A leaf value that no split above bounds.
const UNBOUNDED: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

impl Growth<'_> {
    /// Grows a tree on some rows, level by level; `gradients` are those of `rows`.
    pub(super) fn grow(&self, bins: &Bins, rows: &[usize], gradients: &[Gradient]) -> Tree {
        let mut tree = Tree { splits: [NO_SPLIT; SPLITS], leaves: [0.0; SPLITS + 1] };
        // The node that each row is in, within its level.
        let mut nodes = vec![0_usize; rows.len()];
        let mut bounds = vec![UNBOUNDED];
        for level in 0..DEPTH {
            let best = if level < self.depth {
                self.best(&bounds, bins, rows, gradients, &nodes)
            } else {
                vec![None; 1 << level]
            };
            let both = |(node, best): (usize, &Option<Best>)| best.map_or([bounds[node]; 2], |best| best.bounds);
            let below: Vec<_> = best.iter().enumerate().flat_map(both).collect();
            for (node, best) in best.iter().enumerate() {
                if let Some(Best { feature, bin, .. }) = *best {
                    let threshold = bins.thresholds(feature)[bin];
                    tree.splits[(1 << level) - 1 + node] = Split { feature: feature as u32, threshold };
                }
            }
            for (node, &row) in nodes.iter_mut().zip(rows) {
                let second = best.get(*node).copied().flatten();
                let second = second.is_some_and(|best| usize::from(bins.codes(best.feature)[row]) > best.bin);
                *node = 2 * *node + usize::from(second);
            }
            bounds = below;
        }
        let mut sums = [Gradient::default(); SPLITS + 1];
        nodes.iter().zip(gradients).for_each(|(&leaf, &gradient)| sums[leaf].add(gradient));
        for ((leaf, sum), bounds) in tree.leaves.iter_mut().zip(sums).zip(bounds) {
            *leaf = self.learning_rate * sum.leaf(self.ridge, bounds);
        }
        tree
    }

    /// The best split of each node of a level, if any gains.
    fn best(
        &self,
        bounds: &[(f64, f64)],
        bins: &Bins,
        rows: &[usize],
        gradients: &[Gradient],
        nodes: &[usize],
    ) -> Vec<Option<Best>> {
        let count = bounds.len();
        let mut totals = vec![Gradient::default(); count];
        let mut sizes = vec![0_usize; count];
        for (&node, &gradient) in nodes.iter().zip(gradients) {
            totals[node].add(gradient);
            sizes[node] += 1;
        }
        let score = |part: Gradient, bounds| part.score(self.ridge, part.leaf(self.ridge, bounds));
        let mut best: Vec<Option<Best>> = vec![None; count];
        for &feature in self.features {
            let codes = bins.codes(feature);
            let direction = self.shape.direction(feature);
            let mut histogram = vec![Gradient::default(); count * MOST];
            for ((&row, &node), &gradient) in rows.iter().zip(nodes).zip(gradients) {
                histogram[node * MOST + usize::from(codes[row])].add(gradient);
            }
            for (node, best) in best.iter_mut().enumerate().filter(|(node, _)| sizes[*node] >= self.min_rows) {
                let whole = score(totals[node], bounds[node]);
                let mut first = Gradient::default();
                for bin in 0..bins.thresholds(feature).len() {
                    first.add(histogram[node * MOST + bin]);
                    let second = totals[node].minus(first);
                    if first.curvature.min(second.curvature) < self.min_child_weight {
                        continue;
                    }
                    let leaves = [first, second].map(|part| part.leaf(self.ridge, bounds[node]));
                    if !direction.allows(leaves[0], leaves[1]) {
                        continue;
                    }
                    let gain = score(first, bounds[node]) + score(second, bounds[node]) - whole;
                    // What rounding alone could make is no gain.
                    let least = best.map_or(1e-10 * (1.0 + whole.abs()), |best| best.gain);
                    if gain > least {
                        let bounds = direction.bounds(bounds[node], leaves[0], leaves[1]);
                        *best = Some(Best { gain, feature, bin, bounds });
                    }
                }
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pair_model::features::Features;

    fn grow(values: &[f64], width: usize, slopes: &[f64], depth: usize) -> Tree {
        let rows: Vec<_> = (0..slopes.len()).collect();
        let bins = Bins::of(&Features::new(values, slopes.len(), width).unwrap());
        let gradients: Vec<_> = slopes.iter().map(|&slope| Gradient { slope, curvature: 1.0 }).collect();
        let features: Vec<_> = (0..width).collect();
        let shape = Shape::default();
        let [min_child_weight, learning_rate] = [1.0; 2];
        let growth = Growth {
            depth,
            min_child_weight,
            min_rows: 0,
            features: &features,
            shape: &shape,
            ridge: 1e-9,
            learning_rate,
        };
        growth.grow(&bins, &rows, &gradients)
    }

    #[test]
    fn a_known_split_is_found() {
        // The second feature decides, between 0.4 and 0.6; the first one is noise.
        let tree = grow(&[0.3, 0.2, 0.9, 0.4, 0.2, 0.6, 0.8, 0.9], 2, &[1.0, 1.0, -1.0, -1.0], 1);
        assert_eq!(tree.splits[0], Split { feature: 1, threshold: 0.5 });
        assert_eq!(tree.splits[1..], [NO_SPLIT; SPLITS - 1]);
        assert!((tree.value(&[0.0, 0.5]) + 1.0).abs() < 1e-6 && (tree.value(&[0.0, 0.51]) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn two_levels_take_features_that_act_together() {
        // Both or neither: no single split gains but for the slight excess of the last row.
        let tree = grow(&[0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0], 2, &[-1.0, 1.0, 1.0, -1.1], 2);
        let found = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]].map(|row| tree.value(&row));
        assert!(found[0] > 0.9 && found[1] < -0.9 && found[2] < -0.9 && found[3] > 1.0, "{found:?}");
    }

    #[test]
    fn without_a_gain_there_is_no_split() {
        let tree = grow(&[0.1, 0.2, 0.3, 0.4], 1, &[1.0; 4], 3);
        assert_eq!(tree.splits, [NO_SPLIT; SPLITS]);
        assert!((tree.value(&[0.7]) + 1.0).abs() < 1e-6);
        assert!((grow(&[], 0, &[2.0, 0.0], 3).value(&[]) + 1.0).abs() < 1e-6);
    }
}
