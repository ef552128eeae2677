//! Bins of feature values: the few hundred points at which trees may split.

use crate::pair_model::features::Features;

/// The most bins of a feature, as many as a byte tells apart.
pub(super) const MOST: usize = 256;

/// Every value as the number of its bin.
pub(super) struct Bins {
    /// By feature: the thresholds between its bins, ascending. A value above the k-th one is in a bin after the k-th.
    thresholds: Vec<Vec<f64>>,
    /// By feature, then by row.
    codes: Vec<Vec<u8>>,
}

impl Bins {
    pub(super) fn of(features: &Features<'_>) -> Self {
        let column = |feature: usize| (0..features.rows()).map(move |row| features.row(row)[feature]);
        let thresholds = (0..features.width()).map(|feature| thresholds(column(feature).collect())).collect();
        Self::between(features, thresholds)
    }

    /// Bins between given thresholds, ascending, fewer than [`MOST`] for each feature.
    pub(super) fn between(features: &Features<'_>, thresholds: Vec<Vec<f64>>) -> Self {
        let column = |feature: usize| (0..features.rows()).map(move |row| features.row(row)[feature]);
        let code = |thresholds: &[f64], value: f64| thresholds.partition_point(|&threshold| threshold < value) as u8;
        let codes = thresholds.iter().enumerate();
        let codes = codes.map(|(feature, between)| column(feature).map(|value| code(between, value)).collect());
        Self { codes: codes.collect(), thresholds }
    }

    pub(super) fn thresholds(&self, feature: usize) -> &[f64] {
        &self.thresholds[feature]
    }

    pub(super) fn codes(&self, feature: usize) -> &[u8] {
        &self.codes[feature]
    }
}

/// The middles between neighbouring values, or between neighbours at so many quantiles.
fn thresholds(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let mut distinct = values.clone();
    distinct.dedup();
    let middles = |values: &[f64]| -> Vec<f64> { values.windows(2).map(|pair| middle(pair[0], pair[1])).collect() };
    if distinct.len() <= MOST {
        return middles(&distinct);
    }
    // A value that fills several quantiles is one of the quantiles; what is between two of them is cut at the middle.
    let quantile = |at: usize| values[at * values.len() / MOST];
    let mut cuts: Vec<f64> = (1..MOST)
        .map(|at| {
            let value = quantile(at);
            let before = distinct.partition_point(|&other| other < value);
            if before == 0 { middle(value, distinct[1]) } else { middle(distinct[before - 1], value) }
        })
        .collect();
    cuts.dedup();
    cuts
}

/// A number at least `a` and below `b`, so that it separates them even where nothing lies between.
fn middle(a: f64, b: f64) -> f64 {
    let middle = a / 2.0 + b / 2.0;
    if middle > a && middle < b { middle } else { a }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn bins_keep_the_order(
            values in prop::collection::vec(prop_oneof![-1e3..1e3f64, Just(0.5), Just(1e308)], 1..900),
        ) {
            let bins = Bins::of(&Features::new(&values, values.len(), 1).unwrap());
            prop_assert!(bins.thresholds(0).len() < MOST);
            prop_assert!(bins.thresholds(0).windows(2).all(|pair| pair[0] < pair[1]));
            for (value, &code) in values.iter().zip(bins.codes(0)) {
                let code = usize::from(code);
                prop_assert!(code == 0 || bins.thresholds(0)[code - 1] < *value);
                prop_assert!(bins.thresholds(0).get(code).is_none_or(|threshold| value <= threshold));
            }
            let mut distinct = values.clone();
            distinct.sort_by(f64::total_cmp);
            distinct.dedup();
            prop_assert!(distinct.len() > MOST || bins.thresholds(0).len() == distinct.len() - 1);
        }
    }

    #[test]
    fn neighbours_in_double_precision_are_separated() {
        let next = f64::from_bits(1.0_f64.to_bits() + 1);
        let bins = Bins::of(&Features::new(&[1.0, next, f64::MAX, -f64::MAX], 4, 1).unwrap());
        assert_eq!(bins.codes(0), [1, 2, 3, 0]);
    }
}
