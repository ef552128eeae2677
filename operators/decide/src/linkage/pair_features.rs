//! Features of pairs, for a model that learns from answers: comparisons, weights, rarity, competition.

use serde::{Deserialize, Serialize};

use super::column_kind::ColumnKind;
use super::compared_pairs::ComparedColumn;
use super::comparison::Comparison;
use super::evidence::Evidence;
use super::rivals::Rivals;
use super::swaps::Swaps;
use super::value_column::{NULL, ValueColumn};
use crate::error::Result;
use crate::pair_model::{Direction, Features, Shape};

/// Trees split at the quantiles of so many bins of a feature.
const BINS: usize = 32;

/// A matrix of features, considered pairs x width, with the shape of a model of them.
#[derive(Debug)]
pub(super) struct PairFeatures {
    pub values: Vec<f64>,
    pub width: usize,
    pub shape: Shape,
}

/// Builds a matrix feature by feature.
struct Builder {
    rows: usize,
    columns: Vec<Vec<f64>>,
    directions: Vec<Direction>,
}

impl Builder {
    fn add(&mut self, direction: Direction, values: impl Iterator<Item = f64>) {
        self.columns.push(values.collect());
        self.directions.push(direction);
    }

    fn finish(self) -> Result<PairFeatures> {
        let width = self.columns.len();
        let mut values = Vec::with_capacity(self.rows * width);
        for row in 0..self.rows {
            values.extend(self.columns.iter().map(|column| column[row]));
        }
        let split_points = Shape::quantiles(&Features::new(&values, self.rows, width)?, BINS);
        Ok(PairFeatures { values, width, shape: Shape { directions: self.directions, split_points } })
    }
}

/// What the features of a table's pairs are, so that those of other pairs are the same ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FeatureLayout {
    columns: Vec<ColumnLayout>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnLayout {
    /// By similarity, and at last the difference of numbers: its mean among candidates.
    means: Vec<f64>,
    /// Whether some pairs have swapped values.
    swaps: bool,
    /// Whether some rows have no value.
    nulls: bool,
}

impl FeatureLayout {
    /// That of the candidates of a table.
    pub(super) fn of(columns: &[ValueColumn], compared: &[ComparedColumn], swaps: &Swaps) -> Self {
        let of_column = |(at, (column, compared)): (usize, (&ValueColumn, &ComparedColumn))| ColumnLayout {
            means: similarities(column.kind).iter().map(|&of| compared.mean(of)).collect(),
            swaps: swaps.all().iter().any(|swap| swap.column == at as u32),
            nulls: column.of_row.contains(&NULL),
        };
        Self { columns: columns.iter().zip(compared).enumerate().map(of_column).collect() }
    }

    /// How many columns it is of.
    pub(super) fn columns(&self) -> usize {
        self.columns.len()
    }
}

/// A similarity of two values, as of a comparison.
type Similarity = fn(&Comparison) -> f32;

impl PairFeatures {
    /// The features of the considered pairs. More similarity never lowers the log-odds, nor does a larger weight or
    /// cosine, nor a larger margin over the rivals; a missing similarity is the mean of the column.
    pub(super) fn new(
        (pairs, cosine): (&[(u32, u32)], &[f32]),
        columns: &[ValueColumn],
        compared: &[ComparedColumn],
        swaps: &Swaps,
        (evidence, rivals): (&Evidence, &Rivals),
        layout: &FeatureLayout,
        considered: &[u32],
    ) -> Result<Self> {
        let mut builder = Builder { rows: considered.len(), columns: Vec::new(), directions: Vec::new() };
        for (at, ((column, compared), layout)) in columns.iter().zip(compared).zip(&layout.columns).enumerate() {
            add_column(&mut builder, pairs, (column, compared, layout), considered);
            let weight = |&pair: &u32| evidence.weight(at, pair as usize, column, pairs[pair as usize]);
            builder.add(Direction::Rising, considered.iter().map(weight));
            if layout.swaps {
                let swapped = |&pair: &u32| {
                    let swap = swaps.of(pair as usize).iter().find(|swap| swap.column == at as u32);
                    swap.map_or(0.0, |swap| f64::from(swap.similarity))
                };
                builder.add(Direction::Rising, considered.iter().map(swapped));
            }
        }
        let log_odds = evidence.log_odds();
        builder.add(Direction::Rising, considered.iter().map(|&pair| log_odds[pair as usize]));
        builder.add(Direction::Rising, considered.iter().map(|&pair| f64::from(cosine[pair as usize])));
        for which in 0..2 {
            let margin = |&pair: &u32| {
                let at = pair as usize;
                rivals.margins(at, pairs[at], log_odds[at])[which]
            };
            builder.add(Direction::Rising, considered.iter().map(margin));
        }
        builder.finish()
    }
}

/// The features of one column but for its weight and its swaps.
fn add_column(
    builder: &mut Builder,
    pairs: &[(u32, u32)],
    (column, compared, layout): (&ValueColumn, &ComparedColumn, &ColumnLayout),
    considered: &[u32],
) {
    let filled = |of: Similarity, mean: f64| {
        considered.iter().map(move |&pair| compared.get(pair as usize).map_or(mean, |found| f64::from(of(found))))
    };
    let all = similarities(column.kind);
    let similarities = if column.is_text() { &all[..] } else { &all[..all.len() - 1] };
    for (&of, &mean) in similarities.iter().zip(&layout.means) {
        builder.add(Direction::Rising, filled(of, mean));
    }
    let equal =
        |&pair: &u32| compared.get(pair as usize).map_or(0.0, |found| f64::from(u8::from(found.is_of_equals())));
    builder.add(Direction::Rising, considered.iter().map(equal));
    if let (false, Some(&of), Some(&mean)) = (column.is_text(), all.last(), layout.means.last()) {
        builder.add(Direction::Falling, filled(of, mean));
    }
    // How rare the more rare of both values is.
    let rarity = |&pair: &u32| {
        let count = |value: u32| f64::from(column.counts[value as usize]);
        let share = |(a, b)| count(a).min(count(b)).max(1.0) / column.filled as f64;
        column.both(pairs[pair as usize]).map_or(0.0, |values| -share(values).ln())
    };
    builder.add(Direction::Free, considered.iter().map(rarity));
    if layout.nulls {
        builder.add(Direction::Free, considered.iter().map(|&pair| f64::from(column.nulls(pairs[pair as usize]))));
    }
}

/// The similarities that are features of a column; of numbers, the last one is their difference.
fn similarities(kind: ColumnKind) -> Vec<Similarity> {
    let (winkler, edit): (Similarity, Similarity) = (|found| found.jaro_winkler, |found| found.edit);
    let (words, similarity): (Similarity, Similarity) = (|found| found.words, |found| found.similarity);
    match kind {
        ColumnKind::Text => vec![winkler, edit, words, similarity],
        ColumnKind::Number { .. } => vec![winkler, edit, similarity, |found| found.difference],
    }
}
