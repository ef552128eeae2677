//! Capture-recapture: how many related pairs there are, those that no candidate rule found included.

/// The total number of related pairs, from two ways of finding them that know nothing of each other: so many were found
/// by the `first`, by the `second`, and by `both` (Chapman 1951; for blocking: Herzog, Scheuren and Winkler 2007, chapter
/// 6). Never less than were found. Ways that find the same easy pairs make it too small.
///
/// ```
/// use relata_decide::evaluation::capture_recapture;
///
/// // 90 of 100 by one way; the other one found 45, 9 in 10 of which the first had.
/// assert!((capture_recapture(90.0, 45.0, 40.5) - 100.0).abs() < 1.0);
/// ```
pub fn capture_recapture(first: f64, second: f64, both: f64) -> f64 {
    let found = first + second - both;
    ((first + 1.0) * (second + 1.0) / (both + 1.0) - 1.0).max(found)
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    #[test]
    fn what_neither_way_found_is_counted() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(4);
        let mut mean = 0.0;
        for _ in 0..200 {
            let (mut first, mut second, mut both) = (0.0, 0.0, 0.0);
            for _ in 0..500 {
                let (one, other) = (rng.random_bool(0.8), rng.random_bool(0.6));
                first += f64::from(u8::from(one));
                second += f64::from(u8::from(other));
                both += f64::from(u8::from(one && other));
            }
            mean += capture_recapture(first, second, both) / 200.0;
        }
        assert!((mean - 500.0).abs() < 5.0, "{mean}");
        assert_eq!(capture_recapture(0.0, 0.0, 0.0), 0.0);
        assert_eq!(capture_recapture(7.0, 7.0, 7.0), 7.0);
    }
}
