//! Comparators: how similar two values of a column are. One file each.
//!
//! Values that are missing are `None`, and so is the similarity then: a missing value is no evidence, neither for nor
//! against. Similarities lie in [0, 1] and do not depend on the order of the two values.

mod date_difference;
mod exact;
mod jaro_winkler;
mod levenshtein;
mod numeric_difference;
mod optimal_string_alignment;
mod rarity;
mod term_frequencies;
mod token_overlap;
mod tokens;

pub use date_difference::DateDifference;
pub use exact::exact;
pub use jaro_winkler::jaro_winkler;
pub use levenshtein::levenshtein;
pub use numeric_difference::{NumericDifference, relative_difference};
pub use optimal_string_alignment::optimal_string_alignment;
pub use rarity::rarity;
pub use term_frequencies::TermFrequencies;
pub use token_overlap::{TokenOverlap, WeightedTokens};
pub use tokens::tokens;
