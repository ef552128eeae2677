//! The annotator: the name under which a person answers.

use serde::Deserialize;

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
        let name = given.trim();
        let length = name.chars().count();
        if length == 0 || length > LONGEST || name.chars().any(char::is_control) {
            return Err(InvalidName { length });
        }
        Ok(Self(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_must_be_printable() {
        assert_eq!(AnnotatorName::try_from(" Ada Łukasz ".to_owned()).unwrap().name(), "Ada Łukasz");
        assert!(AnnotatorName::try_from("ü".repeat(LONGEST)).is_ok());
        for wrong in [String::new(), "  \t".to_owned(), "a\nb".to_owned(), "x".repeat(LONGEST + 1)] {
            assert!(AnnotatorName::try_from(wrong).is_err());
        }
    }
}
