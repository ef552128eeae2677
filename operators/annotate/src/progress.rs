//! Progress: how many questions of a round are answered, and what the last round brought, which a run writes into a file
//! beside the ledger.

use std::collections::BTreeMap;
use std::path::Path;

use relata_oracle::Question;
use relata_schemas::run_file;
use serde::{Deserialize, Serialize};

/// The progress of a round.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(crate) struct RoundCounts {
    number: u32,
    answered: usize,
    questions: usize,
}

/// The progress of all rounds.
#[derive(Debug)]
pub(crate) struct PageProgress {
    /// The round of the first of the open questions, or the last round if none is open.
    pub(crate) round: RoundCounts,
    pub(crate) answered: usize,
    pub(crate) questions: usize,
    /// Whether a person may end the round: somebody waits, and each question has an answer.
    pub(crate) finishable: bool,
}

/// The name of the file with a [`RoundReport`].
const FILE: &str = run_file::PROGRESS;

/// What the last round brought.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RoundReport {
    /// The round that is told of.
    round: u32,
    /// Sentences such as "test accuracy 0.91 -> 0.94".
    lines: Vec<String>,
    /// How many pairs are known by inference.
    #[serde(default)]
    known_pairs: Option<u64>,
}

impl PageProgress {
    /// Counts, from the rounds of all questions and those that are open.
    pub(crate) fn of(rounds: &BTreeMap<u64, u32>, open: &[Question], finishable: bool) -> Self {
        let last = rounds.values().max().copied().unwrap_or_default();
        let number = open.iter().map(|question| question.round).min().unwrap_or(last);
        let questions = rounds.values().filter(|&&round| round == number).count();
        let left = open.iter().filter(|question| question.round == number).count();
        let round = RoundCounts { number, answered: questions.saturating_sub(left), questions };
        let answered = rounds.len().saturating_sub(open.len());
        Self { round, answered, questions: rounds.len(), finishable }
    }
}

impl RoundReport {
    /// Reads the file of a run folder. None if it is missing or does not parse: it is an encouragement, and nobody
    /// should be kept from answering by it.
    pub(crate) fn read(folder: &Path) -> Option<Self> {
        let mut report: Self = serde_json::from_slice(&std::fs::read(folder.join(FILE)).ok()?).ok()?;
        report.lines.iter_mut().for_each(|line| *line = plain(line));
        Some(report)
    }
}

/// A line about a measure of a run, such as `knn.test 0.910 -> 0.930`, in words for people who never heard of it; any
/// other line as it is.
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
    use relata_data::index::SampleId;

    use super::*;

    #[test]
    fn it_is_shown_if_it_is_there_and_whole() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(RoundReport::read(folder.path()), None);
        std::fs::write(folder.path().join(FILE), r#"{"round": 2, "lines": ["a"#).unwrap();
        assert_eq!(RoundReport::read(folder.path()), None);
        std::fs::write(folder.path().join(FILE), r#"{"round": 2, "lines": ["a -> b"], "more": 1}"#).unwrap();
        let expected = RoundReport { round: 2, lines: vec!["a -> b".to_owned()], known_pairs: None };
        assert_eq!(RoundReport::read(folder.path()), Some(expected));
    }

    #[test]
    fn measures_are_shown_in_plain_words() {
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

    #[test]
    fn the_round_is_that_of_the_first_open_question_or_the_last() {
        let question = |number, round| Question {
            question: number,
            round,
            anchor: SampleId(9),
            candidates: vec![SampleId(1)],
            strategy: String::new(),
            priority: 0.0,
        };
        let mut rounds = BTreeMap::from([(1, 1), (2, 1)]);
        let round = |rounds: &BTreeMap<u64, u32>, open: &[Question]| PageProgress::of(rounds, open, false).round;
        let first = [question(1, 1), question(2, 1)];
        assert_eq!(round(&rounds, &first), RoundCounts { number: 1, answered: 0, questions: 2 });
        rounds.insert(3, 2);
        assert_eq!(round(&rounds, &[question(3, 2)]), RoundCounts { number: 2, answered: 0, questions: 1 });
        assert_eq!(round(&rounds, &[]), RoundCounts { number: 2, answered: 1, questions: 1 });
        assert_eq!(round(&BTreeMap::new(), &[]), RoundCounts::default());
        let all = PageProgress::of(&rounds, &first[1..], false);
        assert_eq!((all.answered, all.questions, all.round.answered), (2, 3, 1));
    }
}
