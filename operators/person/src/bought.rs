//! What the last round bought, as a run tells it in a file beside the ledger.

use std::path::Path;

use serde::{Deserialize, Serialize};

/// The name of the file.
const FILE: &str = "progress.json";

/// Its content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Bought {
    /// The round that is told of.
    round: u32,
    /// Sentences such as "test accuracy 0.91 -> 0.94".
    lines: Vec<String>,
    /// How many pairs are known by inference.
    #[serde(default)]
    known_pairs: Option<u64>,
}

impl Bought {
    /// Reads the file of a run folder. None if it is missing or does not parse: it is an encouragement, and nobody
    /// should be kept from answering by it.
    pub(crate) fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(folder.join(FILE)).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_shown_if_it_is_there_and_whole() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Bought::read(folder.path()), None);
        std::fs::write(folder.path().join(FILE), r#"{"round": 2, "lines": ["a"#).unwrap();
        assert_eq!(Bought::read(folder.path()), None);
        std::fs::write(folder.path().join(FILE), r#"{"round": 2, "lines": ["a -> b"], "more": 1}"#).unwrap();
        let expected = Bought { round: 2, lines: vec!["a -> b".to_owned()], known_pairs: None };
        assert_eq!(Bought::read(folder.path()), Some(expected));
    }
}
