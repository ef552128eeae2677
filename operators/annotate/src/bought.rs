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
        let mut bought: Self = serde_json::from_slice(&std::fs::read(folder.join(FILE)).ok()?).ok()?;
        bought.lines.iter_mut().for_each(|line| *line = plain(line));
        Some(bought)
    }
}

/// A line about a measure of a run, such as `knn.test 0.910 -> 0.930`, for people who never heard of it; any other line
/// as it is.
fn plain(line: &str) -> String {
    let parts: Vec<&str> = line.split(' ').collect();
    let [name, before, "->" | "→", after] = parts[..] else { return line.to_owned() };
    let what = match name {
        "linear_probe.test" => "Share of held-out samples named right",
        "knn.test" => "Share named right by the samples most like them",
        "clustering.nmi" => "Agreement of the groups found with the true kinds",
        _ => return line.to_owned(),
    };
    let (Ok(before), Ok(after)) = (before.parse::<f64>(), after.parse::<f64>()) else { return line.to_owned() };
    let whole = |share: f64| format!("{:.0}%", 100.0 * share);
    let fine = |share: f64| format!("{:.1}%", 100.0 * share);
    // A small step is a step: whole percents would hide it.
    let (before, after) =
        if whole(before) == whole(after) { (fine(before), fine(after)) } else { (whole(before), whole(after)) };
    if before == after { format!("{what}: {after}, as before") } else { format!("{what}: {before} → {after}") }
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

    #[test]
    fn measures_are_told_in_plain_words() {
        for (line, told) in [
            ("linear_probe.test 0.910 -> 0.930", "Share of held-out samples named right: 91% → 93%"),
            ("knn.test 0.914 -> 0.911", "Share named right by the samples most like them: 91.4% → 91.1%"),
            ("clustering.nmi 0.5 -> 0.5", "Agreement of the groups found with the true kinds: 50.0%, as before"),
            ("linear_probe.test soon -> 0.930", "linear_probe.test soon -> 0.930"),
            ("loss 0.5 -> 0.4", "loss 0.5 -> 0.4"),
            ("18 pairs are known by now", "18 pairs are known by now"),
        ] {
            assert_eq!(plain(line), told);
        }
    }
}
