//! Earlier entities: what a run that is extended has decided stays, unless an answer says otherwise.

use std::collections::{BTreeSet, HashMap, HashSet};

use relata_data::index::Row;
use relata_graph::Components;

use super::super::context::StageContext;
use super::known_relations::KnownRelations;

/// The most log-odds of two earlier entities: they were decided to be apart, and only what is new brings them together.
const DECIDED_APART: f64 = -3.0;

impl StageContext<'_> {
    /// Must-links that keep the earlier entities together; not those that answers have split since.
    pub(super) fn kept(&self, known: &KnownRelations) -> Vec<(u32, u32)> {
        let Some(extension) = &self.extension else { return vec![] };
        let links = |row: u32| (extension.entities[row as usize], row);
        let links: Vec<(u32, u32)> = (0..extension.entities.len() as u32).map(links).filter(|(a, b)| a != b).collect();
        let kept = without_contradictions(self.samples.ids.rows(), &links, known);
        let split: HashSet<u32> = links.iter().map(|link| link.0).collect();
        let split = split.len() - kept.iter().map(|link| link.0).collect::<HashSet<u32>>().len();
        if split > 0 {
            let text = format!("{split} entities contradict answers that came later, and are decided anew");
            self.reporter.note("decide", &text);
        }
        kept.into_iter().map(|(a, b)| (a.min(b), a.max(b))).collect()
    }

    /// The log-odds of a pair of which nothing is known: two rows of different earlier entities stay apart by themselves.
    pub(super) fn as_decided(&self, a: Row, b: Row, log_odds: f64) -> f64 {
        let entity = |row: Row| self.extension.as_ref().and_then(|earlier| earlier.entities.get(row.index()));
        match (entity(a), entity(b)) {
            (Some(a), Some(b)) if a != b => log_odds.min(DECIDED_APART),
            _ => log_odds,
        }
    }

    /// By entity, at the place of its smallest row: the id that names it, that of one of its rows. An earlier entity keeps the
    /// one that it had, and of several the smallest is kept; what was split from one, or is new, has its smallest.
    pub(super) fn entity_ids(&self, entities: &[u32]) -> Vec<u64> {
        let earlier = self.extension.as_ref().map(|earlier| &earlier.entities[..]).unwrap_or_default();
        names(entities, earlier, &|row| self.samples.ids.id(Row(row)).0)
    }
}

/// See [`StageContext::entity_ids`]; `earlier` has the row that named the entity of each row.
fn names(entities: &[u32], earlier: &[u32], id: &dyn Fn(u32) -> u64) -> Vec<u64> {
    let mut ids: Vec<(bool, u64)> = vec![(true, u64::MAX); entities.len()];
    for (&entity, row) in entities.iter().zip(0u32..) {
        let named_one = earlier.get(row as usize) == Some(&row);
        let best = &mut ids[entity as usize];
        *best = (*best).min((!named_one, id(row)));
    }
    ids.into_iter().map(|(_, id)| id).collect()
}

/// The links (entity, row) but those of entities that would join two rows that are known to be apart: those that do so by
/// themselves first, and if others still do together, all of these.
fn without_contradictions(rows: usize, links: &[(u32, u32)], known: &KnownRelations) -> Vec<(u32, u32)> {
    let joined = |links: &[(u32, u32)]| {
        let mut joined = Components::new(rows);
        known.must_links().iter().chain(links).for_each(|&(a, b)| joined.join(a, b));
        joined.compress();
        joined
    };
    let musts = joined(&[]);
    // By rows that are known to be one: the earlier entities that have some of them.
    let mut entities: HashMap<u32, BTreeSet<u32>> = HashMap::new();
    for &(entity, row) in links {
        for member in [entity, row] {
            entities.entry(musts.root(member)).or_default().insert(entity);
        }
    }
    let of = |row: u32| entities.get(&musts.root(row)).into_iter().flatten();
    let alone: HashSet<u32> = (known.cannot_links().iter())
        .flat_map(|&(a, b)| of(a).filter(move |entity| of(b).any(|other| other == *entity)).copied())
        .collect();
    let links: Vec<(u32, u32)> = links.iter().copied().filter(|link| !alone.contains(&link.0)).collect();
    let together = joined(&links);
    let apart = known.cannot_links().iter().filter(|&&(a, b)| together.root(a) == together.root(b));
    let broken: HashSet<u32> = apart.map(|&(a, _)| together.root(a)).collect();
    links.into_iter().filter(|link| !broken.contains(&together.root(link.0))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_entity_keeps_its_id_and_what_is_split_from_it_has_its_own() {
        let id = |row: u32| [7_u64, 5, 9, 3][row as usize];
        // Rows 0 to 2 were the entity that row 0 names; row 2 has left it, and row 3, of a smaller id, has joined.
        assert_eq!(names(&[0, 0, 2, 0], &[0, 0, 0], &id)[..3], [7, u64::MAX, 9]);
        // Without earlier ones the smallest counts; of two that came together that of the smaller id.
        assert_eq!(names(&[0, 0, 2, 0], &[], &id)[0], 3);
        assert_eq!(names(&[0, 0, 0, 3], &[0, 1, 0], &id)[0], 5);
    }

    #[test]
    fn only_what_an_answer_contradicts_is_taken_apart() {
        // Entities {0, 1, 2} and {3, 4}; an answer says that 0 and 2 differ, another one that 1 and 3 are one.
        let known = KnownRelations::of(6, vec![(1, 3)], vec![(0, 2)]);
        assert_eq!(without_contradictions(6, &[(0, 1), (0, 2), (3, 4)], &known), [(3, 4)]);
        // Two entities that contradict an answer only together are both taken apart.
        let known = KnownRelations::of(6, vec![(1, 3)], vec![(0, 4)]);
        assert_eq!(without_contradictions(6, &[(0, 1), (3, 4)], &known), []);
    }
}
