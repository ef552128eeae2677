//! Tokens: the words of a text, in one spelling.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The words of a text in their order: runs of letters and digits after Unicode normalisation (NFKC) and lowercase. A
/// combining mark belongs to the word that it stands in, so that Indic and Thai words stay whole.
///
/// ```
/// use relata_decide::comparator::tokens;
///
/// assert_eq!(tokens("Müller-Lüdenscheidt, ﬁrst ℡ 42"), ["müller", "lüdenscheidt", "first", "tel", "42"]);
/// ```
pub fn tokens(value: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut word = String::new();
    for letter in value.nfkc().flat_map(char::to_lowercase) {
        if letter.is_alphanumeric() || (!word.is_empty() && is_combining_mark(letter)) {
            word.push(letter);
        } else if !word.is_empty() {
            found.push(std::mem::take(&mut word));
        }
    }
    if !word.is_empty() {
        found.push(word);
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_text_has_words_of_letters(value in any::<String>()) {
            for word in tokens(&value) {
                prop_assert!(word.chars().next().unwrap().is_alphanumeric());
            }
        }
    }

    #[test]
    fn spellings_are_one() {
        assert_eq!(tokens("Cafe\u{301} CAFÉ"), ["café", "café"]);
        assert_eq!(tokens("हिन्दी भाषा").len(), 2);
        assert_eq!(tokens("  -- \u{301}…"), Vec::<String>::new());
        assert_eq!(tokens(""), Vec::<String>::new());
    }
}
