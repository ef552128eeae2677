//! Axis of numbers with round ticks and short labels.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

use super::ticks;

/// The numbers of a range that is not empty, from one end to the other.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    range: Range<f64>,
    ticks: Vec<f64>,
}

impl Axis {
    /// An axis with about `count` ticks; it goes down where the range does.
    pub fn new(range: Range<f64>, count: usize) -> Self {
        let (low, high) = (range.start.min(range.end), range.start.max(range.end));
        Self { ticks: ticks::between(low, high, count), range }
    }

    /// Where its labels go.
    pub fn ticks(&self) -> &[f64] {
        &self.ticks
    }

    /// The number that is as far up `other` as this one is up here.
    pub fn moved_to(&self, other: &Self, value: f64) -> f64 {
        let share = (value - self.range.start) / (self.range.end - self.range.start);
        other.range.start + share * (other.range.end - other.range.start)
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let share = (value - self.range.start) / (self.range.end - self.range.start);
        limit.0 + (share * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

impl ValueFormatter<f64> for Axis {
    fn format(value: &f64) -> String {
        ticks::label(*value)
    }
}

/// The range of the values with a share of it added at both ends; 0..1 without values.
pub(super) fn padded(values: impl Iterator<Item = f64>, share: f64) -> Range<f64> {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    if low > high {
        return 0.0..1.0;
    }
    let size = high.abs().max(low.abs());
    // A single value gets room in proportion to its size, as does a range that is within rounding of one.
    let room = if high - low > 1e-9 * size { share * (high - low) } else { 0.5 * size.max(1e-9) };
    low - room..high + room
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_map_to_pixels() {
        let axis = Axis::new(1.0..100.0, 5);
        assert_eq!([1.0, 10.0, 100.0].map(|value| axis.map(&value, (0, 990))), [0, 90, 990]);
    }

    #[test]
    fn ranges_have_room() {
        assert_eq!(padded([0.0, 10.0].into_iter(), 0.1), -1.0..11.0);
        assert_eq!(padded([4.0].into_iter(), 0.1), 2.0..6.0);
        assert_eq!(padded([].into_iter(), 0.1), 0.0..1.0);
    }
}
