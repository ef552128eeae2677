//! The name under which a person answers.

use serde::Deserialize;

/// The most characters of a name.
const LONGEST: usize = 64;

/// A name that is there, short and printable, without blanks around it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Annotator(String);

impl Annotator {
    pub(crate) fn name(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Annotator {
    type Error = String;

    fn try_from(given: String) -> Result<Self, String> {
        let name = given.trim();
        let length = name.chars().count();
        if length == 0 || length > LONGEST || name.chars().any(char::is_control) {
            return Err(format!("expected a name of 1 to {LONGEST} printable characters, found {length}"));
        }
        Ok(Self(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_must_be_printable() {
        assert_eq!(Annotator::try_from(" Ada Łukasz ".to_owned()).unwrap().name(), "Ada Łukasz");
        assert!(Annotator::try_from("ü".repeat(LONGEST)).is_ok());
        for wrong in [String::new(), "  \t".to_owned(), "a\nb".to_owned(), "x".repeat(LONGEST + 1)] {
            assert!(Annotator::try_from(wrong).is_err());
        }
    }
}
