//! Likelihood ratios that rise with the level of agreement: more similar values never speak less for a match.

use super::comparison::LEVELS;

/// Keeps ratios of levels that never occur finite.
const LEAST: f64 = 1e-12;

/// The probabilities closest to `matches` whose ratio to `others` never falls with the level, by pooling adjacent
/// violators (Ayer et al. 1955), normalised.
pub(super) fn rising_above(matches: &[f64; LEVELS], others: &[f64; LEVELS]) -> [f64; LEVELS] {
    let ratios = std::array::from_fn(|level| matches[level] / (others[level] + LEAST));
    pooled(ratios, others, |before, after| before > after)
}

/// The probabilities closest to `others` to which the ratio of `matches` never falls with the level, normalised.
pub(super) fn falling_below(others: &[f64; LEVELS], matches: &[f64; LEVELS]) -> [f64; LEVELS] {
    let ratios = std::array::from_fn(|level| others[level] / (matches[level] + LEAST));
    pooled(ratios, matches, |before, after| before < after)
}

/// Pools neighbouring ratios, weighted by `base`, until none violates, and gives back ratio times base.
fn pooled(ratios: [f64; LEVELS], base: &[f64; LEVELS], violates: fn(f64, f64) -> bool) -> [f64; LEVELS] {
    // Weight, ratio and number of levels of each block.
    let mut blocks: Vec<(f64, f64, usize)> = Vec::with_capacity(LEVELS);
    for (ratio, base) in ratios.into_iter().zip(base) {
        let mut block = (base + LEAST, ratio, 1);
        while let Some(before) = blocks.pop_if(|before| violates(before.1, block.1)) {
            let weight = before.0 + block.0;
            block = (weight, (before.0 * before.1 + block.0 * block.1) / weight, before.2 + block.2);
        }
        blocks.push(block);
    }
    let pooled = blocks.iter().flat_map(|&(_, ratio, levels)| std::iter::repeat_n(ratio, levels));
    let mut found = [0.0; LEVELS];
    for ((found, ratio), base) in found.iter_mut().zip(pooled).zip(base) {
        *found = ratio * base;
    }
    let sum: f64 = found.iter().sum();
    found.map(|level| level / sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_put_in_order() {
        let (m, u) = ([0.1, 0.05, 0.05, 0.1, 0.1, 0.6], [0.3, 0.1, 0.2, 0.2, 0.1, 0.1]);
        let (above, below) = (rising_above(&m, &u), falling_below(&u, &m));
        for level in 1..LEVELS {
            assert!(above[level] / u[level] >= above[level - 1] / u[level - 1] - 1e-9);
            assert!(m[level] / below[level] >= m[level - 1] / below[level - 1] - 1e-9);
        }
        assert!((above.iter().sum::<f64>() - 1.0).abs() < 1e-12 && (below.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let ordered = [0.05, 0.05, 0.1, 0.1, 0.1, 0.6];
        let kept = rising_above(&ordered, &[0.5, 0.2, 0.1, 0.1, 0.05, 0.05]);
        assert!(kept.iter().zip(ordered).all(|(kept, before)| (kept - before).abs() < 1e-9));
    }
}
