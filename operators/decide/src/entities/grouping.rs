//! Grouping by counting sort: the members of each group, one after another.

/// Items 0, 1, .. by the group that they belong to.
#[derive(Debug)]
pub(super) struct Grouping {
    /// Where each group starts among the members, and where the last one ends.
    starts: Vec<u32>,
    members: Vec<u32>,
}

impl Grouping {
    /// Sorts items by their groups, which are below `groups`; within a group they are ascending.
    pub(super) fn of(groups: usize, of_items: impl Iterator<Item = u32> + Clone) -> Self {
        let mut starts = vec![0_u32; groups + 1];
        of_items.clone().for_each(|group| starts[group as usize + 1] += 1);
        (0..groups).for_each(|group| starts[group + 1] += starts[group]);
        let mut next = starts.clone();
        let mut members = vec![0; starts[groups] as usize];
        for (item, group) in of_items.enumerate() {
            let at = &mut next[group as usize];
            members[*at as usize] = item as u32;
            *at += 1;
        }
        Self { starts, members }
    }

    /// The items of a group, ascending.
    pub(super) fn members(&self, group: usize) -> &[u32] {
        &self.members[self.starts[group] as usize..self.starts[group + 1] as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_in_order() {
        let found = Grouping::of(4, [2, 0, 2, 3, 0].into_iter());
        let members: Vec<_> = (0..4).map(|group| found.members(group).to_vec()).collect();
        assert_eq!(members, [vec![1, 4], vec![], vec![0, 2], vec![3]]);
        assert!(Grouping::of(1, std::iter::empty()).members(0).is_empty());
    }
}
