//! Text hashing: the numbers by which texts become tokens, for programs that read texts as a model does.

use relata_schemas::TokenBags;
use serde::Serialize;

use super::fitted::{HASHED, RARE};
use super::ngrams::{ACCENTS, END, LONGEST, MIX, MULTIPLIER, ROTATION, SHORTEST, START};

/// How a text becomes tokens. Its letters are decomposed (NFKD), accents are taken away, and each letter is made lower
/// case. Letters, digits and marks make words; `start` and `end` are put around each. A hash is, letter by letter, `(hash
/// ^ letter) multiplier`, rotated to the left by `rotation` bits of 64. It begins with 0 for the n-grams, and with all bits
/// set for the word with its marks. With `mixed = (hash ^ (hash >> 32)) mix`, the token is `1 + ((mixed >> 32) (buckets -
/// 1)) >> 32`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TextHashing {
    accents: [u32; 2],
    shortest: usize,
    longest: usize,
    start: u32,
    end: u32,
    multiplier: String,
    rotation: u32,
    mix: String,
    buckets: usize,
    hashed: usize,
    rare: usize,
}

impl Default for TextHashing {
    /// ```
    /// use relata_data::fields::TextHashing;
    ///
    /// let json = serde_json::to_value(TextHashing::default())?;
    /// assert_eq!((&json["shortest"], &json["buckets"]), (&3.into(), &16384.into()));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    fn default() -> Self {
        Self {
            accents: [(*ACCENTS.start()).into(), (*ACCENTS.end()).into()],
            shortest: SHORTEST,
            longest: LONGEST,
            start: START,
            end: END,
            // JSON has no numbers of 64 bits that every reader keeps.
            multiplier: format!("{MULTIPLIER:#x}"),
            rotation: ROTATION,
            mix: format!("{MIX:#x}"),
            buckets: TokenBags::BUCKETS,
            hashed: HASHED,
            rare: RARE,
        }
    }
}
