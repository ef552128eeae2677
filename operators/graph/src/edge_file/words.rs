//! Words for alike and not alike: match and distinct, yes and no, 1 and 0, and what stands for nobody knows.

/// What a column of signs may hold, for messages.
pub(super) const WORDS: &str = "one of 1, true, yes, match, same, duplicate, positive; 0, false, no, non-match, \
                                distinct, different, non-duplicate, negative; or unsure, unknown or blank where nobody \
                                knows";

const YES: &[&str] = &["yes", "y", "true", "t", "match", "matched", "same", "duplicate", "positive"];
const NO: &[&str] = &[
    "no",
    "n",
    "false",
    "f",
    "distinct",
    "different",
    "negative",
    "non-match",
    "nonmatch",
    "no-match",
    "unmatched",
    "non-duplicate",
    "nonduplicate",
    "not-duplicate",
];
const UNSURE: &[&str] = &["", "unsure", "unknown", "uncertain", "u", "null", "nan", "na", "n/a"];

/// What a value says about a pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Word {
    /// 1 if they are alike, -1 if they are not; between, if the value is a probability.
    Sign(f64),
    /// Nobody knows.
    Unsure,
}

/// The meaning of a value, in any case and with any space around it; none if it is not understood. With `fractions`,
/// numbers between 0 and 1 are probabilities.
pub(super) fn word(text: &str, fractions: bool) -> Option<Word> {
    let word = text.trim().to_lowercase().replace([' ', '_'], "-");
    let is = |words: &[&str]| words.contains(&word.as_str());
    if is(YES) {
        return Some(Word::Sign(1.0));
    } else if is(NO) {
        return Some(Word::Sign(-1.0));
    } else if is(UNSURE) {
        return Some(Word::Unsure);
    }
    match word.parse::<f64>().ok()? {
        0.5 if fractions => Some(Word::Unsure),
        number if number == 1.0 || number == 0.0 || fractions && (0.0..=1.0).contains(&number) => {
            Some(Word::Sign(2.0 * number - 1.0))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_their_meaning_in_any_case() {
        for text in ["1", "1.0", "yes", "TRUE", " Match ", "same", "Duplicate", "positive", "Y"] {
            assert_eq!(word(text, false), Some(Word::Sign(1.0)), "{text}");
        }
        for text in ["0", "0.0", "-0", "No", "false", "DISTINCT", "different", "non-duplicate", "Non Match", "negative"]
        {
            assert_eq!(word(text, false), Some(Word::Sign(-1.0)), "{text}");
        }
        for text in ["", "  ", "Unsure", "unknown", "NaN", "null", "NA"] {
            assert_eq!(word(text, false), Some(Word::Unsure), "{text}");
        }
        for text in ["-1", "2", "0.5", "maybe", "inf", "none", "ja"] {
            assert_eq!(word(text, false), None, "{text}");
        }
    }

    #[test]
    fn fractions_are_probabilities_where_they_are_scores() {
        assert_eq!(word("0.75", true), Some(Word::Sign(0.5)));
        assert_eq!(word("0.5", true), Some(Word::Unsure));
        assert_eq!((word("1", true), word("0", true)), (Some(Word::Sign(1.0)), Some(Word::Sign(-1.0))));
        assert_eq!(word("1.5", true), None);
    }
}
