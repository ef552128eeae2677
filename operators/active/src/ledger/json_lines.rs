//! JSON lines of questions and answers: one object a line, with the columns of the tables.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use relata_data::DataError;
use relata_data::index::SampleId;
use relata_oracle::Answer;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::answer_writer::{AnswerWriter, Standing};
use super::answers::LedgerEntry;
use super::error::{LedgerError, Refusal};
use super::sqlite_ledger::Ledger;
use super::timestamp;
use crate::error::Result;

/// How many rows of a file were written, and how many the ledger had already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// Rows that were written.
    pub new: usize,
    /// Rows that were passed over.
    pub known: usize,
    /// Those among them that say something else than what stands.
    pub differing: usize,
}

impl Imported {
    pub(super) fn count(&mut self, new: bool) {
        *(if new { &mut self.new } else { &mut self.known }) += 1;
    }

    /// Counts an answer, written or not, given what its annotator had said about the candidate.
    pub(super) fn answer(&mut self, answer: &Answer, new: bool, standing: Option<&Standing>) {
        self.count(new);
        self.differing += usize::from(!new && standing.is_some_and(|standing| standing.related != answer.related));
    }
}

/// A row of `answers`. An answer from elsewhere needs no more than `question`, `candidate` and `related`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerLine {
    sequence: Option<u64>,
    question: u64,
    anchor: Option<SampleId>,
    candidate: SampleId,
    // Named here, the key must be there, so that a line without it is not read as a pass.
    #[serde(deserialize_with = "Option::deserialize")]
    related: Option<bool>,
    confidence: Option<f32>,
    oracle: Option<String>,
    annotator: Option<String>,
    cost: Option<f32>,
    answered_at: Option<String>,
    undoes: Option<u64>,
}

impl From<LedgerEntry> for AnswerLine {
    fn from(LedgerEntry { sequence, answer, undoes }: LedgerEntry) -> Self {
        Self {
            sequence: Some(sequence),
            question: answer.question,
            anchor: Some(answer.anchor),
            candidate: answer.candidate,
            related: answer.related,
            confidence: Some(answer.confidence),
            oracle: Some(answer.oracle),
            annotator: Some(answer.annotator),
            cost: Some(answer.cost),
            answered_at: Some(timestamp::text(answer.answered_at)),
            undoes,
        }
    }
}

/// Writes all questions, by number.
pub fn export_questions(ledger: &Ledger, out: &mut dyn Write) -> Result<()> {
    write(out, ledger.questions()?)
}

/// Writes all rows of the ledger in their order, also those that take others back; `answered_at` is RFC 3339 in UTC.
pub fn export_answers(ledger: &Ledger, out: &mut dyn Write) -> Result<()> {
    write(out, ledger.since(0)?.into_iter().map(AnswerLine::from))
}

/// Whether a text can be an annotator's name: printable as on the page for people, but of any usual length.
pub(super) fn is_name(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= 200 && !text.chars().any(char::is_control)
}

/// Reads a file of answers to questions that the ledger has. Columns that a line does not have are taken from the
/// question, or are a confidence of 1, no cost, now, and `oracle` as the oracle and the annotator. An answer that the
/// ledger has, also one that was undone there, is passed over, so that the same file can be imported again. Nothing is
/// imported if a line is broken ([`DataError::Unreadable`], which names it).
pub fn import_answers(ledger: &Ledger, path: &Path, oracle: &str) -> Result<Imported> {
    ledger.write(|transaction| {
        let (mut writer, mut imported, now) = (AnswerWriter::new(transaction), Imported::default(), timestamp::now());
        // The row of the ledger for each row of the file, none where the ledger has another answer instead, and what it
        // is about.
        let mut rows: BTreeMap<u64, (Option<u64>, u64, SampleId)> = BTreeMap::new();
        let (before, mut claimed) = (writer.last_row()?, BTreeSet::new());
        lines(path, "an answer: {\"question\", \"candidate\", \"related\", ..}", |line: AnswerLine| {
            let at = match &line.answered_at {
                None => now,
                Some(text) => timestamp::parse(text).ok_or_else(|| Refusal {
                    oracle: None,
                    question: line.question,
                    expected: "`answered_at` in RFC 3339, such as 2026-01-31T12:00:00Z".to_owned(),
                    found: format!("`{text}`"),
                    hint: "",
                })?,
            };
            if let Some(undone) = line.undoes {
                let refusal = |expected: &str, found: String| Refusal {
                    oracle: None,
                    question: line.question,
                    expected: expected.to_owned(),
                    found,
                    hint: "",
                };
                let (row, question, candidate) = rows
                    .get(&undone)
                    .copied()
                    .ok_or_else(|| refusal("`undoes` to be the `sequence` of a line above", undone.to_string()))?;
                if (question, candidate) != (line.question, line.candidate) {
                    let found = format!("question {} and candidate {}", line.question, line.candidate);
                    let expected =
                        format!("the question {question} and the candidate {candidate} of the line that it undoes");
                    return Err(refusal(&expected, found).into());
                }
                imported.count(row.map_or(Ok(false), |row| writer.undo(row, at))?);
                return Ok(());
            }
            let by = line.oracle.unwrap_or_else(|| oracle.to_owned());
            let field = if line.annotator.is_some() { "annotator" } else { "oracle" };
            let annotator = line.annotator.unwrap_or_else(|| by.clone());
            if !is_name(&annotator) {
                return Err(Refusal {
                    oracle: None,
                    question: line.question,
                    expected: format!("`{field}` to be a name of at most 200 characters"),
                    found: format!("{annotator:?}"),
                    hint: "",
                }
                .into());
            }
            let anchor = line.anchor.map_or_else(|| writer.anchor(line.question), |anchor| Ok(Some(anchor)))?;
            let answer = Answer {
                question: line.question,
                anchor: anchor.unwrap_or_default(),
                candidate: line.candidate,
                related: line.related,
                confidence: line.confidence.unwrap_or(1.0),
                annotator,
                oracle: by,
                cost: line.cost.unwrap_or_default(),
                answered_at: at,
            };
            // Without exact times answers may share a moment: each line of the file is one row that was there before.
            let there = writer.same_moment(&answer)?;
            let known = there.into_iter().find(|row| *row <= before && claimed.insert(*row));
            let standing = writer.standing(&answer)?;
            // Without a time, an answer that stands as it is said here is the one that is meant.
            let same =
                standing.as_ref().filter(|standing| line.answered_at.is_none() && standing.related == line.related);
            let known =
                known.or(same.map(|standing| standing.row).filter(|row| *row <= before && claimed.insert(*row)));
            let new = if known.is_none() { writer.answer(&answer)? } else { None };
            // An answer that the ledger has, and has taken back, differs from nothing.
            imported.answer(&answer, new.is_some(), standing.as_ref().filter(|_| known.is_none()));
            rows.extend(line.sequence.map(|sequence| (sequence, (known.or(new), line.question, line.candidate))));
            Ok(())
        })?;
        writer.finish()?;
        Ok(imported)
    })
}

fn write<T: Serialize>(out: &mut dyn Write, rows: impl IntoIterator<Item = T>) -> Result<()> {
    for row in rows {
        let line = serde_json::to_string(&row).expect("rows of the ledger have no keys but names");
        writeln!(out, "{line}").map_err(DataError::io("the export"))?;
    }
    Ok(out.flush().map_err(DataError::io("the export"))?)
}

/// Hands each line to `take`; what it refuses names the line.
pub(super) fn lines<T: DeserializeOwned>(
    path: &Path,
    expected: &str,
    mut take: impl FnMut(T) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    let broken = |number: usize, expected: &str, found: String| DataError::Unreadable {
        path: path.to_path_buf(),
        expected: format!("in line {number} {expected}"),
        found,
        hint: "Nothing was imported: correct the line and import the file again.".to_owned(),
    };
    let file = BufReader::new(File::open(path).map_err(DataError::io(path))?);
    for (number, line) in (1..).zip(file.lines()) {
        let line = line.map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidData => broken(number, expected, "bytes that are not UTF-8".to_owned()),
            _ => DataError::io(path)(error),
        })?;
        if line.trim().is_empty() {
            continue;
        }
        let value = serde_json::from_str(&line).map_err(|error| {
            let text = error.to_string();
            // The error counts lines within this one.
            let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason);
            broken(number, expected, format!("{reason} at column {}", error.column()))
        })?;
        take(value).map_err(|error| match error {
            LedgerError::Refusal(r) => {
                broken(number, &r.expected, format!("{} (question {})", r.found, r.question)).into()
            }
            other => other,
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixture::{answer, answers, ledger, question};
    use super::super::import_questions;
    use super::*;
    use crate::error::ActiveError;

    fn exported(ledger: &Ledger) -> (String, String) {
        let (mut questions, mut answers) = (Vec::new(), Vec::new());
        export_questions(ledger, &mut questions).unwrap();
        export_answers(ledger, &mut answers).unwrap();
        (String::from_utf8(questions).unwrap(), String::from_utf8(answers).unwrap())
    }

    fn import(ledger: &Ledger, answers: &str) -> Result<Imported> {
        let path = ledger.folder().join("answers.jsonl");
        std::fs::write(&path, answers).unwrap();
        import_answers(ledger, &path, "replay")
    }

    #[test]
    fn a_line_has_the_columns_of_the_table() {
        let (_folder, ledger) = ledger(&[question(1, 0.5, 2)]);
        ledger.record(&[answer(1, 101, None, "ann")]).unwrap();
        let (questions, answers) = exported(&ledger);
        assert_eq!(
            questions,
            "{\"question\":1,\"round\":1,\"anchor\":100,\"candidates\":[101,102],\"strategy\":\"test\",\
             \"priority\":0.5}\n"
        );
        assert_eq!(
            answers,
            "{\"sequence\":1,\"question\":1,\"anchor\":100,\"candidate\":101,\"related\":null,\"confidence\":0.75,\
             \"oracle\":\"test\",\"annotator\":\"ann\",\"cost\":0.5,\"answered_at\":\"2020-09-13T12:26:40.000101Z\",\
             \"undoes\":null}\n"
        );
    }

    #[test]
    fn a_short_line_is_enough_and_a_standing_answer_is_known() {
        let (_folder, ledger) = ledger(&[question(1, 0.5, 2)]);
        let line = "{\"question\":1,\"candidate\":102,\"related\":true}\n\n";
        assert_eq!(import(&ledger, line).unwrap(), Imported { new: 1, ..Imported::default() });
        assert_eq!(import(&ledger, line).unwrap(), Imported { known: 1, ..Imported::default() });
        let kept = ledger.since(0).unwrap().remove(0).answer;
        assert_eq!((kept.anchor, kept.confidence, kept.cost), (SampleId(100), 1.0, 0.0));
        assert_eq!((kept.oracle.as_str(), kept.annotator.as_str()), ("replay", "replay"));
    }

    #[test]
    fn nothing_of_a_broken_file_is_imported_and_the_line_is_named() {
        let (_folder, ledger) = ledger(&[question(1, 0.5, 2)]);
        let good = "{\"question\":1,\"candidate\":101,\"related\":true,\"sequence\":1}";
        for (line, text) in [
            ("{\"question\":1,\"candidate\":102}", "missing field `related` at column 30"),
            ("{\"question\":1,\"candidate\":\"102\",\"related\":true}", "invalid type: string \"102\", expected u64"),
            ("{\"question\":1,\"candidate\":102,\"related\":true,\"when\":1}", "unknown field `when`"),
            ("{\"question\":1,", "EOF while parsing"),
            (
                "{\"question\":1,\"candidate\":103,\"related\":true}",
                "a candidate of the question, found the candidate 103",
            ),
            ("{\"question\":7,\"candidate\":102,\"related\":true}", "a question that was asked"),
            ("{\"question\":1,\"candidate\":102,\"related\":true,\"answered_at\":\"noon\"}", "found `noon`"),
            ("{\"question\":1,\"candidate\":102,\"related\":true,\"undoes\":5}", "a line above, found 5"),
            ("{\"question\":1,\"candidate\":102,\"related\":true,\"oracle\":\"a\\nb\"}", "`oracle` to be a name"),
        ] {
            let error = import(&ledger, &format!("{good}\n\n{line}\n")).unwrap_err();
            assert!(matches!(error, ActiveError::Data(DataError::Unreadable { .. })), "{error}");
            let error = error.to_string();
            assert!(error.contains("answers.jsonl") && error.contains("in line 3 ") && error.contains(text), "{error}");
        }
        assert_eq!(ledger.since(0).unwrap(), []);
        let missing = import_questions(&ledger, Path::new("nowhere.jsonl"), &|_| true).unwrap_err().to_string();
        assert!(missing.contains("nowhere.jsonl"), "{missing}");
    }

    #[test]
    fn the_last_answer_stands_also_where_lines_have_no_or_the_same_time() {
        for time in ["", ",\"answered_at\":\"2026-01-31\""] {
            let (_folder, ledger) = ledger(&[question(1, 0.5, 2)]);
            let line = |sequence: u64, related: bool, more: &str| {
                format!(
                    "{{\"sequence\":{sequence},\"question\":1,\"candidate\":101,\"related\":{related}{time}{more}}}\n"
                )
            };
            let history = line(1, true, "") + &line(2, true, ",\"undoes\":1") + &line(3, false, "");
            assert_eq!(import(&ledger, &history).unwrap(), Imported { new: 3, ..Imported::default() });
            import(&ledger, &history).unwrap();
            // A file that has grown since it was imported first.
            let (_grown, later) = self::ledger(&[question(1, 0.5, 2)]);
            import(&later, &line(1, true, "")).unwrap();
            import(&later, &history).unwrap();
            assert_eq!(later.since(0).unwrap().last().unwrap().answer.related, Some(false), "{time}");
            let rows = ledger.since(0).unwrap();
            assert_eq!((rows.len(), rows[1].undoes, rows[2].answer.related), (3, Some(1), Some(false)), "{time}");
        }
        let (_folder, ledger) = ledger(&[question(1, 0.5, 2)]);
        let other = "{\"sequence\":1,\"question\":1,\"candidate\":101,\"related\":true}\n\
                     {\"question\":1,\"candidate\":102,\"related\":true,\"undoes\":1}\n";
        let error = import(&ledger, other).unwrap_err().to_string();
        assert!(error.contains("in line 2") && error.contains("the candidate 101 of the line"), "{error}");
    }

    #[test]
    fn an_answer_that_says_something_else_is_counted_as_such() {
        let (_folder, ledger) = ledger(&[question(1, 0.5, 2)]);
        let line =
            |related| format!("{{\"question\":1,\"candidate\":101,\"related\":{related},\"annotator\":\"ann\"}}\n");
        assert_eq!(import(&ledger, &line(true)).unwrap().new, 1);
        let other = Imported { known: 1, differing: 1, ..Imported::default() };
        assert_eq!(import(&ledger, &line(false)).unwrap(), other);
        let error = import(&ledger, &line(true).replace("\"ann\"", "\"a\\nb\"")).unwrap_err().to_string();
        assert!(error.contains("`annotator` to be a name"), "{error}");
    }

    #[test]
    fn what_was_undone_is_not_imported_again() {
        let (_folder, ledger) = ledger(&[question(1, 0.5, 2)]);
        ledger.record(&answers(&question(1, 0.5, 2), "ann")).unwrap();
        let before = exported(&ledger).1;
        ledger.undo(1, "ann").unwrap();
        assert_eq!(import(&ledger, &before).unwrap(), Imported { known: 2, ..Imported::default() });
        assert_eq!(ledger.unanswered(1).unwrap().len(), 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        /// A history that is exported and imported elsewhere, in two parts, is the same history; importing it again
        /// adds nothing.
        #[test]
        fn a_history_comes_back(steps in prop::collection::vec((1u64..4, 1u64..4, 0usize..2, 0u8..4), 1..40)) {
            let asked: Vec<_> = (1..4).map(|number| question(number, number as f32 * 0.1, 3)).collect();
            let (_one, source) = ledger(&asked);
            let mut parts = Vec::new();
            for (moment, (number, candidate, annotator, action)) in steps.into_iter().enumerate() {
                let annotator = ["ann", "ben"][annotator];
                if action == 0 {
                    source.undo(number, annotator).unwrap();
                } else {
                    let related = [None, Some(true), Some(false)][action as usize % 3];
                    let mut answer = answer(number, 100 * number + candidate, related, annotator);
                    answer.answered_at += moment as i64;
                    source.record(&[answer]).unwrap();
                }
                if moment == 10 {
                    parts.push(exported(&source).1);
                }
            }
            let (questions, answers) = exported(&source);
            parts.push(answers.clone());
            let (folder, target) = ledger(&[]);
            let path = folder.path().join("questions.jsonl");
            std::fs::write(&path, questions).unwrap();
            let any = |_| true;
            prop_assert_eq!(import_questions(&target, &path, &any).unwrap(), Imported { new: 3, ..Imported::default() });
            prop_assert_eq!(import_questions(&target, &path, &any).unwrap(), Imported { known: 3, ..Imported::default() });
            for part in &parts {
                import(&target, part).unwrap();
            }
            prop_assert_eq!(import(&target, &answers).unwrap().new, 0);
            prop_assert_eq!(target.since(0).unwrap(), source.since(0).unwrap());
            prop_assert_eq!(target.questions().unwrap(), asked);
        }
    }
}
