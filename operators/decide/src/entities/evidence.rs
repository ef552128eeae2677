//! Evidence about entities: scored pairs, and what is known for certain.

use relata_graph::Components;
use serde::{Deserialize, Serialize};

use super::grouping::Grouping;
use crate::error::{self, DecideError, Result};

/// What an unseen pair weighs, unless said otherwise.
const UNSEEN: f64 = -1.0;

/// A pair of rows, and the log-odds that they are the same entity.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ScoredPair {
    /// The smaller row.
    pub a: u32,
    /// The larger row.
    pub b: u32,
    /// The log-odds that they are the same entity, a finite number.
    pub log_odds: f64,
}

/// What is known about which rows are the same entity.
///
/// ```
/// use relata_decide::entities::{Evidence, ScoredPair};
///
/// let pairs = vec![ScoredPair { a: 0, b: 2, log_odds: 3.0 }];
/// let evidence = Evidence::new(3, pairs)?.with_must_links(vec![(0, 1)])?.with_cannot_links(vec![(1, 2)])?;
/// assert!(evidence.clone().with_cannot_links(vec![(0, 1)]).is_err(), "0 and 1 are the same");
/// # Ok::<(), relata_decide::DecideError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Evidence {
    pub(super) rows: usize,
    /// By (a, b), each pair once.
    pub(super) pairs: Vec<ScoredPair>,
    pub(super) must_links: Vec<(u32, u32)>,
    pub(super) cannot_links: Vec<(u32, u32)>,
    /// The source of each row; empty if rows have none.
    pub(super) sources: Vec<u32>,
    pub(super) unseen: f64,
    /// The rows that must-links join.
    pub(super) must: Components,
}

impl Evidence {
    /// Rows 0 to `rows - 1`, and the pairs of them that were scored, in any order, each once. Pairs that were not
    /// scored, most of all those that blocking left out, weigh [`with_unseen`](Self::with_unseen).
    pub fn new(rows: usize, mut pairs: Vec<ScoredPair>) -> Result<Self> {
        // Numbers of rows and of pairs have 32 bits.
        error::setting("rows", u32::try_from(rows).is_ok(), "less than 2^32", rows as f64)?;
        let few = u32::try_from(pairs.len()).is_ok();
        error::setting("pairs", few, "less than 2^32", pairs.len() as f64)?;
        for (position, pair) in pairs.iter().enumerate() {
            check_pair(rows, (pair.a, pair.b))?;
            error::finite("log-odds of pair", position, pair.log_odds)?;
        }
        pairs.sort_unstable_by_key(|pair| (pair.a, pair.b));
        if let Some(same) = pairs.windows(2).find(|both| (both[0].a, both[0].b) == (both[1].a, both[1].b)) {
            return Err(DecideError::RepeatedPair { a: same[0].a, b: same[0].b });
        }
        let [must_links, cannot_links] = [vec![], vec![]];
        let must = Components::new(rows);
        Ok(Self { rows, pairs, must_links, cannot_links, sources: vec![], unseen: UNSEEN, must })
    }

    /// Pairs that are certainly the same entity, in place of those given before.
    pub fn with_must_links(mut self, links: Vec<(u32, u32)>) -> Result<Self> {
        links.iter().try_for_each(|&link| check_pair(self.rows, link))?;
        self.must = Components::new(self.rows);
        links.iter().for_each(|&(a, b)| self.must.join(a, b));
        self.must.compress();
        self.must_links = links;
        self.consistent()
    }

    /// Pairs that are certainly different entities, in place of those given before.
    pub fn with_cannot_links(mut self, links: Vec<(u32, u32)>) -> Result<Self> {
        links.iter().try_for_each(|&link| check_pair(self.rows, link))?;
        let few = u32::try_from(links.len()).is_ok();
        error::setting("cannot-links", few, "less than 2^32", links.len() as f64)?;
        self.cannot_links = links;
        self.consistent()
    }

    /// The source of each row, such as the file that it is from, where every source is free of duplicates: an entity
    /// has at most one row of each (one-to-one linking).
    pub fn with_sources(mut self, sources: Vec<u32>) -> Result<Self> {
        error::same_length("sources of rows", self.rows, sources.len())?;
        self.sources = sources;
        self.consistent()
    }

    /// The log-odds of a pair that was not scored, at most 0; -1 by default. It keeps a chain of likely pairs from
    /// joining many rows, of which most were never alike enough to be scored.
    pub fn with_unseen(mut self, log_odds: f64) -> Result<Self> {
        error::setting("unseen", log_odds.is_finite() && log_odds <= 0.0, "a finite number up to 0", log_odds)?;
        self.unseen = log_odds;
        Ok(self)
    }

    /// The same with the log-odds of all scored pairs moved by as much: another threshold.
    pub fn moved(&self, by: f64) -> Self {
        let mut moved = self.clone();
        moved.pairs.iter_mut().for_each(|pair| pair.log_odds += by);
        moved
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The scored pairs, by their rows.
    pub fn pairs(&self) -> &[ScoredPair] {
        &self.pairs
    }

    /// Refuses must-links that contradict a cannot-link, or the rule of one row per source.
    fn consistent(self) -> Result<Self> {
        let joined = |&&(a, b): &&(u32, u32)| self.must.root(a) == self.must.root(b);
        if let Some(&(a, b)) = self.cannot_links.iter().find(joined) {
            return Err(DecideError::Contradiction { a, b });
        }
        if !self.sources.is_empty() && !self.must_links.is_empty() {
            let groups = Grouping::of(self.rows, (0..self.rows as u32).map(|row| self.must.root(row)));
            for group in 0..self.rows {
                let mut members: Vec<_> =
                    groups.members(group).iter().map(|&row| (self.sources[row as usize], row)).collect();
                members.sort_unstable();
                if let Some(two) = members.windows(2).find(|two| two[0].0 == two[1].0) {
                    return Err(DecideError::SameSource { a: two[0].1, b: two[1].1, source_id: two[0].0 });
                }
            }
        }
        Ok(self)
    }
}

fn check_pair(rows: usize, (a, b): (u32, u32)) -> Result<()> {
    if a < b && (b as usize) < rows { Ok(()) } else { Err(DecideError::Pair { a, b, rows }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(a: u32, b: u32, log_odds: f64) -> ScoredPair {
        ScoredPair { a, b, log_odds }
    }

    #[test]
    fn pairs_that_are_none_are_refused() {
        for bad in [pair(1, 1, 0.0), pair(2, 1, 0.0), pair(0, 3, 0.0)] {
            let refused = Evidence::new(3, vec![bad]).unwrap_err();
            assert_eq!(refused, DecideError::Pair { a: bad.a, b: bad.b, rows: 3 });
        }
        assert!(Evidence::new(3, vec![pair(0, 1, f64::NAN)]).is_err());
        assert!(Evidence::new(3, vec![pair(0, 1, f64::INFINITY)]).is_err());
        let repeated = Evidence::new(3, vec![pair(0, 1, 1.0), pair(0, 2, 1.0), pair(0, 1, 2.0)]);
        assert_eq!(repeated.unwrap_err(), DecideError::RepeatedPair { a: 0, b: 1 });
        assert!(Evidence::new(usize::MAX, vec![]).is_err());
        let good = Evidence::new(3, vec![]).unwrap();
        assert!(good.clone().with_must_links(vec![(1, 0)]).is_err());
        assert!(good.clone().with_cannot_links(vec![(0, 3)]).is_err());
        assert!(good.clone().with_sources(vec![1, 2]).is_err());
        assert!(good.clone().with_unseen(0.1).is_err() && good.with_unseen(f64::NAN).is_err());
    }

    #[test]
    fn contradictions_are_named_whichever_comes_first() {
        let chain = vec![(0, 1), (1, 2)];
        let expected = DecideError::Contradiction { a: 0, b: 2 };
        let empty = || Evidence::new(4, vec![]).unwrap();
        let found = empty().with_must_links(chain.clone()).unwrap().with_cannot_links(vec![(1, 3), (0, 2)]);
        assert_eq!(found.unwrap_err(), expected);
        let found = empty().with_cannot_links(vec![(0, 2)]).unwrap().with_must_links(chain.clone());
        assert_eq!(found.unwrap_err(), expected);
        let found = empty().with_sources(vec![7, 8, 7, 7]).unwrap().with_must_links(chain);
        assert_eq!(found.unwrap_err(), DecideError::SameSource { a: 0, b: 2, source_id: 7 });
    }
}
