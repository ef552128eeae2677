//! Bridges: the "yes" links without which a component would fall into two big parts (Tarjan 1974).

use super::Components;
use super::links::Links;

/// A link that alone holds two sides of a component together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bridge {
    /// Its pair.
    pub pair: u32,
    /// Rows on the smaller side.
    pub side: u32,
}

/// The bridges of a component with at least `big` rows on both sides, in time linear in its links.
pub(super) fn bridges(components: &Components, links: &Links, label: u32, big: u32) -> Vec<Bridge> {
    let members = components.members(label);
    let rows = members.len() as u32;
    let big = big.max(1);
    let (Some(&root), true) = (members.first(), rows / 2 >= big) else { return vec![] };
    let mut found = Vec::new();
    // By place: when a row was reached (0: not yet), the earliest row reached from below it, and the rows below it.
    let mut reached = vec![0u32; members.len()];
    let mut earliest = vec![0u32; members.len()];
    let mut below = vec![1u32; members.len()];
    let mut clock = 1;
    reached[components.place(root)] = 1;
    earliest[components.place(root)] = 1;
    let mut stack = vec![(root, u32::MAX, 0)];
    while let Some((row, up, next)) = stack.last_mut() {
        let here = components.place(*row);
        if let Some(link) = links.yes(components.seat(*row)).get(*next) {
            *next += 1;
            let there = components.place(link.row);
            if link.pair == *up {
                continue;
            }
            if reached[there] == 0 {
                clock += 1;
                (reached[there], earliest[there]) = (clock, clock);
                stack.push((link.row, link.pair, 0));
            } else {
                earliest[here] = earliest[here].min(reached[there]);
            }
            continue;
        }
        let pair = *up;
        stack.pop();
        if let Some(&(parent, ..)) = stack.last() {
            let parent = components.place(parent);
            earliest[parent] = earliest[parent].min(earliest[here]);
            below[parent] += below[here];
            let side = below[here].min(rows - below[here]);
            if earliest[here] > reached[parent] && side >= big {
                found.push(Bridge { pair, side });
            }
        }
    }
    found
}
