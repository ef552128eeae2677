//! The pairs worth a question: those that could be a match, however unlikely.

/// Log-odds above this could be a match.
const POSSIBLE: f64 = -10.0;

/// The best pair of both of its rows could be one above this.
const POSSIBLE_BEST: f64 = -15.0;

/// The positions of the pairs above log-odds of -10; of those that are the best one of both their rows, above -15; and
/// of those that are the best one of both by cosine, since the columns may have missed them. Ascending.
pub(super) fn considered_pairs(rows: usize, pairs: &[(u32, u32)], log_odds: &[f64], cosine: &[f32]) -> Vec<u32> {
    let by_log_odds = best(rows, pairs, log_odds.iter().copied());
    let by_cosine = best(rows, pairs, cosine.iter().map(|&cosine| f64::from(cosine)));
    let is_best = |best: &[f64], (a, b): (u32, u32), value: f64| value >= best[a as usize].max(best[b as usize]);
    let is_considered = |&at: &u32| {
        let (pair, log_odds, cosine) = (pairs[at as usize], log_odds[at as usize], f64::from(cosine[at as usize]));
        let possible = log_odds > POSSIBLE || (log_odds > POSSIBLE_BEST && is_best(&by_log_odds, pair, log_odds));
        possible || is_best(&by_cosine, pair, cosine)
    };
    (0..pairs.len() as u32).filter(is_considered).collect()
}

/// By row: the largest value of its pairs.
fn best(rows: usize, pairs: &[(u32, u32)], values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut best = vec![f64::NEG_INFINITY; rows];
    for (&(a, b), value) in pairs.iter().zip(values) {
        for row in [a, b] {
            best[row as usize] = best[row as usize].max(value);
        }
    }
    best
}
