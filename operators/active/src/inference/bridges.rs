//! Bridges: must-links without which a component would fall into two large parts (Tarjan 1974).

use super::constraint_graph::ConstraintGraph;
use super::transitive_closure::{BridgeLink, TransitiveClosure};

/// The bridges of a component with at least `bridges_from` rows on both sides, in time linear in its links.
pub(super) fn bridges(
    closure: &TransitiveClosure,
    links: &ConstraintGraph,
    label: u32,
    bridges_from: u32,
) -> Vec<BridgeLink> {
    let members = closure.members(label);
    let rows = members.len() as u32;
    let bridges_from = bridges_from.max(1);
    let (Some(&root), true) = (members.first(), rows / 2 >= bridges_from) else { return vec![] };
    let mut found = Vec::new();
    // By position: when a row was reached (0: not yet), the earliest row reached from below it, and the rows below it.
    let mut reached = vec![0u32; members.len()];
    let mut earliest = vec![0u32; members.len()];
    let mut below = vec![1u32; members.len()];
    let mut clock = 1;
    reached[closure.position(root)] = 1;
    earliest[closure.position(root)] = 1;
    let mut stack = vec![(root, u32::MAX, 0)];
    while let Some((row, up, next)) = stack.last_mut() {
        let here = closure.position(*row);
        if let Some(link) = links.must_links(closure.node(*row)).get(*next) {
            *next += 1;
            let there = closure.position(link.row);
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
            let parent = closure.position(parent);
            earliest[parent] = earliest[parent].min(earliest[here]);
            below[parent] += below[here];
            let side = below[here].min(rows - below[here]);
            if earliest[here] > reached[parent] && side >= bridges_from {
                found.push(BridgeLink { pair, side });
            }
        }
    }
    found
}
