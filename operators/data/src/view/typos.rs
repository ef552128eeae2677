//! Typing error view of texts in tables.

use rand::RngExt;
use relata_registry::{Description, Settings};
use relata_schemas::FeatureShape;
use serde::{Deserialize, Serialize};

use super::augment::{Augment, View};
use super::checks;
use super::draw::chance;
use crate::Result;
use crate::fields::{Value, digits};
use crate::seed::Rng;

/// Errors of one text at most.
const MOST: usize = 3;
/// The rows of a keyboard.
const KEYBOARD: [&str; 4] = ["1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"];

/// See [`typos`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Typos {
    probability: f64,
}

impl Default for Typos {
    fn default() -> Self {
        Self { probability: 0.4 }
    }
}

impl Settings for Typos {
    const NAME: &'static str = "typos";
    const SUMMARY: &'static str = "letters of texts are inserted, left out, replaced and swapped";
}

/// Mistypes every text with probability `p`: a letter is inserted, left out, replaced by its neighbour on the keyboard, or
/// swapped with the next; again with probability `p`, up to three times. A number that is read digit by digit is mistyped
/// half as often, once. For tables.
///
/// ```
/// use relata_data::view::{Augment, typos};
///
/// assert_eq!(typos(0.4).describe().to_string(), "typos probability=0.4");
/// ```
pub fn typos(p: f64) -> Typos {
    Typos { probability: p }
}

impl Augment for Typos {
    fn check(&self, shape: &FeatureShape) -> Result<()> {
        checks::table("typos", shape)?;
        checks::probability("typos", self.probability)
    }

    fn apply(&self, view: &mut View<'_>, rng: &mut Rng) {
        let Some(table) = view.store.table() else { return };
        let Some(record) = &mut view.record else { return };
        for (field, value) in table.fitted().fields.iter().zip(&mut record.values) {
            match value {
                Value::Text(text) if field.field.is_text() => {
                    let mut typed: Vec<char> = text.chars().collect();
                    let mut errors = 0;
                    while errors < MOST && chance(rng, self.probability) {
                        mistype(&mut typed, rng);
                        errors += 1;
                    }
                    if errors > 0 {
                        text.clear();
                        text.extend(typed);
                    }
                }
                Value::Number(number) if field.field.has_bag() && chance(rng, self.probability / 2.0) => {
                    let mut typed: Vec<char> = digits(*number).chars().collect();
                    mistype(&mut typed, rng);
                    // What is left of a number of one digit may be none.
                    if let Ok(mistyped) = typed.iter().collect::<String>().parse() {
                        *number = mistyped;
                    }
                }
                _ => {}
            }
        }
    }

    fn describe(&self) -> Description {
        Description::of(self)
    }
}

/// Makes one error.
fn mistype(text: &mut Vec<char>, rng: &mut Rng) {
    let Some(last) = text.len().checked_sub(1) else { return };
    let at = rng.random_range(0..=last);
    match rng.random_range(0..4) {
        0 => text.insert(rng.random_range(0..=last + 1), neighbour(text[at], rng)),
        1 if last > 0 => drop(text.remove(at)),
        2 if last > 0 => text.swap(at.min(last - 1), at.min(last - 1) + 1),
        _ => text[at] = neighbour(text[at], rng),
    }
}

/// A key beside or above that of a letter, in the same case. A letter of no such keyboard stays: it is typed twice.
fn neighbour(letter: char, rng: &mut Rng) -> char {
    let small = letter.to_ascii_lowercase();
    let place = KEYBOARD.iter().enumerate().find_map(|(row, keys)| keys.find(small).map(|at| (row, at)));
    let Some((row, at)) = place else { return letter };
    // A digit's neighbours are digits.
    let rows = if row == 0 { 0..=0 } else { row.max(2) - 1..=(row + 1).min(KEYBOARD.len() - 1) };
    let keys = rows.flat_map(|near| {
        let keys = KEYBOARD[near].char_indices();
        keys.filter(move |&(place, _)| place.abs_diff(at) <= 1 && (near, place) != (row, at)).map(|(_, key)| key)
    });
    let keys: Vec<char> = keys.collect();
    let key = keys[rng.random_range(0..keys.len())];
    if letter.is_ascii_uppercase() { key.to_ascii_uppercase() } else { key }
}
