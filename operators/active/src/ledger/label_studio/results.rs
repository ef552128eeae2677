//! Results of Label Studio: the export of a project, as answers.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use relata_data::index::SampleId;
use relata_oracle::{Answer, Cost, Question};
use rusqlite::Transaction;

use super::super::answer_writer::{AnswerWriter, Standing};
use super::super::error::LedgerError;
use super::super::json_lines::{Imported, is_name};
use super::super::sqlite_ledger::Ledger;
use super::super::{questions, timestamp};
use super::annotation::{Annotation, Task, Unexpected};
use super::project_export;
use super::tasks::{ALIKE, PASS};
use crate::error::Result;

/// What an import of results made of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportedResults {
    /// The answers.
    pub answers: Imported,
    /// What is no answer.
    pub left_out: LeftOut,
}

/// What an import of results passed over, since it is no answer; nothing of it is lost for the questions.
///
/// ```
/// use relata_active::ledger::label_studio::LeftOut;
///
/// let left_out = LeftOut { open_tasks: 2, repeated: 0, other_controls: [("mood".to_owned(), 3)].into() };
/// assert_eq!(left_out.to_string(), "2 tasks without an annotation, 3 results of other controls (mood: 3)");
/// assert!(!left_out.is_empty() && LeftOut::default().is_empty());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Tasks that nobody has annotated.
    pub open_tasks: usize,
    /// Skipped or empty annotations of annotators who said more in another annotation of the same task.
    pub repeated: usize,
    /// Results of controls, or columns, that are not about the candidates, by name.
    pub other_controls: BTreeMap<String, usize>,
}

impl LeftOut {
    /// Whether everything in the file was an answer.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counted = |count: usize, one: &str, many: &str| {
            (count > 0).then(|| format!("{count} {}", if count == 1 { one } else { many }))
        };
        let names: Vec<_> = self.other_controls.iter().map(|(name, count)| format!("{name}: {count}")).collect();
        let others =
            counted(self.other_controls.values().sum(), "result of other controls", "results of other controls");
        let parts = [
            counted(self.open_tasks, "task without an annotation", "tasks without an annotation"),
            counted(
                self.repeated,
                "empty annotation beside another of the same annotator",
                "empty annotations beside others of the same annotators",
            ),
            others.map(|others| format!("{others} ({})", names.join(", "))),
        ];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

/// Reads the export of a project whose tasks [`export_tasks`] wrote, as JSON, JSON-MIN, CSV or TSV. JSON says most: Label
/// Studio leaves skipped annotations out of the others.
///
/// Each annotation answers its question for all candidates: those selected are related to the anchor and the others are
/// not, or are passed if "Pass" is selected; a skipped task is passed. The annotator is who completed it (an e-mail
/// address if there is one, else the user's number, else the name), and each answer costs its share of `cost`. Answers
/// of several annotators are all kept. Of several annotations of one task by one annotator, a skipped one is left out if
/// another is not, and an empty one if another has a selection. Predictions are ignored, and so are controls beside
/// those of [`CONFIGURATION`], which are counted.
///
/// Answers that the ledger has are passed over; an annotation that was changed takes back what it said before. Nothing
/// is imported if a task is broken ([`DataError::Unreadable`], which names it).
///
/// [`DataError::Unreadable`]: relata_data::DataError::Unreadable
/// [`export_tasks`]: super::export_tasks
/// [`CONFIGURATION`]: super::CONFIGURATION
pub fn import_results(ledger: &Ledger, path: &Path, oracle: &str, cost: Cost) -> Result<ImportedResults> {
    let tasks = project_export::read(path)?;
    ledger.write(|transaction| {
        let mut import = Import {
            path,
            transaction,
            writer: AnswerWriter::new(transaction),
            imported: ImportedResults::default(),
            most: most_said(&tasks, oracle),
            oracle,
            cost,
            now: timestamp::now(),
        };
        tasks.into_iter().try_for_each(|task| import.task(task))?;
        import.writer.finish()?;
        Ok(import.imported)
    })
}

/// How much an annotation says, from nothing to a selection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Said {
    Skipped,
    /// Nothing is selected: no candidate is like the anchor.
    Empty,
    Selected,
}

impl Said {
    fn of(annotation: &Annotation) -> Self {
        match annotation {
            Annotation { skipped: true, .. } => Self::Skipped,
            Annotation { passed: false, alike, .. } if alike.is_empty() => Self::Empty,
            _ => Self::Selected,
        }
    }
}

/// The most that each annotator says about each question.
fn most_said(tasks: &[Task], oracle: &str) -> BTreeMap<(u64, String), Said> {
    let mut most = BTreeMap::new();
    for task in tasks {
        for annotation in &task.annotations {
            let annotator = annotation.annotator.as_deref().unwrap_or(oracle).to_owned();
            let said = most.entry((task.question, annotator)).or_insert(Said::Skipped);
            *said = Said::of(annotation).max(*said);
        }
    }
    most
}

/// An import that goes on.
struct Import<'t> {
    path: &'t Path,
    transaction: &'t Transaction<'t>,
    writer: AnswerWriter<'t>,
    imported: ImportedResults,
    most: BTreeMap<(u64, String), Said>,
    oracle: &'t str,
    cost: Cost,
    now: i64,
}

impl Import<'_> {
    fn task(&mut self, task: Task) -> Result<(), LedgerError> {
        let Some(asked) = questions::find(self.transaction, task.question)? else {
            let expected = format!("in {} a question that was asked", task.place);
            return Err(Unexpected::new(expected, format!("question {}", task.question)).at(self.path).into());
        };
        if let Some(found) = task.anchor.filter(|anchor| *anchor != asked.anchor.to_string()) {
            let expected = format!("in {} the anchor of the question, as a task of this run has it", task.place);
            let found = format!("the anchor `{found}` instead of {}", asked.anchor);
            return Err(Unexpected::new(expected, found).at(self.path).into());
        }
        self.imported.left_out.open_tasks += usize::from(task.annotations.is_empty());
        for annotation in task.annotations {
            let annotator = annotation.annotator.as_deref().unwrap_or(self.oracle).to_owned();
            let said = Said::of(&annotation);
            for other in &annotation.others {
                *self.imported.left_out.other_controls.entry(other.name.clone()).or_default() += 1;
            }
            let answers = self.answers(&asked, annotation, &annotator).map_err(|wrong| wrong.at(self.path))?;
            if self.most.get(&(task.question, annotator)).is_some_and(|most| said < *most) {
                self.imported.left_out.repeated += 1;
                continue;
            }
            answers.iter().try_for_each(|answer| self.write(answer))?;
        }
        Ok(())
    }

    fn write(&mut self, answer: &Answer) -> Result<(), LedgerError> {
        let known = !self.writer.same_moment(answer)?.is_empty();
        let standing = self.writer.standing(answer)?;
        // What was said before in the same project, and was changed there since.
        let changed = standing.as_ref().filter(|standing| {
            let ours = standing.oracle == answer.oracle && standing.answered_at < answer.answered_at;
            ours && standing.related != answer.related
        });
        if let (false, Some(Standing { row, .. })) = (known, changed) {
            self.writer.undo(*row, answer.answered_at)?;
        }
        let new = !known && self.writer.answer(answer)?.is_some();
        self.imported.answers.answer(answer, new, standing.as_ref().filter(|_| !known));
        Ok(())
    }

    /// What an annotation says about each candidate.
    fn answers(&self, question: &Question, annotation: Annotation, annotator: &str) -> Result<Vec<Answer>, Unexpected> {
        let Annotation { place, skipped, alike, passed, moment, others, .. } = annotation;
        let names: Vec<String> = question.candidates.iter().map(SampleId::to_string).collect();
        let unexpected = |expected: &str, found: String| Unexpected::new(format!("in {place} {expected}"), found);
        if let Some(stray) = alike.iter().find(|choice| !names.contains(choice)) {
            return Err(unexpected("candidates of the question", format!("the choice `{stray}`")));
        }
        // A project whose controls have other names would otherwise seem to say that nothing is alike.
        if let Some(other) = others.iter().find(|other| other.choices.iter().any(|choice| names.contains(choice))) {
            let expected =
                format!("the candidates in the controls `{ALIKE}` and `{PASS}` of the labelling configuration");
            return Err(unexpected(&expected, format!("candidates in the control `{}`", other.name)));
        }
        let related = |name: &String| match alike.contains(name) {
            true if !skipped => Some(true),
            _ => (!passed && !skipped).then_some(false),
        };
        let answered_at = match &moment {
            Some(text) => timestamp::parse(text)
                .ok_or_else(|| unexpected("`created_at` and `updated_at` in RFC 3339", format!("`{text}`")))?,
            None => self.now,
        };
        if !is_name(annotator) {
            let expected = "who completed it as a number or a name of at most 200 characters";
            return Err(unexpected(expected, format!("{annotator:?}")));
        }
        let answer = |(&candidate, name)| Answer {
            annotator: annotator.to_owned(),
            answered_at,
            ..Answer::now(question, candidate, related(name), self.oracle, self.cost)
        };
        Ok(question.candidates.iter().zip(&names).map(answer).collect())
    }
}
