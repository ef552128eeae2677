//! The id of a sample as a browser can keep it: JavaScript's numbers end at 2^53, so it is written as a text.

use serde::{Deserialize, Serialize};

/// Written as a text, read from a text or a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "Given")]
pub(crate) struct Id(pub u64);

#[derive(Deserialize)]
#[serde(untagged)]
enum Given {
    Number(u64),
    Text(String),
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.0.to_string()
    }
}

impl TryFrom<Given> for Id {
    type Error = String;

    fn try_from(given: Given) -> Result<Self, String> {
        match given {
            Given::Number(id) => Ok(Self(id)),
            Given::Text(text) => match text.parse() {
                Ok(id) => Ok(Self(id)),
                Err(_) => Err(format!("expected the id of a sample, found `{text}`")),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_ids_survive_as_texts() {
        let id = Id(u64::MAX);
        let text = serde_json::to_string(&id).unwrap();
        assert_eq!(text, format!("\"{}\"", u64::MAX));
        assert_eq!(serde_json::from_str::<Id>(&text).unwrap(), id);
        assert_eq!(serde_json::from_str::<Id>("17").unwrap(), Id(17));
        for wrong in ["-1", "1.5", "\"x\"", "\"-1\"", "null", "\"\""] {
            assert!(serde_json::from_str::<Id>(wrong).is_err(), "{wrong}");
        }
    }
}
