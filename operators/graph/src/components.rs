//! Connected components by union-find, which the transitive closure is made of: who is related to whom through a chain
//! of known positives.

/// The component of every row, and how to join two. Rows are plain numbers, since whatever is counted from 0 has
/// components: rows of a dataset as well as nodes of a batch.
#[derive(Debug, Clone)]
pub struct Components {
    parent: Vec<u32>,
}

impl Components {
    /// Every row alone.
    pub fn new(rows: usize) -> Self {
        Self { parent: (0..rows as u32).collect() }
    }

    /// Joins the components of two rows; the smaller root stays, so that the result does not depend on the order.
    pub fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.find_and_halve(a), self.find_and_halve(b));
        self.parent[a.max(b) as usize] = a.min(b);
    }

    /// The root of a row's component: the smallest row in it.
    pub fn root(&self, mut row: u32) -> u32 {
        while self.parent[row as usize] != row {
            row = self.parent[row as usize];
        }
        row
    }

    /// Points every row at its root, after which `root` takes one step.
    pub fn compress(&mut self) {
        for row in 0..self.parent.len() {
            // Parents are never larger than their children, so the parent's own entry is already a root.
            self.parent[row] = self.parent[self.parent[row] as usize];
        }
    }

    /// Sizes of all components, largest first.
    pub fn sizes(&self) -> Vec<u64> {
        let mut sizes = vec![0; self.parent.len()];
        for row in 0..self.parent.len() {
            sizes[self.root(row as u32) as usize] += 1;
        }
        sizes.retain(|&size| size > 0);
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        sizes
    }

    fn find_and_halve(&mut self, mut row: u32) -> u32 {
        while self.parent[row as usize] != row {
            let grandparent = self.parent[self.parent[row as usize] as usize];
            self.parent[row as usize] = grandparent;
            row = grandparent;
        }
        row
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_order_of_joins_changes_nothing(pairs in prop::collection::vec((0u32..30, 0u32..30), 0..60)) {
            let build = |pairs: &mut dyn Iterator<Item = &(u32, u32)>| {
                let mut components = Components::new(30);
                pairs.for_each(|&(a, b)| components.join(a, b));
                components.compress();
                (0..30).map(|row| components.root(row)).collect::<Vec<_>>()
            };
            let forward = build(&mut pairs.iter());
            prop_assert_eq!(&forward, &build(&mut pairs.iter().rev()));
            for (a, b) in pairs {
                prop_assert_eq!(forward[a as usize], forward[b as usize]);
            }
        }
    }

    #[test]
    fn sizes_count_every_row_once() {
        let mut components = Components::new(6);
        components.join(4, 1);
        components.join(1, 5);
        assert_eq!(components.sizes(), [3, 1, 1, 1]);
        assert_eq!(components.root(5), 1);
    }
}
