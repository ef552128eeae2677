//! Tasks of Label Studio: questions as an array of objects with `data`, and the labelling configuration that shows
//! them.

use std::collections::BTreeSet;
use std::io::Write;

use relata_data::DataError;
use relata_data::index::SampleId;
use relata_oracle::Question;
use serde_json::{Value, json};

use super::super::sqlite_ledger::Ledger;
use super::markup;
use crate::error::Result;

/// The control whose choices are the candidates like the anchor.
pub(super) const ALIKE: &str = "alike";
/// The control that says that nothing can be said about the other candidates.
pub(super) const PASS: &str = "pass";

/// The labelling configuration of the project that tasks are imported into: the anchor, its candidates as choices of
/// which any number can be selected (none: none is like the anchor), and a way to pass.
pub const CONFIGURATION: &str = r#"<View>
  <Header value="Select all that are the same kind as this one"/>
  <HyperText name="anchor" value="$anchor_html" inline="true"/>
  <Choices name="alike" toName="anchor" choice="multiple" layout="inline" value="$candidates"/>
  <Choices name="pass" toName="anchor" choice="single" layout="inline">
    <Choice value="Pass" hint="I cannot tell about the ones that are not selected"/>
  </Choices>
</View>
"#;

/// Writes the questions that have fewer than so many annotators as a JSON array of tasks in the order in which they are
/// to be asked, and gives their number. `render` says how a sample looks by its id: `{"image": URL}` (also a `data:`
/// URL), `{"text": ..}`, or any object, which becomes a table; it is escaped here. The project needs [`CONFIGURATION`].
/// Ids are text in the tasks, since a browser rounds large numbers.
pub fn export_tasks(
    ledger: &Ledger,
    annotators: usize,
    render: &dyn Fn(SampleId) -> Value,
    out: &mut dyn Write,
) -> Result<usize> {
    let open = ledger.unanswered(annotators)?;
    let mut write = |text: &str| out.write_all(text.as_bytes()).map_err(DataError::io("the export"));
    // One task at a time, since their images may be large.
    for (at, question) in open.iter().enumerate() {
        write(if at == 0 { "[\n" } else { ",\n" })?;
        write(&task(question, render).to_string())?;
    }
    write(if open.is_empty() { "[]\n" } else { "\n]\n" })?;
    out.flush().map_err(DataError::io("the export"))?;
    Ok(open.len())
}

fn task(question: &Question, render: &dyn Fn(SampleId) -> Value) -> Value {
    let anchor_html = markup::html(question.anchor, &render(question.anchor));
    // By id: the order of the question is that of what the model predicts.
    let candidates: BTreeSet<SampleId> = question.candidates.iter().copied().collect();
    let choice = |&id: &SampleId| json!({ "value": id.to_string(), "html": markup::html(id, &render(id)) });
    json!({
        "id": question.question,
        "data": {
            "question": question.question,
            "anchor": question.anchor.to_string(),
            "anchor_html": anchor_html,
            "candidates": candidates.iter().map(choice).collect::<Vec<_>>(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::ledger;
    use super::*;

    #[test]
    fn the_configuration_names_the_controls_and_the_data() {
        for part in [
            &format!("<Choices name=\"{ALIKE}\" toName=\"anchor\""),
            &format!("<Choices name=\"{PASS}\" toName=\"anchor\""),
            "value=\"$anchor_html\"",
            "value=\"$candidates\"",
        ] {
            assert!(CONFIGURATION.contains(part), "{part}");
        }
        assert_eq!(CONFIGURATION.matches("<View>").count(), CONFIGURATION.matches("</View>").count());
    }

    #[test]
    fn no_questions_are_an_empty_array() {
        let (_folder, ledger) = ledger(&[]);
        let mut out = Vec::new();
        assert_eq!(export_tasks(&ledger, 1, &|_| Value::Null, &mut out).unwrap(), 0);
        assert_eq!(serde_json::from_slice::<Value>(&out).unwrap(), json!([]));
    }
}
