//! Sample ids in JSON: JavaScript's numbers end at 2^53, so an id is written as a text.

use relata_data::index::SampleId;
use serde::{Deserialize, Serialize};

/// A sample's id. Written as a text, read from a text or a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "RawId")]
pub(crate) struct JsonId(pub SampleId);

#[derive(Deserialize)]
#[serde(untagged)]
enum RawId {
    Number(u64),
    Text(String),
}

/// A text that is no id.
#[derive(Debug, thiserror::Error)]
#[error("expected the id of a sample, found `{0}`")]
pub(crate) struct InvalidId(String);

impl From<JsonId> for String {
    fn from(id: JsonId) -> Self {
        id.0.to_string()
    }
}

impl TryFrom<RawId> for JsonId {
    type Error = InvalidId;

    fn try_from(given: RawId) -> Result<Self, InvalidId> {
        match given {
            RawId::Number(id) => Ok(Self(SampleId(id))),
            RawId::Text(text) => match text.parse() {
                Ok(id) => Ok(Self(SampleId(id))),
                Err(_) => Err(InvalidId(text)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_ids_survive_as_texts() {
        let id = JsonId(SampleId(u64::MAX));
        let text = serde_json::to_string(&id).unwrap();
        assert_eq!(text, format!("\"{}\"", u64::MAX));
        assert_eq!(serde_json::from_str::<JsonId>(&text).unwrap(), id);
        assert_eq!(serde_json::from_str::<JsonId>("17").unwrap(), JsonId(SampleId(17)));
        for wrong in ["-1", "1.5", "\"x\"", "\"-1\"", "null", "\"\""] {
            assert!(serde_json::from_str::<JsonId>(wrong).is_err(), "{wrong}");
        }
    }
}
