//! Full export of Label Studio (JSON): every annotation of every task, with the regions of its controls.

use std::io::Read;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::annotation::{Annotation, OtherControl, Task, Unexpected};
use super::tasks::{ALIKE, PASS};

#[derive(Deserialize)]
struct FullTask {
    id: Option<Identifier>,
    data: Data,
    annotations: Option<Vec<FullAnnotation>>,
    /// What annotations were called before version 1.0.
    completions: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Data {
    question: u64,
    anchor: Option<String>,
}

#[derive(Deserialize)]
struct FullAnnotation {
    id: Option<Identifier>,
    result: Vec<Region>,
    was_cancelled: Option<bool>,
    completed_by: Option<CompletedBy>,
    created_at: Option<String>,
    /// Later than `created_at` if the annotation was changed.
    updated_at: Option<String>,
}

#[derive(Deserialize)]
struct Region {
    /// Its control; relations between regions have none.
    from_name: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    value: Value,
}

/// A number or a text by which something is known.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Identifier {
    Number(u64),
    Text(String),
}

impl Identifier {
    pub(super) fn text(self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text,
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum CompletedBy {
    Identifier(Identifier),
    User { id: Option<u64>, email: Option<String>, first_name: Option<String>, last_name: Option<String> },
}

impl CompletedBy {
    /// The e-mail address, else the number, else the name.
    fn name(self) -> Option<String> {
        match self {
            Self::Identifier(identifier) => Some(identifier.text()),
            Self::User { id, email, first_name, last_name } => {
                let names: Vec<String> = [first_name, last_name].into_iter().flatten().collect();
                let name = names.join(" ").trim().to_owned();
                let email = email.filter(|email| !email.is_empty());
                email.or_else(|| id.map(|id| id.to_string())).or(Some(name).filter(|name| !name.is_empty()))
            }
        }
    }
}

/// Reads the tasks and their annotations; predictions and drafts are nobody's answers.
pub(super) fn read(file: impl Read) -> Result<Vec<Task>, Unexpected> {
    let expected = "an array of tasks with `data.question` and `annotations`";
    let tasks: Vec<FullTask> =
        serde_json::from_reader(file).map_err(|error| Unexpected::new(expected, error.to_string()))?;
    (1..).zip(tasks).map(|(number, task)| read_task(number, task)).collect()
}

fn read_task(number: usize, task: FullTask) -> Result<Task, Unexpected> {
    let place = match task.id {
        Some(id) => format!("task {} (entry {number} of the file)", id.text()),
        None => format!("entry {number} of the file"),
    };
    if task.annotations.is_none() && task.completions.is_some() {
        let expected = format!("in {place} `annotations`, as Label Studio exports them from version 1.0 on");
        return Err(Unexpected::new(expected, "`completions`"));
    }
    let annotations = (1..).zip(task.annotations.unwrap_or_default());
    let annotations: Result<_, _> =
        annotations.map(|(number, annotation)| read_annotation(&place, number, annotation)).collect();
    Ok(Task { place, question: task.data.question, anchor: task.data.anchor, annotations: annotations? })
}

fn read_annotation(task: &str, number: usize, annotation: FullAnnotation) -> Result<Annotation, Unexpected> {
    let place = match annotation.id {
        Some(id) => format!("{task}, annotation {} ({number} of the task)", id.text()),
        None => format!("{task}, annotation {number}"),
    };
    let (mut alike, mut passed, mut others) = (Vec::new(), false, Vec::new());
    for Region { from_name, kind, value } in annotation.result {
        let choices = choices(&value);
        match from_name.as_deref() {
            Some(control @ (ALIKE | PASS)) => {
                let chosen = choices.ok_or_else(|| {
                    let expected = format!("in {place} choices of the control `{control}`");
                    let found = kind.map_or_else(|| value.to_string(), |kind| format!("a result of the type `{kind}`"));
                    Unexpected::new(expected, found)
                })?;
                match control {
                    ALIKE => alike.extend(chosen),
                    _ => passed |= !chosen.is_empty(),
                }
            }
            _ => {
                let name = from_name.or(kind).unwrap_or_else(|| "a region without a name".to_owned());
                others.push(OtherControl { name, choices: choices.unwrap_or_default() });
            }
        }
    }
    Ok(Annotation {
        place,
        annotator: annotation.completed_by.and_then(CompletedBy::name),
        skipped: annotation.was_cancelled == Some(true),
        alike,
        passed,
        moment: annotation.updated_at.or(annotation.created_at),
        others,
    })
}

/// The names of what was selected, if the value is of choices. Where choices are nested, a name is a path from the
/// topmost one down.
pub(super) fn choices(value: &Value) -> Option<Vec<String>> {
    let name = |choice: &Value| match choice {
        Value::String(name) => Some(name.clone()),
        Value::Array(path) => path.last().and_then(Value::as_str).map(str::to_owned),
        _ => None,
    };
    value.get("choices")?.as_array()?.iter().map(name).collect()
}
