//! n-grams of texts: of the characters of each word (3 and 4 of them, with marks at both ends of the word), and words,
//! hashed into buckets.

use relata_schemas::TokenBags;
use unicode_normalization::UnicodeNormalization;

/// The lengths of n-grams.
pub(super) const SHORTEST: usize = 3;
pub(super) const LONGEST: usize = 4;
/// Marks at the ends of a word; no letters.
pub(super) const START: u32 = 2;
pub(super) const END: u32 = 3;
/// Accents and other marks that Latin, Greek and Cyrillic letters carry. Marks of other scripts are vowels: they stay.
pub(super) const ACCENTS: std::ops::RangeInclusive<char> = '\u{300}'..='\u{36f}';
/// Of the hash of a letter after others, and of the mixing of its bits.
pub(super) const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
pub(super) const ROTATION: u32 = 23;
pub(super) const MIX: u64 = 0xd6e8_feb8_6659_fd93;

/// Makes tokens of texts; its room is used again.
#[derive(Debug, Clone, Default)]
pub(crate) struct NGrams {
    word: Vec<u32>,
    tokens: Vec<u32>,
}

impl NGrams {
    /// The tokens of a text, in order, as often as they occur; none for a text without letters and digits.
    pub fn of(&mut self, text: &str) -> &[u32] {
        self.tokens.clear();
        self.word.clear();
        self.word.push(START);
        if text.is_ascii() {
            text.bytes().for_each(|byte| self.take(byte.to_ascii_lowercase().into()));
        } else {
            let plain = text.nfkd().filter(|letter| !ACCENTS.contains(letter)).flat_map(char::to_lowercase);
            plain.for_each(|letter| self.take(letter));
        }
        self.end_word();
        &self.tokens
    }

    fn take(&mut self, letter: char) {
        match letter.is_alphanumeric() || is_mark(letter) {
            true => self.word.push(letter.into()),
            false => self.end_word(),
        }
    }

    fn end_word(&mut self) {
        if self.word.len() > 1 {
            self.word.push(END);
            for start in 0..self.word.len() - 1 {
                let mut hash = 0;
                for (nth, &letter) in self.word[start..].iter().take(LONGEST).enumerate() {
                    hash = step(hash, letter);
                    if nth + 1 >= SHORTEST {
                        self.tokens.push(bucket(hash));
                    }
                }
            }
            // The word, told apart from an n-gram of the same letters.
            let whole = self.word.iter().fold(u64::MAX, |hash, &letter| step(hash, letter));
            self.tokens.push(bucket(whole));
        }
        self.word.truncate(1);
    }
}

/// Vowels and other marks of scripts in which they are no letters of their own.
fn is_mark(letter: char) -> bool {
    !letter.is_ascii() && unicode_normalization::char::is_combining_mark(letter)
}

fn step(hash: u64, letter: u32) -> u64 {
    (hash ^ u64::from(letter)).wrapping_mul(MULTIPLIER).rotate_left(ROTATION)
}

/// The bucket of a hash; bucket 0 is kept for missing texts.
fn bucket(hash: u64) -> u32 {
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(MIX);
    1 + (((mixed >> 32) * (TokenBags::BUCKETS as u64 - 1)) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<u32> {
        NGrams::default().of(text).to_vec()
    }

    #[test]
    fn case_accents_width_and_punctuation_do_not_count() {
        assert_eq!(tokens("José  M. Müller"), tokens("jose m muller"));
        assert_eq!(tokens("310/246-1501"), tokens("310 246 1501"));
        assert_eq!(tokens("ＡＢＣ１"), tokens("abc1"));
        assert_ne!(tokens("ab cd"), tokens("abcd"));
        assert!(tokens(" -- ").is_empty() && tokens("").is_empty());
    }

    #[test]
    fn a_word_has_its_n_grams_of_three_and_four_letters_and_itself() {
        // <abc>: 3 of three letters and marks, 2 of four, and the word.
        assert_eq!(tokens("abc").len(), 3 + 2 + 1);
        assert_eq!(tokens("a").len(), 1 + 1);
        assert_eq!(tokens("ab ab").len(), 2 * tokens("ab").len());
        assert!(tokens("everything in order").iter().all(|&t| t > 0 && (t as usize) < TokenBags::BUCKETS));
    }

    #[test]
    fn other_scripts_have_n_grams_and_vowel_marks_stay() {
        assert!(tokens("東京都").len() == 6);
        assert_ne!(tokens("कि"), tokens("कु"));
        assert_eq!(tokens("Ёлка"), tokens("елка"));
        let shared = |a: &str, b: &str| tokens(a).iter().filter(|token| tokens(b).contains(token)).count();
        assert!(shared("김철수", "김철호") > 2);
    }
}
