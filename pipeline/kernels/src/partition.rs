//! Partitions of work into fixed parts: they depend on sizes, never on the number of threads, so that sums have the
//! same bits on any.

use std::ops::Range;

/// Numbers that one task of an elementwise kernel works on: about the size of the first cache.
pub(crate) const ELEMENTWISE: usize = 8 * 1024;

/// Rows of a product that are made at once, so that they and their factors stay in the second cache.
const ROWS_AT_ONCE: usize = 128;

/// How the images of a batch are worked on: some at once (a part), parts in order within a group, groups in parallel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts {
    images: usize,
    /// Images of a part.
    pub part: usize,
    /// Images of a group, a multiple of `part`.
    pub group: usize,
}

impl Parts {
    /// For images of `rows` output positions each; `kept` numbers are kept for each group, so there are fewer groups
    /// where these are many.
    pub fn new(images: usize, rows: usize, kept: usize) -> Self {
        let part = (ROWS_AT_ONCE / rows.max(1)).clamp(1, images.max(1));
        let groups = match kept {
            0..=65_536 => 16,
            65_537..=524_288 => 8,
            _ => 4,
        };
        let group = images.div_ceil(part).div_ceil(groups).max(1) * part;
        Self { images, part, group }
    }

    /// Number of groups.
    pub fn groups(&self) -> usize {
        self.images.div_ceil(self.group)
    }

    /// The parts of a group, as ranges of images.
    pub fn of_group(self, group: usize) -> impl Iterator<Item = Range<usize>> {
        let end = ((group + 1) * self.group).min(self.images);
        (group * self.group..end).step_by(self.part).map(move |from| from..(from + self.part).min(end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_image_is_in_one_part_of_one_group() {
        for (images, rows, kept) in [(1, 1, 0), (7, 16, 100_000), (512, 49, 18_432), (1024, 1, 401_408), (3, 1000, 9)] {
            let parts = Parts::new(images, rows, kept);
            let all: Vec<usize> = (0..parts.groups()).flat_map(|g| parts.of_group(g).flatten()).collect();
            assert_eq!(all, (0..images).collect::<Vec<_>>());
        }
    }
}
