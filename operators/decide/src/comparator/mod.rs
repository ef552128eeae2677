//! Comparators: how similar two texts are, in [0, 1], whatever their order. One file each.

mod jaro_winkler;
mod optimal_string_alignment;
mod tokens;

pub use jaro_winkler::jaro_winkler;
pub use optimal_string_alignment::optimal_string_alignment;
pub use tokens::tokens;
