//! Diverging colours: one hue for numbers below 0, another above, white between.

use plotters::style::RGBColor;

/// The colours of -1 and 1 (of Paul Tol's "muted" scheme, as the others are).
const ENDS: [RGBColor; 2] = [RGBColor(0x88, 0x22, 0x55), RGBColor(0x33, 0x22, 0x88)];

/// The colour of a number in [-1, 1]; what is beyond has the colour of the end, what is no number is grey.
pub(super) fn colour(value: f64) -> RGBColor {
    if value.is_nan() {
        return super::palette::OTHER;
    }
    let (end, share) = (ENDS[usize::from(value > 0.0)], value.abs().min(1.0));
    let mixed = |end: u8| (255.0 + share * (f64::from(end) - 255.0)).round() as u8;
    RGBColor(mixed(end.0), mixed(end.1), mixed(end.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_lies_between_the_ends() {
        assert_eq!([-1.0, 0.0, 1.0].map(colour), [ENDS[0], RGBColor(255, 255, 255), ENDS[1]]);
        assert_eq!(colour(7.0), ENDS[1]);
        assert_eq!(colour(f64::NAN), super::super::palette::OTHER);
    }
}
