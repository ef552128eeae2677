//! Corruptions: the views of a table that resemble what goes wrong when people write the same thing twice.

use super::augment::Augment;
use super::chain::{Chain, chain};
use super::{abbreviate, drop_columns, drop_words, jitter, shuffle_words, swap_columns, typos};

/// What goes wrong in tables: columns are swapped or empty, words are left out, cut short or in another order, letters are
/// mistyped, numbers are a little off (Christen and Vatsalan 2013, "Flexible and extensible generation and corruption of
/// personal data"). Two views of a row are then what two entries of the same thing are.
///
/// ```
/// use relata_data::view::{Augment, corruptions};
///
/// let description = corruptions().describe().to_string();
/// assert!(description.contains("swap_columns probability=0.2"));
/// assert!(description.contains("typos probability=0.4"));
/// ```
pub fn corruptions() -> Chain {
    let views: [Box<dyn Augment>; 7] = [
        Box::new(swap_columns(0.2)),
        Box::new(drop_columns(0.15)),
        Box::new(drop_words(0.1)),
        Box::new(abbreviate(0.1)),
        Box::new(shuffle_words(0.1)),
        Box::new(typos(0.4)),
        Box::new(jitter(0.1)),
    ];
    chain(views)
}
