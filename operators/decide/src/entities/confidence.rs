//! Confidence: how probable it is that a row belongs to its entity rather than anywhere else.

use super::evidence::Evidence;
use super::grouping::Grouping;
use super::subproblem::{Link, merge_by_cluster};
use crate::error::{self, DecideError, Result};

/// For each row, the probability that it belongs to its entity, given where all other rows are: `exp(own) / sum
/// (exp(option))`. The options of a row are its entity, every other entity that it has a scored pair with, and to be
/// alone. An option's log-odds are the sum over the row's pairs with the rows of that entity, a pair that was not
/// scored with the weight of unseen ones; alone it is 0. What cannot-links or sources forbid is no option. Rows that
/// must-links join move together and have one confidence. `entities` is what a [`Clustering`](super::Clustering)
/// returned, or any other partition that keeps the must-links, with numbers below the number of rows.
///
/// This is the conditional probability of the row's place if partitions are as probable as `exp` of their
/// [total log-odds](super::total_log_odds). So it is right as far as log-odds are calibrated and pairs independent.
/// Pairs of one entity are not: in an entity of many rows, the sum counts the same evidence several times, and the
/// confidence is too far from one half. It knows moves of one row (or group), and does not say how sure it is that two
/// large entities are not one.
///
/// ```
/// use relata_decide::entities::{Evidence, ScoredPair, confidence};
/// use relata_decide::log_odds::probability;
///
/// let pair = |a, b, log_odds| ScoredPair { a, b, log_odds };
/// let evidence = Evidence::new(3, vec![pair(0, 1, 3.0), pair(1, 2, -40.0)])?;
/// let found = confidence(&evidence, &[0, 0, 2])?;
/// // In its entity or alone: log-odds of 3.
/// assert!((found[0] - probability(3.0)).abs() < 1e-12);
/// // Its other option is as good as none.
/// assert!(found[2] > 0.999);
/// # Ok::<(), relata_decide::DecideError>(())
/// ```
pub fn confidence(evidence: &Evidence, entities: &[u32]) -> Result<Vec<f64>> {
    check(evidence, entities)?;
    let places = Places::new(evidence, entities);
    let mut found = vec![1.0; evidence.rows];
    // A unit's smallest row comes first.
    for row in 0..evidence.rows {
        let unit = evidence.must.root(row as u32) as usize;
        found[row] = if unit == row { places.confidence(unit) } else { found[unit] };
    }
    Ok(found)
}

fn check(evidence: &Evidence, entities: &[u32]) -> Result<()> {
    error::same_length("entities of rows", evidence.rows, entities.len())?;
    if let Some(position) = entities.iter().position(|&entity| entity as usize >= evidence.rows) {
        let (what, expected) = ("entity of row", "less than the number of rows");
        return Err(DecideError::Value { what, position, expected, found: entities[position].into() });
    }
    let broken = |&&(a, b): &&(u32, u32)| entities[a as usize] != entities[b as usize];
    match evidence.must_links.iter().find(broken) {
        Some(&(a, b)) => Err(DecideError::BrokenMustLink { a, b }),
        None => Ok(()),
    }
}

/// Where the rows are, and where they could be.
struct Places<'a> {
    evidence: &'a Evidence,
    entities: &'a [u32],
    /// By entity: its rows.
    sizes: Vec<u64>,
    /// By unit, which has the number of its smallest row: its rows.
    members: Grouping,
    /// By unit: the pairs whose smaller, or larger, row is in it; and the same of cannot-links.
    pairs: [Grouping; 2],
    cannot_links: [Grouping; 2],
    /// (entity, source) of all rows, sorted.
    taken: Vec<(u32, u32)>,
}

impl<'a> Places<'a> {
    fn new(evidence: &'a Evidence, entities: &'a [u32]) -> Self {
        let mut sizes = vec![0; evidence.rows];
        entities.iter().for_each(|&entity| sizes[entity as usize] += 1);
        let mut taken: Vec<_> = entities.iter().copied().zip(evidence.sources.iter().copied()).collect();
        taken.sort_unstable();
        let unit = |row: u32| evidence.must.root(row);
        let (pairs, cannot) = (evidence.pairs.iter(), evidence.cannot_links.iter());
        Self {
            evidence,
            entities,
            sizes,
            members: Grouping::of(evidence.rows, (0..evidence.rows as u32).map(unit)),
            pairs: [
                Grouping::of(evidence.rows, pairs.clone().map(|pair| unit(pair.a))),
                Grouping::of(evidence.rows, pairs.map(|pair| unit(pair.b))),
            ],
            cannot_links: [
                Grouping::of(evidence.rows, cannot.clone().map(|link| unit(link.0))),
                Grouping::of(evidence.rows, cannot.map(|link| unit(link.1))),
            ],
            taken,
        }
    }

    fn confidence(&self, unit: usize) -> f64 {
        let (own, size) = (self.entities[unit], self.members.members(unit).len() as u64);
        let unseen = self.evidence.unseen;
        let rest = self.sizes[own as usize] - size;
        let around = self.around(unit);
        let here = around.iter().find(|(entity, _)| *entity == own).map_or(Link::default(), |found| found.1);
        let mut options = vec![here.total((size, rest), unseen)];
        if rest > 0 {
            options.push(0.0);
        }
        let others = around.iter().filter(|(entity, _)| *entity != own && !self.barred(unit, *entity));
        options.extend(others.map(|&(entity, link)| link.total((size, self.sizes[entity as usize]), unseen)));
        // Without overflow: the largest exponent is 0.
        let most = options.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (options[0] - most).exp() / options.iter().map(|option| (option - most).exp()).sum::<f64>()
    }

    /// The evidence between a unit and the entities of its pairs, within the unit left out.
    fn around(&self, unit: usize) -> Vec<(u32, Link)> {
        let pairs = self.pairs.iter().flat_map(|side| side.members(unit)).map(|&at| self.evidence.pairs[at as usize]);
        let other = |a: u32, b: u32| if self.evidence.must.root(a) as usize == unit { b } else { a };
        let outwards = pairs.filter(|pair| self.evidence.must.root(pair.a) != self.evidence.must.root(pair.b));
        let link = |log_odds| Link { log_odds, pairs: 1 };
        let mut around: Vec<_> =
            outwards.map(|pair| (self.entities[other(pair.a, pair.b) as usize], link(pair.log_odds))).collect();
        merge_by_cluster(&mut around);
        around
    }

    fn barred(&self, unit: usize, entity: u32) -> bool {
        let link = |&at: &u32| self.evidence.cannot_links[at as usize];
        let [first, second] = &self.cannot_links;
        let apart = first.members(unit).iter().any(|at| self.entities[link(at).1 as usize] == entity)
            || second.members(unit).iter().any(|at| self.entities[link(at).0 as usize] == entity);
        let source = |&row: &u32| self.evidence.sources.get(row as usize);
        let sources = self.members.members(unit).iter().filter_map(source);
        apart || sources.into_iter().any(|&source| self.taken.binary_search(&(entity, source)).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::evidence::ScoredPair;
    use super::super::objective::total_log_odds;
    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_is_the_conditional_probability_of_the_partition(
            log_odds in prop::collection::vec(prop::option::of(-3.0..3.0f64), 21),
            entities in prop::collection::vec(0u32..3, 7),
            row in 0usize..7,
            unseen in -2.0..0.0f64,
        ) {
            let ends = (0..7u32).flat_map(|b| (0..b).map(move |a| (a, b)));
            let pairs: Vec<_> = ends.zip(&log_odds)
                .filter_map(|((a, b), z)| z.map(|log_odds| ScoredPair { a, b, log_odds })).collect();
            let evidence = Evidence::new(7, pairs).unwrap().with_unseen(unseen).unwrap();
            // Entity 6 has no rows: there the row is alone.
            let at = |entity: u32| {
                let mut moved = entities.clone();
                moved[row] = entity;
                total_log_odds(&evidence, &moved).unwrap().exp()
            };
            let own = entities[row];
            let compared = |entity: u32| evidence.pairs.iter().any(|pair| {
                let (a, b) = (pair.a as usize, pair.b as usize);
                (a == row && entities[b] == entity) || (b == row && entities[a] == entity)
            });
            let alone = entities.iter().filter(|&&entity| entity == own).count() == 1;
            let others: f64 = (0..3).filter(|&entity| entity != own && compared(entity)).map(at).sum();
            let expected = at(own) / (at(own) + others + if alone { 0.0 } else { at(6) });
            let found = confidence(&evidence, &entities).unwrap();
            prop_assert!((found[row] - expected).abs() < 1e-9, "{} {}", found[row], expected);
        }
    }

    #[test]
    fn rows_that_must_links_join_move_together() {
        let pair = |a, b, log_odds| ScoredPair { a, b, log_odds };
        let evidence = Evidence::new(4, vec![pair(0, 1, -9.0), pair(0, 2, 2.0), pair(1, 2, 1.0)]).unwrap();
        let evidence = evidence.with_must_links(vec![(0, 1)]).unwrap();
        let found = confidence(&evidence, &[0, 0, 0, 3]).unwrap();
        let expected = crate::log_odds::probability(3.0);
        assert!(found[..3].iter().all(|p| (p - expected).abs() < 1e-12), "{found:?}");
        assert_eq!(found[3], 1.0);
        let broken = confidence(&evidence, &[0, 1, 0, 3]);
        assert_eq!(broken, Err(DecideError::BrokenMustLink { a: 0, b: 1 }));
    }

    #[test]
    fn what_is_forbidden_is_no_option() {
        let evidence = Evidence::new(2, vec![ScoredPair { a: 0, b: 1, log_odds: 5.0 }]).unwrap();
        assert!(confidence(&evidence, &[0, 1]).unwrap()[0] < 0.01);
        let apart = evidence.clone().with_cannot_links(vec![(0, 1)]).unwrap();
        assert_eq!(confidence(&apart, &[0, 1]).unwrap(), [1.0, 1.0]);
        let sources = evidence.clone().with_sources(vec![3, 3]).unwrap();
        assert_eq!(confidence(&sources, &[0, 1]).unwrap(), [1.0, 1.0]);
        assert!(confidence(&evidence, &[0]).is_err() && confidence(&evidence, &[0, 2]).is_err());
        assert_eq!(confidence(&Evidence::new(0, vec![]).unwrap(), &[]), Ok(vec![]));
    }
}
