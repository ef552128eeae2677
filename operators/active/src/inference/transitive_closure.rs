//! Transitive closure: must-links join rows to components, cannot-links keep components apart.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use relata_data::index::TrainingRow;

use super::component_ranking::{Rank, Ranking};
use super::must_link_cannot_link::Relation;

/// No node.
const NONE: u32 = u32::MAX;

/// The components of rows. A row of no standing constraint costs two numbers; its component is labelled by the row, and
/// that of others by `rows` + slot. Members and cannot-links are merged small into large.
#[derive(Debug, Clone)]
pub(super) struct TransitiveClosure {
    labels: Vec<u32>,
    /// By row: its node in the constraint graph, a dense number of the rows that were ever in a constraint.
    nodes: Vec<u32>,
    /// By node: its position among the members of its component.
    positions: Vec<u32>,
    slots: Vec<ConnectedComponent>,
    free: Vec<u32>,
    ranking: Ranking,
}

#[derive(Debug, Clone, Default)]
struct ConnectedComponent {
    members: Vec<TrainingRow>,
    /// The smallest of them.
    first: TrainingRow,
    /// Standing pairs with a row in it.
    pairs: u32,
    /// Labels of the components that are known to be different, with the number of pairs that say so.
    cannot_links: BTreeMap<u32, u32>,
    bridges: OnceLock<Vec<BridgeLink>>,
}

/// A link that alone holds two sides of a component together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BridgeLink {
    /// Its pair.
    pub pair: u32,
    /// Rows on the smaller side.
    pub side: u32,
}

impl TransitiveClosure {
    pub fn new(rows: usize) -> Self {
        let labels = (0..rows as u32).collect();
        let ranking = Ranking::default();
        Self { labels, nodes: vec![NONE; rows], positions: vec![], slots: vec![], free: vec![], ranking }
    }

    pub fn rows(&self) -> usize {
        self.labels.len()
    }

    pub fn label(&self, row: TrainingRow) -> u32 {
        self.labels[row.index()]
    }

    /// Whether a row has a slot: it is in a standing constraint.
    pub fn is_known(&self, row: TrainingRow) -> bool {
        self.label(row) as usize >= self.rows()
    }

    /// The node of a known row.
    pub fn node(&self, row: TrainingRow) -> usize {
        self.nodes[row.index()] as usize
    }

    /// A known row's position among the members of its component.
    pub fn position(&self, row: TrainingRow) -> usize {
        self.positions[self.node(row)] as usize
    }

    pub fn members(&self, label: u32) -> &[TrainingRow] {
        let at = label as usize;
        match at.checked_sub(self.rows()) {
            Some(slot) => self.slots.get(slot).map_or(&[], |component| &component.members),
            // The label of a row without a slot is the row itself.
            None => TrainingRow::slice(&self.labels[at..=at]),
        }
    }

    pub fn cannot_links(&self, label: u32) -> impl Iterator<Item = u32> {
        self.component(label).into_iter().flat_map(|component| component.cannot_links.keys().copied())
    }

    /// Labels of the components with a slot.
    pub fn components(&self) -> impl Iterator<Item = u32> {
        let rows = self.rows();
        let used = self.slots.iter().enumerate().filter(|(_, component)| !component.members.is_empty());
        used.map(move |(slot, _)| (rows + slot) as u32)
    }

    pub fn relation(&self, a: TrainingRow, b: TrainingRow) -> Option<Relation> {
        let (a, b) = (self.label(a), self.label(b));
        if a == b {
            return Some(Relation::Positive);
        }
        let (x, y) = (self.component(a)?, self.component(b)?);
        let separated = if x.cannot_links.len() <= y.cannot_links.len() {
            x.cannot_links.contains_key(&b)
        } else {
            y.cannot_links.contains_key(&a)
        };
        separated.then_some(Relation::Negative)
    }

    /// The bridges of a component, found once until it changes.
    pub fn bridges(&self, label: u32, find: impl FnOnce() -> Vec<BridgeLink>) -> &[BridgeLink] {
        self.component(label).map_or(&[], |component| component.bridges.get_or_init(find))
    }

    /// Forgets the bridges of a component whose links have changed.
    pub fn forget_bridges(&mut self, label: u32) {
        self.at(label).bridges = OnceLock::new();
    }

    /// Gives a row a node and a slot, if it has none.
    pub fn add_row(&mut self, row: TrainingRow) {
        if self.is_known(row) {
            return;
        }
        if self.nodes[row.index()] == NONE {
            self.nodes[row.index()] = self.positions.len() as u32;
            self.positions.push(0);
        }
        let label = self.new_label();
        self.enter(row, label);
        self.rerank(label);
    }

    /// Frees the slot of a row that is alone and in no standing constraint any more.
    pub fn remove_row(&mut self, row: TrainingRow) {
        self.unrank(self.label(row));
        let slot = self.label(row) as usize - self.rows();
        self.slots[slot] = ConnectedComponent::default();
        self.free.push(slot as u32);
        self.labels[row.index()] = row.0;
    }

    /// Adds a must-link, which makes one component of two that have no cannot-link between them.
    pub fn add_must_link(&mut self, a: TrainingRow, b: TrainingRow) {
        let (a, b) = (self.label(a), self.label(b));
        if a == b {
            self.count(a, 1);
            return self.forget_bridges(a);
        }
        let size = |label| self.component(label).map_or(0, |c| c.members.len() + c.cannot_links.len());
        let (into, from) = if size(a) >= size(b) { (a, b) } else { (b, a) };
        self.unrank(into);
        self.unrank(from);
        let gone = std::mem::take(self.at(from));
        self.free.push(from - self.rows() as u32);
        for row in gone.members {
            self.enter(row, into);
        }
        self.at(into).pairs += gone.pairs + 1;
        self.rerank(into);
        for (other, pairs) in gone.cannot_links {
            self.unrank(other);
            self.at(other).cannot_links.remove(&from);
            self.rerank(other);
            self.count_cannot_links(into, other, pairs);
        }
        self.forget_bridges(into);
    }

    /// Takes back a must-link within the component of a row; if it held the component together, `split` follows.
    pub fn remove_must_link(&mut self, row: TrainingRow) {
        let label = self.label(row);
        self.count(label, -1);
        self.forget_bridges(label);
    }

    /// Makes a component of its own of rows that no longer hang together with the rest of theirs. `unrelated` lists the
    /// rows that standing cannot-links name, once for each; `related` counts the standing pairs among `rows`.
    pub fn split(&mut self, rows: &[TrainingRow], unrelated: &[TrainingRow], related: u32) {
        let Some(&first) = rows.first() else { return };
        let (old, new) = (self.label(first), self.new_label());
        self.unrank(old);
        for &row in rows {
            let position = self.position(row);
            let members = &mut self.at(old).members;
            members.swap_remove(position);
            if let Some(&moved) = members.get(position) {
                let node = self.node(moved);
                self.positions[node] = position as u32;
            }
            self.enter(row, new);
        }
        let pairs = related + unrelated.len() as u32;
        self.at(new).pairs = pairs;
        let moved = rows.contains(&self.at(old).first);
        let left = self.at(old);
        left.pairs -= pairs;
        if moved {
            left.first = left.members.iter().copied().min().unwrap_or(left.first);
        }
        self.rerank(old);
        self.rerank(new);
        for &row in unrelated {
            let other = self.label(row);
            self.uncount_cannot_link(old, other);
            self.count_cannot_links(new, other, 1);
        }
        self.forget_bridges(old);
    }

    /// Adds a cannot-link between two rows of different components.
    pub fn add_cannot_link(&mut self, a: TrainingRow, b: TrainingRow) {
        let (a, b) = (self.label(a), self.label(b));
        self.count_cannot_links(a, b, 1);
        [a, b].into_iter().for_each(|label| self.count(label, 1));
    }

    /// Takes back one cannot-link.
    pub fn remove_cannot_link(&mut self, a: TrainingRow, b: TrainingRow) {
        let (a, b) = (self.label(a), self.label(b));
        self.uncount_cannot_link(a, b);
        [a, b].into_iter().for_each(|label| self.count(label, -1));
    }

    /// The orders of the components.
    pub fn ranking(&self) -> &Ranking {
        &self.ranking
    }

    /// What the rank of a component with a slot depends on.
    pub fn rank(&self, label: u32) -> Option<Rank> {
        let component = self.component(label).filter(|component| !component.members.is_empty())?;
        let ConnectedComponent { first, pairs, .. } = *component;
        let (rows, cannot_links) = (component.members.len() as u32, component.cannot_links.len() as u32);
        Some(Rank { label, rows, first, pairs, cannot_links })
    }

    /// Removes a component from the orders before it changes.
    fn unrank(&mut self, label: u32) {
        if let Some(rank) = self.rank(label) {
            self.ranking.remove(rank);
        }
    }

    /// Puts a component into the orders after it has changed.
    fn rerank(&mut self, label: u32) {
        if let Some(rank) = self.rank(label) {
            self.ranking.insert(rank);
        }
    }

    fn count(&mut self, label: u32, pairs: i32) {
        self.unrank(label);
        let component = self.at(label);
        component.pairs = component.pairs.saturating_add_signed(pairs);
        self.rerank(label);
    }

    fn count_cannot_links(&mut self, a: u32, b: u32, pairs: u32) {
        for (x, y) in [(a, b), (b, a)] {
            self.unrank(x);
            *self.at(x).cannot_links.entry(y).or_default() += pairs;
            self.rerank(x);
        }
    }

    fn uncount_cannot_link(&mut self, a: u32, b: u32) {
        for (x, y) in [(a, b), (b, a)] {
            self.unrank(x);
            let cannot_links = &mut self.at(x).cannot_links;
            if let Some(pairs) = cannot_links.get_mut(&y) {
                *pairs -= 1;
                if *pairs == 0 {
                    cannot_links.remove(&y);
                }
            }
            self.rerank(x);
        }
    }

    fn new_label(&mut self) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(ConnectedComponent::default());
            self.slots.len() as u32 - 1
        });
        self.rows() as u32 + slot
    }

    fn enter(&mut self, row: TrainingRow, label: u32) {
        self.labels[row.index()] = label;
        let component = self.at(label);
        component.first = if component.members.is_empty() { row } else { component.first.min(row) };
        component.members.push(row);
        let (position, node) = (component.members.len() as u32 - 1, self.node(row));
        self.positions[node] = position;
    }

    fn component(&self, label: u32) -> Option<&ConnectedComponent> {
        self.slots.get((label as usize).checked_sub(self.rows())?)
    }

    /// The component with a slot's label.
    fn at(&mut self, label: u32) -> &mut ConnectedComponent {
        let slot = label as usize - self.rows();
        &mut self.slots[slot]
    }
}
