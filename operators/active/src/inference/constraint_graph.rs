//! Constraint graph: the pairs that stand as links between rows, and the searches along them.

use relata_data::index::TrainingRow;

use super::transitive_closure::TransitiveClosure;

/// A standing pair, seen from one of its rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct ConstraintLink {
    /// The other row.
    pub row: TrainingRow,
    /// The pair.
    pub pair: u32,
}

/// The links of rows, by node.
#[derive(Debug, Clone, Default)]
pub(super) struct ConstraintGraph {
    nodes: Vec<Ends>,
}

#[derive(Debug, Clone, Default)]
struct Ends {
    must_links: Vec<ConstraintLink>,
    cannot_links: Vec<ConstraintLink>,
}

impl ConstraintGraph {
    /// The must-links of a node.
    pub fn must_links(&self, node: usize) -> &[ConstraintLink] {
        self.nodes.get(node).map_or(&[], |ends| &ends.must_links)
    }

    /// The cannot-links of a node.
    pub fn cannot_links(&self, node: usize) -> &[ConstraintLink] {
        self.nodes.get(node).map_or(&[], |ends| &ends.cannot_links)
    }

    /// Adds one end of a link.
    pub fn insert(&mut self, node: usize, related: bool, link: ConstraintLink) {
        if self.nodes.len() <= node {
            self.nodes.resize_with(node + 1, Ends::default);
        }
        self.side(node, related).push(link);
    }

    /// Removes one end of a pair's link.
    pub fn remove(&mut self, node: usize, related: bool, pair: u32) {
        let links = self.side(node, related);
        if let Some(at) = links.iter().position(|link| link.pair == pair) {
            links.swap_remove(at);
        }
    }

    fn side(&mut self, node: usize, related: bool) -> &mut Vec<ConstraintLink> {
        let ends = &mut self.nodes[node];
        if related { &mut ends.must_links } else { &mut ends.cannot_links }
    }

    /// The pairs of a shortest chain, in order from `a` to `b`, that implies their relation by usable links: links of
    /// "yes", and one of "no" if their components are apart. None if there is no such chain.
    pub fn chain(
        &self,
        closure: &TransitiveClosure,
        a: TrainingRow,
        b: TrainingRow,
        usable: impl Fn(u32) -> bool,
    ) -> Option<Vec<u32>> {
        closure.relation(a, b)?;
        if a == b {
            return Some(vec![]);
        }
        // Cannot-links are looked for from the smaller component, which has fewer of them as a rule.
        let size = |row| closure.members(closure.label(row)).len();
        let (start, end) = if size(a) <= size(b) { (a, b) } else { (b, a) };
        let (here, there) = (closure.label(start), closure.label(end));
        let offset = if here == there { 0 } else { size(start) };
        let index = |row| closure.position(row) + if closure.label(row) == here { 0 } else { offset };
        let mut came: Vec<Option<ConstraintLink>> = vec![None; offset + size(end)];
        let mut queue = vec![start];
        let mut head = 0;
        while let Some(&row) = queue.get(head)
            && row != end
        {
            head += 1;
            let node = closure.node(row);
            let crossing = if closure.label(row) == there { &[] } else { self.cannot_links(node) };
            let crossing = crossing.iter().filter(|link| closure.label(link.row) == there);
            for link in self.must_links(node).iter().chain(crossing) {
                let from = &mut came[index(link.row)];
                if from.is_none() && link.row != start && usable(link.pair) {
                    *from = Some(ConstraintLink { row, pair: link.pair });
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
    pub fn cut_off(&self, closure: &TransitiveClosure, a: TrainingRow, b: TrainingRow) -> Option<Vec<TrainingRow>> {
        let mut sides = vec![0; closure.members(closure.label(a)).len()];
        let mut queues = [vec![a], vec![b]];
        (sides[closure.position(a)], sides[closure.position(b)]) = (1, 2);
        let mut head = 0;
        loop {
            for (queue, side) in queues.iter_mut().zip([1, 2]) {
                let Some(&row) = queue.get(head) else { return Some(std::mem::take(queue)) };
                for link in self.must_links(closure.node(row)) {
                    let seen = &mut sides[closure.position(link.row)];
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
