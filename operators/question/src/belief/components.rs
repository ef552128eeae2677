//! Rows in components, and which components are known to be apart.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::Relation;
use super::bridges::Bridge;

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
}

#[derive(Debug, Clone, Default)]
struct Component {
    members: Vec<u32>,
    /// Labels of the components that are known to be different, with the number of pairs that say so.
    apart: BTreeMap<u32, u32>,
    bridges: OnceLock<Vec<Bridge>>,
}

impl Components {
    pub fn new(rows: usize) -> Self {
        let labels = (0..rows as u32).collect();
        Self { labels, seats: vec![NONE; rows], places: vec![], slots: vec![], free: vec![] }
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
    }

    /// Frees the slot of a row that is alone and in no standing statement any more.
    pub fn close(&mut self, row: u32) {
        let slot = self.label(row) as usize - self.rows();
        self.slots[slot] = Component::default();
        self.free.push(slot as u32);
        self.labels[row as usize] = row;
    }

    /// Makes one component of two that are not known to be apart.
    pub fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.label(a), self.label(b));
        if a == b {
            return self.touch(a);
        }
        let size = |label| self.component(label).map_or(0, |c| c.members.len() + c.apart.len());
        let (into, from) = if size(a) >= size(b) { (a, b) } else { (b, a) };
        let gone = std::mem::take(self.at(from));
        self.free.push(from - self.rows() as u32);
        for row in gone.members {
            self.enter(row, into);
        }
        for (other, pairs) in gone.apart {
            self.at(other).apart.remove(&from);
            self.separate(into, other, pairs);
        }
        self.touch(into);
    }

    /// Makes a component of its own of rows that no longer hang together with the rest of theirs. `unrelated` lists the
    /// rows that standing negatives name, once for each.
    pub fn split(&mut self, rows: &[u32], unrelated: &[u32]) {
        let Some(&first) = rows.first() else { return };
        let (old, new) = (self.label(first), self.new_label());
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
        for &row in unrelated {
            let other = self.label(row);
            self.unite(old, other);
            self.separate(new, other, 1);
        }
        self.touch(old);
    }

    /// Counts a pair that says that two rows of different components are unrelated.
    pub fn part(&mut self, a: u32, b: u32) {
        self.separate(self.label(a), self.label(b), 1);
    }

    /// Takes back one `part`.
    pub fn unpart(&mut self, a: u32, b: u32) {
        self.unite(self.label(a), self.label(b));
    }

    fn separate(&mut self, a: u32, b: u32, pairs: u32) {
        for (x, y) in [(a, b), (b, a)] {
            *self.at(x).apart.entry(y).or_default() += pairs;
        }
    }

    fn unite(&mut self, a: u32, b: u32) {
        for (x, y) in [(a, b), (b, a)] {
            let apart = &mut self.at(x).apart;
            if let Some(pairs) = apart.get_mut(&y) {
                *pairs -= 1;
                if *pairs == 0 {
                    apart.remove(&y);
                }
            }
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
        let members = &mut self.at(label).members;
        members.push(row);
        let (place, seat) = (members.len() as u32 - 1, self.seat(row));
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
