//! Palette of colours and marks that stay apart for colour-blind readers and on paper.

use plotters::style::RGBColor;

/// Paul Tol's "muted" scheme, its palest colour replaced by a dark grey that shows on white.
const COLOURS: [RGBColor; 10] = [
    RGBColor(0x33, 0x22, 0x88),
    RGBColor(0xcc, 0x66, 0x77),
    RGBColor(0x11, 0x77, 0x33),
    RGBColor(0xdd, 0xaa, 0x33),
    RGBColor(0x66, 0xbb, 0xee),
    RGBColor(0x88, 0x22, 0x55),
    RGBColor(0x44, 0xaa, 0x99),
    RGBColor(0x99, 0x99, 0x33),
    RGBColor(0xaa, 0x44, 0x99),
    RGBColor(0x55, 0x55, 0x55),
];

/// The colour of whatever is not told apart.
pub(super) const OTHER: RGBColor = RGBColor(0xbb, 0xbb, 0xbb);

/// The colour of a series; they repeat after ten.
pub(super) fn colour(number: usize) -> RGBColor {
    COLOURS[number % COLOURS.len()]
}

/// Whether a series is in the second round of colours, and needs another mark or a broken line.
pub(super) fn second_round(number: usize) -> bool {
    number / COLOURS.len() % 2 == 1
}
