//! The pairs that stand, as links between rows, and the searches along them.

use super::Components;

/// A standing pair, seen from one of its rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    /// The other row.
    pub row: u32,
    /// The pair.
    pub pair: u32,
}

/// The links of rows, by seat.
#[derive(Debug, Clone, Default)]
pub(super) struct Links {
    seats: Vec<Ends>,
}

#[derive(Debug, Clone, Default)]
struct Ends {
    yes: Vec<Link>,
    no: Vec<Link>,
}

impl Links {
    /// The "yes" links of a seat.
    pub fn yes(&self, seat: usize) -> &[Link] {
        self.seats.get(seat).map_or(&[], |ends| &ends.yes)
    }

    /// The "no" links of a seat.
    pub fn no(&self, seat: usize) -> &[Link] {
        self.seats.get(seat).map_or(&[], |ends| &ends.no)
    }

    /// Adds one end of a link.
    pub fn insert(&mut self, seat: usize, related: bool, link: Link) {
        if self.seats.len() <= seat {
            self.seats.resize_with(seat + 1, Ends::default);
        }
        self.side(seat, related).push(link);
    }

    /// Removes one end of a pair's link.
    pub fn remove(&mut self, seat: usize, related: bool, pair: u32) {
        let links = self.side(seat, related);
        if let Some(at) = links.iter().position(|link| link.pair == pair) {
            links.swap_remove(at);
        }
    }

    fn side(&mut self, seat: usize, related: bool) -> &mut Vec<Link> {
        let ends = &mut self.seats[seat];
        if related { &mut ends.yes } else { &mut ends.no }
    }

    /// The pairs of a shortest chain, in order from `a` to `b`, that implies their relation by usable links: links of
    /// "yes", and one of "no" if their components are apart. None if there is no such chain.
    pub fn chain(&self, components: &Components, a: u32, b: u32, usable: impl Fn(u32) -> bool) -> Option<Vec<u32>> {
        components.relation(a, b)?;
        if a == b {
            return Some(vec![]);
        }
        // Negatives are looked for from the smaller component, which has fewer of them as a rule.
        let size = |row| components.members(components.label(row)).len();
        let (start, end) = if size(a) <= size(b) { (a, b) } else { (b, a) };
        let (here, there) = (components.label(start), components.label(end));
        let offset = if here == there { 0 } else { size(start) };
        let index = |row| components.place(row) + if components.label(row) == here { 0 } else { offset };
        let mut came: Vec<Option<Link>> = vec![None; offset + size(end)];
        let mut queue = vec![start];
        let mut head = 0;
        while let Some(&row) = queue.get(head)
            && row != end
        {
            head += 1;
            let seat = components.seat(row);
            let crossing = if components.label(row) == there { &[] } else { self.no(seat) };
            let crossing = crossing.iter().filter(|link| components.label(link.row) == there);
            for link in self.yes(seat).iter().chain(crossing) {
                let from = &mut came[index(link.row)];
                if from.is_none() && link.row != start && usable(link.pair) {
                    *from = Some(Link { row, pair: link.pair });
                    queue.push(link.row);
                }
            }
        }
        let mut chain = Vec::new();
        let mut row = end;
        while row != start {
            let link = came[index(row)]?;
            chain.push(link.pair);
            row = link.row;
        }
        if start == a {
            chain.reverse();
        }
        Some(chain)
    }

    /// The rows on one side of two rows of a component that "yes" links no longer join; none if they still do. Searches
    /// from both rows in turn, so that it costs no more than twice the smaller side.
    pub fn cut_off(&self, components: &Components, a: u32, b: u32) -> Option<Vec<u32>> {
        let mut sides = vec![0; components.members(components.label(a)).len()];
        let mut queues = [vec![a], vec![b]];
        (sides[components.place(a)], sides[components.place(b)]) = (1, 2);
        let mut head = 0;
        loop {
            for (queue, side) in queues.iter_mut().zip([1, 2]) {
                let Some(&row) = queue.get(head) else { return Some(std::mem::take(queue)) };
                for link in self.yes(components.seat(row)) {
                    let seen = &mut sides[components.place(link.row)];
                    if *seen == 0 {
                        *seen = side;
                        queue.push(link.row);
                    } else if *seen != side {
                        return None;
                    }
                }
            }
            head += 1;
        }
    }
}
