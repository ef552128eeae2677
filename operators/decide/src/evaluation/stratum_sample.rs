//! Stratified samples: shares of all pairs, estimated from some pairs of each stratum.

use serde::{Deserialize, Serialize};

use super::interval::Interval;
use crate::error::{DecideError, Result};

/// How many pairs a stratum has, how many of them were drawn and answered, and how many of those are related.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StratumSample {
    /// All pairs of the stratum.
    pub pairs: u64,
    /// The pairs that were drawn at random, without replacement, and answered.
    pub answered: u64,
    /// Those of them that are related.
    pub related: u64,
}

/// Estimated total of related pairs, and its variance.
#[derive(Debug, Clone, Copy, Default)]
struct Total {
    related: f64,
    /// The same from smoothed shares, which are never 0 or 1.
    smoothed: f64,
    variance: f64,
}

impl StratumSample {
    /// The share of related pairs among all pairs of some strata, weighted back. Nothing without pairs.
    ///
    /// Its interval is that of Wilson with as many trials as give the variance of the estimate (as for complex surveys,
    /// Franco, Little, Louis and Slud 2019). The variance of a stratum's share is taken at `(related + 1/2) / (answered
    /// + 1)`, so that a stratum in which all answers agree still counts as uncertain; fully answered ones are certain.
    ///
    /// ```
    /// use relata_decide::evaluation::StratumSample;
    ///
    /// let sure = StratumSample { pairs: 900, answered: 10, related: 10 };
    /// let unsure = StratumSample { pairs: 100, answered: 40, related: 20 };
    /// let precision = StratumSample::share(&[sure, unsure])?.unwrap();
    /// assert!((precision.estimate - 0.95).abs() < 1e-12);
    /// # Ok::<(), relata_decide::DecideError>(())
    /// ```
    pub fn share(strata: &[Self]) -> Result<Option<Interval>> {
        let total = total(strata)?;
        let pairs: f64 = strata.iter().map(|stratum| stratum.pairs as f64).sum();
        if pairs == 0.0 {
            return Ok(None);
        }
        interval(total.related / pairs, total.smoothed / pairs, total.variance / (pairs * pairs)).map(Some)
    }

    /// Of the related pairs of all strata, the share that lies in the first ones: recall, if `inside` are the pairs
    /// that were decided to be related and `outside` the others. Nothing if no related pair was found. The variance of
    /// the ratio is by the delta method (Cochran 1977, chapter 6).
    ///
    /// ```
    /// use relata_decide::evaluation::StratumSample;
    ///
    /// let decided = StratumSample { pairs: 100, answered: 50, related: 45 };
    /// let others = StratumSample { pairs: 1000, answered: 50, related: 1 };
    /// let recall = StratumSample::ratio(&[decided], &[others])?.unwrap();
    /// assert!((recall.estimate - 90.0 / 110.0).abs() < 1e-12 && recall.lower < 0.6);
    /// # Ok::<(), relata_decide::DecideError>(())
    /// ```
    pub fn ratio(inside: &[Self], outside: &[Self]) -> Result<Option<Interval>> {
        let (inside, outside) = (total(inside)?, total(outside)?);
        if inside.related + outside.related == 0.0 {
            return Ok(None);
        }
        let smoothed = inside.smoothed / (inside.smoothed + outside.smoothed);
        let scale = (inside.smoothed + outside.smoothed).powi(2);
        let variance = ((1.0 - smoothed).powi(2) * inside.variance + smoothed.powi(2) * outside.variance) / scale;
        interval(inside.related / (inside.related + outside.related), smoothed, variance).map(Some)
    }
}

fn total(strata: &[StratumSample]) -> Result<Total> {
    let mut sum = Total::default();
    for (stratum, &StratumSample { pairs, answered, related }) in strata.iter().enumerate() {
        for (what, found, most) in [("related answers", related, answered), ("answers", answered, pairs)] {
            if found > most {
                return Err(DecideError::Length { what, expected: most as usize, found: found as usize });
            }
        }
        if pairs == 0 {
            continue;
        }
        if answered == 0 {
            return Err(DecideError::UnansweredStratum { stratum, pairs });
        }
        let (all, n, k) = (pairs as f64, answered as f64, related as f64);
        // Of what was not drawn; nothing is uncertain about the rest.
        let unknown = 1.0 - n / all;
        let smoothed = (k + 0.5) / (n + 1.0);
        sum.related += all * k / n;
        sum.smoothed += all * (k / n * (1.0 - unknown) + smoothed * unknown);
        sum.variance += all * all * smoothed * (1.0 - smoothed) / n * unknown;
    }
    Ok(sum)
}

/// Wilson's interval around a share with a known variance.
fn interval(share: f64, smoothed: f64, variance: f64) -> Result<Interval> {
    let share = share.clamp(0.0, 1.0);
    if variance == 0.0 {
        return Ok(Interval { estimate: share, lower: share, upper: share });
    }
    let smoothed = smoothed.clamp(1e-12, 1.0 - 1e-12);
    Interval::wilson(share, (smoothed * (1.0 - smoothed) / variance).clamp(1e-6, 1e300))
}

#[cfg(test)]
mod tests {
    use rand::seq::index::sample;
    use rand::{RngExt, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    /// Draws `answered` of so many pairs, the first of which are related.
    fn draw(rng: &mut Xoshiro256PlusPlus, pairs: usize, related: usize, answered: usize) -> StratumSample {
        let hits = sample(rng, pairs, answered).iter().filter(|&pair| pair < related).count();
        StratumSample { pairs: pairs as u64, answered: answered as u64, related: hits as u64 }
    }

    #[test]
    fn intervals_hold_the_truth_often_enough() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
        // (pairs, related, answered) of strata that were decided to be related, and of others.
        let scenarios = [
            ([(2000, 1980, 40), (500, 350, 40)], [(800, 200, 60), (10_000, 50, 100)]),
            ([(5000, 5000, 20), (200, 100, 30)], [(300, 30, 30), (4000, 0, 30)]),
            ([(100, 90, 50), (50, 45, 50)], [(100, 20, 50), (1000, 10, 200)]),
        ];
        for (decided, others) in scenarios {
            let sum = |strata: &[(usize, usize, usize)]| strata.iter().fold((0, 0), |s, x| (s.0 + x.0, s.1 + x.1));
            let (all, inside) = sum(&decided);
            let outside = sum(&others).1;
            let truth = [inside as f64 / all as f64, inside as f64 / (inside + outside) as f64];
            let (mut held, mut mean) = ([0; 2], [0.0; 2]);
            for _ in 0..1000 {
                let mut drawn = |strata: [(usize, usize, usize); 2]| strata.map(|(n, k, m)| draw(&mut rng, n, k, m));
                let (decided, others) = (drawn(decided), drawn(others));
                let precision = StratumSample::share(&decided).unwrap().unwrap();
                let recall = StratumSample::ratio(&decided, &others).unwrap().unwrap();
                for (at, found) in [precision, recall].into_iter().enumerate() {
                    held[at] += u32::from(found.lower <= truth[at] && truth[at] <= found.upper);
                    mean[at] += found.estimate / 1000.0;
                }
            }
            assert!(held.iter().all(|&held| held >= 930), "{held:?} {truth:?}");
            assert!((mean[0] - truth[0]).abs() < 0.01, "{mean:?} {truth:?}");
        }
    }

    #[test]
    fn a_full_answer_is_certain() {
        let all = StratumSample { pairs: 8, answered: 8, related: 6 };
        let none = StratumSample { pairs: 4, answered: 4, related: 2 };
        let recall = StratumSample::ratio(&[all], &[none]).unwrap().unwrap();
        assert_eq!((recall.lower, recall.upper), (0.75, 0.75));
        assert_eq!(StratumSample::share(&[all]).unwrap().unwrap().estimate, 0.75);
    }

    #[test]
    fn degenerate_input() {
        assert_eq!(StratumSample::share(&[]), Ok(None));
        let empty = StratumSample { pairs: 0, answered: 0, related: 0 };
        assert_eq!(StratumSample::share(&[empty]), Ok(None));
        let unanswered = StratumSample { pairs: 3, ..empty };
        let refused = StratumSample::ratio(&[empty, unanswered], &[]);
        assert_eq!(refused, Err(DecideError::UnansweredStratum { stratum: 1, pairs: 3 }));
        assert!(StratumSample::share(&[StratumSample { pairs: 3, answered: 4, related: 0 }]).is_err());
        assert!(StratumSample::share(&[StratumSample { pairs: 3, answered: 2, related: 3 }]).is_err());
        let unrelated = StratumSample { pairs: 30, answered: 10, related: 0 };
        assert_eq!(StratumSample::ratio(&[unrelated], &[unrelated]), Ok(None));
        // Sums of random numbers of pairs cannot leave [0, 1].
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        for _ in 0..500 {
            let mut strata = || {
                let pairs = rng.random_range(1..u64::MAX);
                let answered = rng.random_range(1..=pairs.min(1000));
                StratumSample { pairs, answered, related: rng.random_range(0..=answered) }
            };
            let (inside, outside) = ([strata(), strata()], [strata()]);
            let found = StratumSample::ratio(&inside, &outside).unwrap();
            assert!(found.is_none_or(|found| found.lower <= found.estimate && found.estimate <= found.upper));
        }
    }
}
