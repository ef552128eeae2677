//! Results of Label Studio: the JSON export of a project, as answers.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use relata_data::DataError;
use relata_data::index::SampleId;
use relata_oracle::{Answer, Cost, Question};
use serde::Deserialize;

use super::super::answer_writer::{AnswerWriter, Standing};
use super::super::error::LedgerError;
use super::super::json_lines::{Imported, is_name};
use super::super::sqlite_ledger::Ledger;
use super::super::{questions, timestamp};
use super::tasks::{ALIKE, PASS};
use crate::error::Result;

#[derive(Deserialize)]
struct Task {
    data: Data,
    #[serde(default)]
    annotations: Vec<Annotation>,
}

#[derive(Deserialize)]
struct Data {
    question: u64,
    /// Ids are text in the tasks.
    anchor: Option<String>,
}

#[derive(Deserialize)]
struct Annotation {
    result: Vec<AnnotationRegion>,
    was_cancelled: Option<bool>,
    completed_by: Option<CompletedBy>,
    created_at: Option<String>,
    /// Later than `created_at` if the annotation was changed.
    updated_at: Option<String>,
}

#[derive(Deserialize)]
struct AnnotationRegion {
    from_name: Option<String>,
    #[serde(default)]
    value: Selected,
}

#[derive(Default, Deserialize)]
struct Selected {
    #[serde(default)]
    choices: Vec<AnnotationChoice>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum AnnotationChoice {
    Name(String),
    /// From the topmost choice down, where choices are nested.
    Path(Vec<String>),
}

impl AnnotationChoice {
    fn name(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Path(path) => path.last().map_or("", String::as_str),
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum CompletedBy {
    Number(u64),
    Name(String),
    User { id: Option<u64>, email: Option<String> },
}

impl CompletedBy {
    fn name(self) -> Option<String> {
        match self {
            Self::Number(number) => Some(number.to_string()),
            Self::Name(name) => Some(name),
            Self::User { id, email } => email.or_else(|| id.map(|id| id.to_string())),
        }
    }
}

impl Annotation {
    /// The choices of a control.
    fn choices<'a>(&'a self, control: &'a str) -> impl Iterator<Item = &'a str> {
        let of = self.result.iter().filter(move |region| region.from_name.as_deref() == Some(control));
        of.flat_map(|region| region.value.choices.iter().map(AnnotationChoice::name))
    }
}

/// Reads the export (JSON, not JSON-MIN) of a project whose tasks [`export_tasks`] wrote. Each annotation answers its
/// question for all candidates: those selected are related to the anchor and the others are not, or are passed if
/// "Pass" is selected; a skipped task is passed. The annotator is who completed it (an e-mail address if there is one,
/// else the user's number), and each answer costs its share of `cost`. Answers that the ledger has are passed over; an
/// annotation that was changed takes back what it said before.
/// Nothing is imported if a task is broken ([`DataError::Unreadable`], which names it).
///
/// [`export_tasks`]: super::export_tasks
pub fn import_results(ledger: &Ledger, path: &Path, oracle: &str, cost: Cost) -> Result<Imported> {
    let broken = |expected: String, found: String| DataError::Unreadable {
        path: path.to_path_buf(),
        expected,
        found,
        hint: "Nothing was imported: export the project that the tasks were imported into as JSON (not JSON-MIN)."
            .to_owned(),
    };
    let file = BufReader::new(File::open(path).map_err(DataError::io(path))?);
    let tasks: Vec<Task> = serde_json::from_reader(file).map_err(|error| {
        broken("an array of tasks with `data.question` and `annotations`".to_owned(), error.to_string())
    })?;
    ledger.write(|transaction| {
        let (mut writer, mut imported, now) = (AnswerWriter::new(transaction), Imported::default(), timestamp::now());
        for (task, of) in (1..).zip(tasks) {
            for (number, annotation) in (1..).zip(of.annotations) {
                let fail = |expected: &str, found: String| {
                    LedgerError::from(broken(format!("in task {task}, annotation {number} {expected}"), found))
                };
                let asked = questions::find(transaction, of.data.question)?
                    .ok_or_else(|| fail("a question that was asked", format!("question {}", of.data.question)))?;
                if of.data.anchor.as_ref().is_some_and(|anchor| *anchor != asked.anchor.to_string()) {
                    let found = of.data.anchor.clone().unwrap_or_default();
                    return Err(fail(
                        "the anchor of the question, as a task of this run has it",
                        format!("the anchor `{found}` instead of {}", asked.anchor),
                    ));
                }
                let answers = answers(&asked, annotation, oracle, cost, now)
                    .map_err(|Unexpected { expected, found }| fail(expected, found))?;
                for answer in answers {
                    let known = writer.same_moment(&answer)?.is_some();
                    let standing = writer.standing(&answer)?;
                    // What was said before in the same project, and was changed there since.
                    let changed = standing.as_ref().filter(|standing| {
                        let ours = standing.oracle == answer.oracle && standing.answered_at < answer.answered_at;
                        ours && standing.related != answer.related
                    });
                    if let (false, Some(Standing { row, .. })) = (known, changed) {
                        writer.undo(*row, answer.answered_at)?;
                    }
                    let new = !known && writer.answer(&answer)?.is_some();
                    imported.answer(&answer, new, standing.as_ref().filter(|_| !known));
                }
            }
        }
        writer.finish()?;
        Ok(imported)
    })
}

/// An annotation that makes no sense.
struct Unexpected {
    expected: &'static str,
    found: String,
}

/// What an annotation says about each candidate.
fn answers(
    question: &Question,
    annotation: Annotation,
    oracle: &str,
    cost: Cost,
    now: i64,
) -> Result<Vec<Answer>, Unexpected> {
    let unexpected = |expected, found| Unexpected { expected, found };
    let stray =
        annotation.result.iter().find(|region| ![Some(ALIKE), Some(PASS)].contains(&region.from_name.as_deref()));
    if let Some(region) = stray {
        let found = region.from_name.as_ref().map_or("none".to_owned(), |name| format!("`{name}`"));
        return Err(unexpected("only the controls `alike` and `pass` of the labelling configuration", found));
    }
    let alike: Vec<&str> = annotation.choices(ALIKE).collect();
    let names: Vec<String> = question.candidates.iter().map(SampleId::to_string).collect();
    if let Some(stray) = alike.iter().find(|choice| !names.iter().any(|name| name == *choice)) {
        return Err(unexpected("candidates of the question", format!("the choice `{stray}`")));
    }
    let skipped = annotation.was_cancelled == Some(true);
    let passed = annotation.choices(PASS).next().is_some();
    let related: Vec<Option<bool>> = names
        .iter()
        .map(|name| match alike.contains(&name.as_str()) {
            true if !skipped => Some(true),
            _ => (!passed && !skipped).then_some(false),
        })
        .collect();
    let answered_at = match annotation.updated_at.as_ref().or(annotation.created_at.as_ref()) {
        Some(text) => timestamp::parse(text)
            .ok_or_else(|| unexpected("`created_at` and `updated_at` in RFC 3339", format!("`{text}`")))?,
        None => now,
    };
    let annotator = annotation.completed_by.and_then(CompletedBy::name).unwrap_or_else(|| oracle.to_owned());
    if !is_name(&annotator) {
        return Err(unexpected(
            "`completed_by` to be a number or a name of at most 200 characters",
            format!("{annotator:?}"),
        ));
    }
    let answer = |(&candidate, related)| Answer {
        annotator: annotator.clone(),
        answered_at,
        ..Answer::now(question, candidate, related, oracle, cost)
    };
    Ok(question.candidates.iter().zip(related).map(answer).collect())
}
