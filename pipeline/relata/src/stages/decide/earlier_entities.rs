//! Earlier entities: what a run that is extended has decided stays, unless an answer says otherwise.

use std::collections::HashSet;

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

    /// By entity, at the place of its smallest row: the id that names it, which is the smallest of its rows; of an earlier
    /// entity the one that it had, and of several the smallest.
    pub(super) fn entity_ids(&self, entities: &[u32]) -> Vec<u64> {
        let id = |row: u32| self.samples.ids.id(Row(row)).0;
        let mut ids: Vec<(bool, u64)> = vec![(true, u64::MAX); entities.len()];
        for (&entity, row) in entities.iter().zip(0u32..) {
            let earlier = self.extension.as_ref().and_then(|earlier| earlier.entities.get(row as usize));
            let of_row = earlier.map_or((true, id(row)), |&named| (false, id(named)));
            let best = &mut ids[entity as usize];
            *best = (*best).min(of_row);
        }
        ids.into_iter().map(|(_, id)| id).collect()
    }
}

/// The links (entity, row) but those of entities that would join two rows that are known to be apart.
fn without_contradictions(rows: usize, links: &[(u32, u32)], known: &KnownRelations) -> Vec<(u32, u32)> {
    let mut joined = Components::new(rows);
    known.must_links().iter().chain(links).for_each(|&(a, b)| joined.join(a, b));
    joined.compress();
    let apart = known.cannot_links().iter().filter(|&&(a, b)| joined.root(a) == joined.root(b));
    let broken: HashSet<u32> = apart.map(|&(a, _)| joined.root(a)).collect();
    links.iter().copied().filter(|link| !broken.contains(&joined.root(link.0))).collect()
}
