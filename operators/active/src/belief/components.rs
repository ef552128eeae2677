//! Rows in components, and which components are known to be apart.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::Relation;
use super::bridges::Bridge;
use super::ranking::{Rank, Ranking};

/// No seat.
const NONE: u32 = u32::MAX;

/// The components of rows. A row of no standing statement costs two numbers; its component is labelled by the row, and
/// that of others by `rows` + slot. Members and negatives are merged small into large.
#[derive(Debug, Clone)]
pub(super) struct Components {
    labels: Vec<u32>,
    /// By row: its seat, a dense number of the rows that were ever asked about.
    seats: Vec<u32>,
    /// By seat: its position among the members of its component.
    places: Vec<u32>,
    slots: Vec<Component>,
    free: Vec<u32>,
    ranking: Ranking,
}

#[derive(Debug, Clone, Default)]
struct Component {
    members: Vec<u32>,
    /// The smallest of them.
    first: u32,
    /// Standing pairs with a row in it.
    pairs: u32,
    /// Labels of the components that are known to be different, with the number of pairs that say so.
    apart: BTreeMap<u32, u32>,
    bridges: OnceLock<Vec<Bridge>>,
}

impl Components {
    pub fn new(rows: usize) -> Self {
        let labels = (0..rows as u32).collect();
        let ranking = Ranking::default();
        Self { labels, seats: vec![NONE; rows], places: vec![], slots: vec![], free: vec![], ranking }
    }

    pub fn rows(&self) -> usize {
        self.labels.len()
    }

    pub fn label(&self, row: u32) -> u32 {
        self.labels[row as usize]
    }

    /// Whether a row has a slot: it is in a standing statement.
    pub fn is_known(&self, row: u32) -> bool {
        self.label(row) as usize >= self.rows()
    }

    /// A known row's seat.
    pub fn seat(&self, row: u32) -> usize {
        self.seats[row as usize] as usize
    }

    /// A known row's position among the members of its component.
    pub fn place(&self, row: u32) -> usize {
        self.places[self.seat(row)] as usize
    }

    pub fn members(&self, label: u32) -> &[u32] {
        let at = label as usize;
        match at.checked_sub(self.rows()) {
            Some(slot) => self.slots.get(slot).map_or(&[], |component| &component.members),
            None => &self.labels[at..=at],
        }
    }

    pub fn apart(&self, label: u32) -> impl Iterator<Item = u32> {
        self.component(label).into_iter().flat_map(|component| component.apart.keys().copied())
    }

    /// Labels of the components with a slot.
    pub fn known(&self) -> impl Iterator<Item = u32> {
        let rows = self.rows();
        let used = self.slots.iter().enumerate().filter(|(_, component)| !component.members.is_empty());
        used.map(move |(slot, _)| (rows + slot) as u32)
    }

    pub fn relation(&self, a: u32, b: u32) -> Option<Relation> {
        let (a, b) = (self.label(a), self.label(b));
        if a == b {
            return Some(Relation::Positive);
        }
        let (x, y) = (self.component(a)?, self.component(b)?);
        let apart = if x.apart.len() <= y.apart.len() { x.apart.contains_key(&b) } else { y.apart.contains_key(&a) };
        apart.then_some(Relation::Negative)
    }

    /// The bridges of a component, found once until it changes.
    pub fn bridges(&self, label: u32, find: impl FnOnce() -> Vec<Bridge>) -> &[Bridge] {
        self.component(label).map_or(&[], |component| component.bridges.get_or_init(find))
    }

    /// Forgets the bridges of a component whose links have changed.
    pub fn touch(&mut self, label: u32) {
        self.at(label).bridges = OnceLock::new();
    }

    /// Gives a row a seat and a slot, if it has none.
    pub fn open(&mut self, row: u32) {
        if self.is_known(row) {
            return;
        }
        if self.seats[row as usize] == NONE {
            self.seats[row as usize] = self.places.len() as u32;
            self.places.push(0);
        }
        let label = self.new_label();
        self.enter(row, label);
        self.put(label);
    }

    /// Frees the slot of a row that is alone and in no standing statement any more.
    pub fn close(&mut self, row: u32) {
        self.take(self.label(row));
        let slot = self.label(row) as usize - self.rows();
        self.slots[slot] = Component::default();
        self.free.push(slot as u32);
        self.labels[row as usize] = row;
    }

    /// Counts a pair that says that two rows are related, and makes one component of their two, which are not known to
    /// be apart.
    pub fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.label(a), self.label(b));
        if a == b {
            self.count(a, 1);
            return self.touch(a);
        }
        let size = |label| self.component(label).map_or(0, |c| c.members.len() + c.apart.len());
        let (into, from) = if size(a) >= size(b) { (a, b) } else { (b, a) };
        self.take(into);
        self.take(from);
        let gone = std::mem::take(self.at(from));
        self.free.push(from - self.rows() as u32);
        for row in gone.members {
            self.enter(row, into);
        }
        self.at(into).pairs += gone.pairs + 1;
        self.put(into);
        for (other, pairs) in gone.apart {
            self.take(other);
            self.at(other).apart.remove(&from);
            self.put(other);
            self.separate(into, other, pairs);
        }
        self.touch(into);
    }

    /// Takes back a pair that says that a row is related to another of its component; they still are, or `split` follows.
    pub fn loosen(&mut self, row: u32) {
        let label = self.label(row);
        self.count(label, -1);
        self.touch(label);
    }

    /// Makes a component of its own of rows that no longer hang together with the rest of theirs. `unrelated` lists the
    /// rows that standing negatives name, once for each; `related` counts the standing pairs among `rows`.
    pub fn split(&mut self, rows: &[u32], unrelated: &[u32], related: u32) {
        let Some(&first) = rows.first() else { return };
        let (old, new) = (self.label(first), self.new_label());
        self.take(old);
        for &row in rows {
            let place = self.place(row);
            let members = &mut self.at(old).members;
            members.swap_remove(place);
            if let Some(&moved) = members.get(place) {
                let seat = self.seat(moved);
                self.places[seat] = place as u32;
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
        self.put(old);
        self.put(new);
        for &row in unrelated {
            let other = self.label(row);
            self.unite(old, other);
            self.separate(new, other, 1);
        }
        self.touch(old);
    }

    /// Counts a pair that says that two rows of different components are unrelated.
    pub fn part(&mut self, a: u32, b: u32) {
        let (a, b) = (self.label(a), self.label(b));
        self.separate(a, b, 1);
        [a, b].into_iter().for_each(|label| self.count(label, 1));
    }

    /// Takes back one `part`.
    pub fn unpart(&mut self, a: u32, b: u32) {
        let (a, b) = (self.label(a), self.label(b));
        self.unite(a, b);
        [a, b].into_iter().for_each(|label| self.count(label, -1));
    }

    /// The orders of the components.
    pub fn ranking(&self) -> &Ranking {
        &self.ranking
    }

    /// What the place of a component with a slot depends on.
    pub fn rank(&self, label: u32) -> Option<Rank> {
        let component = self.component(label).filter(|component| !component.members.is_empty())?;
        let Component { first, pairs, .. } = *component;
        let (rows, apart) = (component.members.len() as u32, component.apart.len() as u32);
        Some(Rank { label, rows, first, pairs, apart })
    }

    /// Removes a component from the orders before it changes.
    fn take(&mut self, label: u32) {
        if let Some(rank) = self.rank(label) {
            self.ranking.remove(rank);
        }
    }

    /// Puts a component into the orders after it has changed.
    fn put(&mut self, label: u32) {
        if let Some(rank) = self.rank(label) {
            self.ranking.insert(rank);
        }
    }

    fn count(&mut self, label: u32, pairs: i32) {
        self.take(label);
        let component = self.at(label);
        component.pairs = component.pairs.saturating_add_signed(pairs);
        self.put(label);
    }

    fn separate(&mut self, a: u32, b: u32, pairs: u32) {
        for (x, y) in [(a, b), (b, a)] {
            self.take(x);
            *self.at(x).apart.entry(y).or_default() += pairs;
            self.put(x);
        }
    }

    fn unite(&mut self, a: u32, b: u32) {
        for (x, y) in [(a, b), (b, a)] {
            self.take(x);
            let apart = &mut self.at(x).apart;
            if let Some(pairs) = apart.get_mut(&y) {
                *pairs -= 1;
                if *pairs == 0 {
                    apart.remove(&y);
                }
            }
            self.put(x);
        }
    }

    fn new_label(&mut self) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Component::default());
            self.slots.len() as u32 - 1
        });
        self.rows() as u32 + slot
    }

    fn enter(&mut self, row: u32, label: u32) {
        self.labels[row as usize] = label;
        let component = self.at(label);
        component.first = if component.members.is_empty() { row } else { component.first.min(row) };
        component.members.push(row);
        let (place, seat) = (component.members.len() as u32 - 1, self.seat(row));
        self.places[seat] = place;
    }

    fn component(&self, label: u32) -> Option<&Component> {
        self.slots.get((label as usize).checked_sub(self.rows())?)
    }

    /// The component with a slot's label.
    fn at(&mut self, label: u32) -> &mut Component {
        let slot = label as usize - self.rows();
        &mut self.slots[slot]
    }
}
