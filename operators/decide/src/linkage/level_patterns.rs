//! Patterns of agreement: pairs whose columns have the same levels are alike to a model of levels.

/// The pattern of each pair.
#[derive(Debug)]
pub(super) struct LevelPatterns {
    /// By pair.
    pub of_pair: Vec<u32>,
    columns: usize,
    /// By pattern, then by column.
    levels: Vec<u8>,
}

/// The most values of a column, of which levels are some.
const VALUES: usize = 8;

impl LevelPatterns {
    /// Numbers the different rows of columns of small numbers, below 8: each column splits the patterns so far. No
    /// hash, no sort, in time linear in the pairs.
    pub(super) fn new(pairs: usize, columns: &[Vec<u8>]) -> Self {
        let mut of_pair = vec![0_u32; pairs];
        let mut levels: Vec<u8> = Vec::new();
        let mut patterns = usize::from(pairs > 0);
        for (nth, column) in columns.iter().enumerate() {
            let key = |pattern: u32, value: u8| pattern as usize * VALUES + usize::from(value);
            let mut seen = vec![false; patterns * VALUES];
            of_pair.iter().zip(column).for_each(|(&pattern, &value)| seen[key(pattern, value)] = true);
            let mut numbers = vec![0_u32; seen.len()];
            let mut next = Vec::new();
            patterns = 0;
            for (at, _) in seen.iter().enumerate().filter(|(_, seen)| **seen) {
                numbers[at] = patterns as u32;
                patterns += 1;
                let before = at / VALUES * nth;
                next.extend_from_slice(&levels[before..before + nth]);
                next.push((at % VALUES) as u8);
            }
            levels = next;
            of_pair.iter_mut().zip(column).for_each(|(pattern, &value)| *pattern = numbers[key(*pattern, value)]);
        }
        Self { of_pair, columns: columns.len(), levels }
    }

    /// The different patterns.
    pub(super) fn all(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.levels.chunks_exact(self.columns.max(1))
    }

    /// The pattern of a pair.
    pub(super) fn of(&self, pair: usize) -> &[u8] {
        let start = self.of_pair[pair] as usize * self.columns;
        &self.levels[start..start + self.columns]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_the_pairs() {
        let columns = [vec![0, 5, 5, 0, 6], vec![1, 1, 1, 1, 0], vec![2, 3, 3, 1, 0]];
        let found = LevelPatterns::new(5, &columns);
        let of = |pair: usize| columns.iter().map(|column| column[pair]).collect::<Vec<_>>();
        assert!((0..5).all(|pair| found.of(pair) == of(pair)));
        assert_eq!(found.all().len(), 4);
        assert_eq!(LevelPatterns::new(0, &[vec![]]).all().len(), 0);
    }
}
