//! Connected components over pairs above a threshold: single linkage.

use serde::{Deserialize, Serialize};

use super::barriers::Barriers;
use super::clustering::Clustering;
use super::evidence::Evidence;
use super::subproblem::by_smallest;
use crate::error::{self, Result};

/// The transitive closure of all pairs whose log-odds are at least a threshold. Where cannot-links or sources forbid
/// that, pairs join in the order of falling log-odds, and those that would join what must stay apart are passed over.
///
/// ```
/// use relata_decide::entities::{Clustering, ConnectedComponents, Evidence, ScoredPair};
///
/// let pair = |a, b, log_odds| ScoredPair { a, b, log_odds };
/// let evidence = Evidence::new(3, vec![pair(0, 1, 2.0), pair(1, 2, 3.0), pair(0, 2, -4.0)])?;
/// assert_eq!(ConnectedComponents::new(0.0)?.entities(&evidence)?, [0, 0, 0]);
/// # Ok::<(), relata_decide::DecideError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConnectedComponents {
    threshold: f64,
}

impl ConnectedComponents {
    /// The log-odds from which on a pair joins its rows.
    pub fn new(threshold: f64) -> Result<Self> {
        error::setting("threshold", threshold.is_finite(), "a finite number", threshold)?;
        Ok(Self { threshold })
    }
}

impl Clustering for ConnectedComponents {
    fn entities(&self, evidence: &Evidence) -> Result<Vec<u32>> {
        let mut strong: Vec<_> = evidence.pairs.iter().filter(|pair| pair.log_odds >= self.threshold).collect();
        let rows = 0..evidence.rows as u32;
        let mut parent: Vec<u32> = rows.clone().map(|row| evidence.must.root(row)).collect();
        let sources = parent.iter().copied().zip(evidence.sources.iter().copied()).collect::<Vec<_>>();
        let unit = |&(a, b): &(u32, u32)| (parent[a as usize], parent[b as usize]);
        let apart = evidence.cannot_links.iter().map(unit).collect::<Vec<_>>();
        let mut barriers = Barriers::new(evidence.rows, &apart, &sources);
        // Without barriers, the order of joins changes nothing. The sort is stable, so that ties go by row.
        if !(apart.is_empty() && sources.is_empty()) {
            strong.sort_by(|x, y| y.log_odds.total_cmp(&x.log_odds));
        }
        for pair in strong {
            let (a, b) = (root(&mut parent, pair.a), root(&mut parent, pair.b));
            if a != b && !barriers.between(a, b) {
                let (into, from) = if barriers.weight(a) >= barriers.weight(b) { (a, b) } else { (b, a) };
                barriers.merge(into, from);
                parent[from as usize] = into;
            }
        }
        Ok(by_smallest(&rows.map(|row| root(&mut parent, row)).collect::<Vec<_>>()))
    }
}

/// The row that stands for a row's entity; halves the way to it.
fn root(parent: &mut [u32], mut unit: u32) -> u32 {
    while parent[unit as usize] != unit {
        parent[unit as usize] = parent[parent[unit as usize] as usize];
        unit = parent[unit as usize];
    }
    unit
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use relata_graph::Components;

    use super::super::evidence::ScoredPair;
    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_is_the_transitive_closure_but_for_barriers(
            log_odds in prop::collection::vec(prop::option::of(-3.0..3.0f64), 66),
            cannot in prop::collection::vec((0u32..12, 0u32..12), 0..6),
        ) {
            let ends = (0..12u32).flat_map(|b| (0..b).map(move |a| (a, b)));
            let pairs = ends.zip(&log_odds).filter_map(|((a, b), z)| z.map(|log_odds| ScoredPair { a, b, log_odds }));
            let evidence = Evidence::new(12, pairs.collect()).unwrap().with_must_links(vec![(3, 4)]).unwrap();
            let mut closure = Components::new(12);
            closure.join(3, 4);
            evidence.pairs.iter().filter(|pair| pair.log_odds >= 0.5).for_each(|pair| closure.join(pair.a, pair.b));
            let clustering = ConnectedComponents::new(0.5).unwrap();
            let free = clustering.entities(&evidence).unwrap();
            prop_assert_eq!(&free, &(0..12).map(|row| closure.root(row)).collect::<Vec<_>>());
            let cannot: Vec<_> = cannot.into_iter().filter(|&(a, b)| a < b && (a, b) != (3, 4)).collect();
            let barred = clustering.entities(&evidence.with_cannot_links(cannot.clone()).unwrap()).unwrap();
            prop_assert!(cannot.iter().all(|&(a, b)| barred[a as usize] != barred[b as usize]));
            let split = (0..12).all(|row| free[barred[row] as usize] == free[row]);
            prop_assert!(split && barred[3] == barred[4]);
        }
    }

    #[test]
    fn the_weaker_pair_gives_way() {
        let pair = |a, b, log_odds| ScoredPair { a, b, log_odds };
        let evidence = Evidence::new(3, vec![pair(0, 1, 1.0), pair(1, 2, 2.0)]).unwrap();
        let entities = |evidence: &Evidence| ConnectedComponents::new(0.0).unwrap().entities(evidence).unwrap();
        assert_eq!(entities(&evidence.clone().with_sources(vec![5, 6, 5]).unwrap()), [0, 1, 1]);
        assert_eq!(entities(&evidence.with_cannot_links(vec![(0, 2)]).unwrap()), [0, 1, 1]);
        assert_eq!(entities(&Evidence::new(0, vec![]).unwrap()), Vec::<u32>::new());
        assert!(ConnectedComponents::new(f64::NAN).is_err());
    }
}
