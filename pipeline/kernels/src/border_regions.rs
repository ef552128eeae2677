//! Border regions of a convolution: positions of a map that meet the same taps of a filter.
//!
//! At the borders some taps lie outside. Taking positions by the taps that they meet leaves products without a single
//! summand that is 0 for certain (of the last layer of the small convolutional network that was every third), and
//! images need no copy with zeros around them.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::microkernel::{Stretches, Tap};

/// A position that is made, and the first that it reads.
type Place = (usize, usize);

/// One direction: which positions are made, and from where.
pub(crate) struct AxisTaps {
    /// Each position with where its first tap lies, before the map if that is negative.
    pub positions: Vec<(usize, isize)>,
    /// Taps, one after another in the map.
    pub taps: usize,
    /// Size of the map that is read.
    pub read: usize,
    /// Size of the map that is made.
    pub made: usize,
}

/// Positions that meet the same taps, for as many images as there are in a part.
pub(crate) struct Region {
    rows: Vec<usize>,
    places: Vec<usize>,
    taps: Vec<Tap>,
    depth: usize,
    /// Positions of one image.
    positions: usize,
}

/// The regions of `images` maps with `channels` numbers at a position that are read and `columns` that are made.
pub(crate) fn regions(images: usize, [y, x]: [&AxisTaps; 2], [channels, columns]: [usize; 2]) -> Vec<Region> {
    let mut found = vec![];
    for (taps_y, ys) in y.by_taps() {
        for (taps_x, xs) in x.by_taps() {
            let (mut rows, mut places) = (vec![], vec![]);
            for image in 0..images {
                for &(place_y, from_y) in &ys {
                    for &(place_x, from_x) in &xs {
                        rows.push(((image * y.read + from_y) * x.read + from_x) * channels);
                        places.push(((image * y.made + place_y) * x.made + place_x) * columns);
                    }
                }
            }
            // Neighbours in a row of the map lie one after another, and so do their taps in a row of the filter.
            let depth = taps_x.len() * channels;
            let tap = |(line, tap): (usize, usize)| Tap {
                offset: line * x.read * channels,
                row: (tap * x.taps + taps_x.start) * channels,
            };
            let taps = if depth == 0 { vec![] } else { taps_y.clone().enumerate().map(tap).collect() };
            found.push(Region { positions: ys.len() * xs.len(), rows, places, taps, depth });
        }
    }
    found
}

impl AxisTaps {
    /// Positions by the taps that lie within the map.
    fn by_taps(&self) -> Vec<(Range<usize>, Vec<Place>)> {
        let mut groups = BTreeMap::<(usize, usize), Vec<Place>>::new();
        for &(position, first) in &self.positions {
            let start = (-first).clamp(0, self.taps as isize);
            let end = (self.read as isize - first).clamp(start, self.taps as isize);
            let from = if start == end { 0 } else { first + start };
            groups.entry((start as usize, end as usize)).or_default().push((position, from as usize));
        }
        groups.into_iter().map(|((start, end), positions)| (start..end, positions)).collect()
    }
}

impl Region {
    /// Rows of `depth` numbers one after another, `positions` for each image.
    pub fn of_rows(rows: usize, depth: usize, columns: usize, positions: usize) -> Self {
        Self {
            rows: (0..rows).map(|row| row * depth).collect(),
            places: (0..rows).map(|row| row * columns).collect(),
            taps: vec![Tap { offset: 0, row: 0 }],
            depth,
            positions,
        }
    }

    /// How many rows there are of so many images.
    pub fn len(&self, images: usize) -> usize {
        images * self.positions
    }

    /// How far behind a row's beginning the number is that meets row `row` of the right factor, if the region has it.
    pub fn offset(&self, row: usize) -> Option<usize> {
        let tap = self.taps.iter().find(|tap| (tap.row..tap.row + self.depth).contains(&row))?;
        Some(tap.offset + row - tap.row)
    }

    /// The rows of the first images as a left factor.
    pub fn stretches<'a>(&'a self, values: &'a [f32], images: usize) -> Stretches<'a> {
        Stretches { values, rows: self.rows(images), taps: &self.taps, depth: self.depth }
    }

    /// Where the rows of the first images begin.
    pub fn rows(&self, images: usize) -> &[usize] {
        &self.rows[..self.len(images)]
    }

    /// Where the rows of the first images begin in the map that is made.
    pub fn places(&self, images: usize) -> &[usize] {
        &self.places[..self.len(images)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_position_is_made_once_from_the_taps_within_the_map() {
        // Seven positions, every second, three taps, one before and one behind the map.
        let axis = AxisTaps { positions: (0..4).map(|i| (i, 2 * i as isize - 1)).collect(), taps: 3, read: 7, made: 4 };
        assert_eq!(axis.by_taps(), [(0..2, vec![(3, 5)]), (0..3, vec![(1, 1), (2, 3)]), (1..3, vec![(0, 0)])]);
        let found = regions(2, [&axis, &axis], [1, 1]);
        let mut places: Vec<usize> = found.iter().flat_map(|region| region.places(2)).copied().collect();
        places.sort_unstable();
        assert_eq!(places, (0..32).collect::<Vec<_>>());
        let products: usize = found.iter().map(|r| r.len(1) * r.taps.len() * r.depth).sum();
        assert_eq!(products, 10 * 10);
    }

    #[test]
    fn a_position_without_taps_is_made_of_nothing() {
        let axis = AxisTaps { positions: vec![(0, -3), (1, 0), (2, 4)], taps: 2, read: 4, made: 3 };
        let found = regions(1, [&axis, &axis], [5, 1]);
        let nothing = found.iter().filter(|region| region.taps.is_empty());
        assert_eq!(nothing.map(|region| region.len(1)).sum::<usize>(), 8);
    }
}
