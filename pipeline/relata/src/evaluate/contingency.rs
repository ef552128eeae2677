//! Contingency table of two partitions, and how well they agree: NMI and ARI.

use std::collections::HashMap;

/// How many rows fall into each pair of a cluster and a class.
#[derive(Debug, Clone, Default)]
pub struct Contingency {
    cells: HashMap<(u32, u32), u64>,
}

impl Contingency {
    /// An empty table.
    ///
    /// ```
    /// use relata::evaluate::Contingency;
    ///
    /// // The same partition under other names.
    /// let mut table = Contingency::new();
    /// for (cluster, class) in [(0, 1), (0, 1), (1, 0), (1, 0)] {
    ///     table.add(cluster, class);
    /// }
    /// assert_eq!(table.ari(), 1.0);
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts a row.
    pub fn add(&mut self, cluster: u32, class: u32) {
        *self.cells.entry((cluster, class)).or_default() += 1;
    }

    /// Normalised mutual information in [0, 1], by the arithmetic mean of the entropies: 1 if both partitions are the
    /// same up to names, 0 if one says nothing about the other. Two partitions of a single part each agree.
    pub fn nmi(&self) -> f64 {
        let (clusters, classes, rows) = self.margins();
        if clusters.len() == classes.len() && clusters.len() <= 1 {
            return 1.0;
        }
        let entropy = |margin: &[u64]| -> f64 { margin.iter().map(|&n| plogp(n as f64 / rows)).sum() };
        let mean = (entropy(&clusters) + entropy(&classes)) / 2.0;
        let joint = entropy(&self.sorted_cells());
        ((2.0 * mean - joint) / mean).clamp(0.0, 1.0)
    }

    /// Adjusted Rand index (Hubert & Arabie 1985): 1 if both partitions are the same, about 0 if they are independent,
    /// below 0 if they agree less than by chance.
    pub fn ari(&self) -> f64 {
        let (clusters, classes, rows) = self.margins();
        let pairs = |counts: &[u64]| -> f64 { counts.iter().map(|&n| n as f64 * (n as f64 - 1.0) / 2.0).sum() };
        let (together, cluster_pairs, class_pairs) = (pairs(&self.sorted_cells()), pairs(&clusters), pairs(&classes));
        let all = rows * (rows - 1.0) / 2.0;
        let expected = if all > 0.0 { cluster_pairs * class_pairs / all } else { 0.0 };
        let largest = (cluster_pairs + class_pairs) / 2.0;
        if largest == expected { 1.0 } else { (together - expected) / (largest - expected) }
    }

    /// The counts in a fixed order, so that sums do not depend on the hash map's.
    fn sorted_cells(&self) -> Vec<u64> {
        let mut counts: Vec<u64> = self.cells.values().copied().collect();
        counts.sort_unstable();
        counts
    }

    fn margins(&self) -> (Vec<u64>, Vec<u64>, f64) {
        let margin = |key: fn(&(u32, u32)) -> u32| {
            let mut sums: HashMap<u32, u64> = HashMap::new();
            self.cells.iter().for_each(|(cell, count)| *sums.entry(key(cell)).or_default() += count);
            let mut sums: Vec<u64> = sums.into_values().collect();
            sums.sort_unstable();
            sums
        };
        (margin(|cell| cell.0), margin(|cell| cell.1), self.cells.values().sum::<u64>() as f64)
    }
}

fn plogp(p: f64) -> f64 {
    -p * p.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_scikit_learn() {
        // sklearn.metrics.normalized_mutual_info_score and adjusted_rand_score.
        let cases: [(&[u32], &[u32], f64, f64); 6] = [
            (&[0, 0, 1, 1, 2, 2], &[0, 0, 1, 2, 2, 2], 0.7396673768007592, 0.4444444444444444),
            (&[0, 0, 1, 1], &[1, 1, 0, 0], 1.0, 1.0),
            (&[0, 0, 0, 0], &[0, 1, 2, 3], 0.0, 0.0),
            (&[0, 0, 0, 0], &[5, 5, 5, 5], 1.0, 1.0),
            (&[0, 0, 1, 1, 2, 2, 2, 3, 3, 0], &[0, 1, 1, 1, 2, 2, 0, 3, 3, 0], 0.7204508819333746, 0.3918918918918919),
            (&[0, 0, 1, 1], &[0, 1, 0, 1], 0.0, -0.5),
        ];
        for (clusters, classes, nmi, ari) in cases {
            let mut table = Contingency::new();
            clusters.iter().zip(classes).for_each(|(cluster, class)| table.add(*cluster, *class));
            assert!((table.nmi() - nmi).abs() < 1e-12 && (table.ari() - ari).abs() < 1e-12, "{table:?}");
        }
    }
}
