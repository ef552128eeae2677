//! Rivals of a pair: the best other pair of each of its rows.

/// Log-odds are kept above this; a row without another pair has a rival of this.
const LEAST: f64 = -30.0;

/// Margins over rivals are kept within this.
const MOST_MARGIN: f64 = 20.0;

/// By row: its best pair, and the log-odds of its best two.
#[derive(Debug)]
pub(super) struct Rivals {
    of_row: Vec<Best>,
}

#[derive(Debug, Clone, Copy)]
struct Best {
    pair: u32,
    first: f64,
    second: f64,
}

impl Rivals {
    /// Finds the best two pairs of each row, of equal ones the first.
    pub(super) fn new(rows: usize, pairs: &[(u32, u32)], log_odds: &[f64]) -> Self {
        let mut of_row = vec![Best { pair: u32::MAX, first: f64::NEG_INFINITY, second: f64::NEG_INFINITY }; rows];
        for (at, (&(a, b), &z)) in pairs.iter().zip(log_odds).enumerate() {
            for row in [a, b] {
                let best = &mut of_row[row as usize];
                if z > best.first {
                    *best = Best { pair: at as u32, first: z, second: best.first };
                } else {
                    best.second = best.second.max(z);
                }
            }
        }
        Self { of_row }
    }

    /// The margins of a pair over the better and the worse rival of its rows.
    pub(super) fn margins(&self, at: usize, (a, b): (u32, u32), log_odds: f64) -> [f64; 2] {
        let rival = |row: u32| {
            let best = self.of_row[row as usize];
            (if best.pair == at as u32 { best.second } else { best.first }).max(LEAST)
        };
        let (a, b) = (rival(a), rival(b));
        [a.max(b), a.min(b)].map(|rival| (log_odds - rival).clamp(-MOST_MARGIN, MOST_MARGIN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_other_pair_is_the_rival() {
        let (pairs, log_odds) = ([(0, 1), (0, 2), (1, 2)], [3.0, 1.0, -40.0]);
        let rivals = Rivals::new(4, &pairs, &log_odds);
        assert_eq!(rivals.margins(0, pairs[0], 3.0), [2.0, 20.0]);
        assert_eq!(rivals.margins(1, pairs[1], 1.0), [-2.0, 20.0]);
    }
}
