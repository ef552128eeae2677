//! The annotator: the name under which a person answers.

use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

/// The most characters of a name.
const LONGEST: usize = 64;

/// A name that is there, short and printable, without blanks around it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct AnnotatorName(String);

/// A text that is no name of an annotator.
#[derive(Debug, thiserror::Error)]
#[error("expected a name of 1 to {LONGEST} printable characters, found {length}")]
pub(crate) struct InvalidName {
    length: usize,
}

impl AnnotatorName {
    pub(crate) fn name(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for AnnotatorName {
    type Error = InvalidName;

    fn try_from(given: String) -> Result<Self, InvalidName> {
        // Two names that look alike are one: composed forms, and nothing that cannot be seen.
        let visible: String = given.nfkc().filter(|character| !is_invisible(*character)).collect();
        let name = visible.split_whitespace().collect::<Vec<_>>().join(" ");
        let length = name.chars().count();
        if length == 0 || length > LONGEST || given.trim().chars().any(char::is_control) {
            return Err(InvalidName { length });
        }
        Ok(Self(name))
    }
}

/// Characters of format that have no width: joiners, marks of direction, variation selectors, tags.
fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_must_be_printable() {
        assert_eq!(AnnotatorName::try_from(" Ada Łukasz ".to_owned()).unwrap().name(), "Ada Łukasz");
        for alike in ["A\u{200b}da", "Ａda", "Ada\u{202e}", "\u{feff}Ada "] {
            assert_eq!(AnnotatorName::try_from(alike.to_owned()).unwrap().name(), "Ada", "{alike:?}");
        }
        assert_eq!(AnnotatorName::try_from("Zoe\u{308}  B".to_owned()).unwrap().name(), "Zoë B");
        assert!(AnnotatorName::try_from("\u{200b}".to_owned()).is_err());
        assert!(AnnotatorName::try_from("ü".repeat(LONGEST)).is_ok());
        for wrong in [String::new(), "  \t".to_owned(), "a\nb".to_owned(), "x".repeat(LONGEST + 1)] {
            assert!(AnnotatorName::try_from(wrong).is_err());
        }
    }
}
