//! `relata export`: the model, questions or answers of a run, for other programs.

use std::collections::BTreeSet;
use std::io::{BufWriter, Write, stdout};
use std::path::{Path, PathBuf};

use relata::Run;
use relata::report::Gallery;
use relata_active::ledger::label_studio::{CONFIGURATION, export_tasks};
use relata_active::ledger::{Ledger, export_answers, export_questions};
use relata_data::index::SampleId;
use relata_data::sink::AtomicFile;
use relata_data::source::KEPT_BACK;
use serde_json::Value;

use crate::any_ledger::any_ledger;
use crate::ask_settings;
use crate::failure::{Failure, Outcome};
use crate::interchange::Interchange;

/// The key of a sample's picture.
const IMAGE: &str = "image";
/// Pixels that an image of a task has at most.
const SIDE: u32 = 512;

/// Writes the model of a run for other programs, its questions or answers as JSON lines, or its open questions as tasks
/// of Label Studio.
///
/// A model is a folder: model.safetensors (the weights), model.json (the layers, and what was learned of a table's
/// columns), model.onnx, and relata_model.py, which embeds samples in Python with numpy alone.
///
/// Label Studio needs the labelling configuration that is printed on standard error. Its results come back by
/// `relata import`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  relata export runs/digits model --output digits-model
  relata export runs/digits questions --format label-studio --output tasks.json")]
pub struct Arguments {
    /// The folder that a pipeline wrote; for questions and answers, the file answers.sqlite in it is enough.
    run: PathBuf,
    /// What to write.
    what: What,
    /// The format.
    #[arg(long, default_value = "jsonl")]
    format: Interchange,
    /// With label-studio: questions that fewer annotators have answered are open [default: as the run asks].
    #[arg(long, value_name = "N")]
    annotators: Option<usize>,
    /// The file to write instead of printing; with `model`, the folder to write.
    #[arg(long, value_name = "PATH")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum What {
    Model,
    Questions,
    Answers,
}

/// Does what the arguments ask.
pub fn run(arguments: &Arguments) -> Outcome {
    if (arguments.what, arguments.format) == (What::Answers, Interchange::LabelStudio) {
        let message = "Label Studio has tasks for questions only: export answers with --format jsonl";
        return Err(Failure::Usage(message.to_owned()));
    }
    if arguments.what == What::Model {
        let run = Run::open(&arguments.run)?;
        return match (&arguments.output, arguments.format) {
            (Some(folder), Interchange::Jsonl) => write_model(&run, folder),
            (None, _) => Err(Failure::Usage("a model is a folder of files: name it with --output FOLDER".to_owned())),
            (_, Interchange::LabelStudio) => {
                let message = "Label Studio has tasks for questions only: export a model without --format";
                Err(Failure::Usage(message.to_owned()))
            }
        };
    }
    let ledger = any_ledger(&arguments.run)?;
    match &arguments.output {
        None => write(arguments, &ledger, &mut BufWriter::new(stdout())),
        Some(path) => {
            let mut file = AtomicFile::create(path)?;
            write(arguments, &ledger, &mut BufWriter::new(&mut file))?;
            Ok(file.commit()?)
        }
    }
}

fn write_model(run: &Run, folder: &Path) -> Outcome {
    let exported = run.export_model(folder)?;
    exported.notes.iter().for_each(|note| eprintln!("{note}"));
    let names: Vec<_> = exported.files.iter().map(|path| path.display().to_string()).collect();
    eprintln!("Wrote {}.", names.join(", "));
    Ok(())
}

fn write(arguments: &Arguments, ledger: &Ledger, out: &mut dyn Write) -> Outcome {
    match (arguments.what == What::Questions, arguments.format) {
        (false, _) => export_answers(ledger, out)?,
        (true, Interchange::Jsonl) => export_questions(ledger, out)?,
        (true, Interchange::LabelStudio) => {
            let run = Run::open(&arguments.run)?;
            let page = ask_settings::page(String::new(), run.plan()?.ask.as_ref())?;
            let annotators = arguments.annotators.unwrap_or(page.annotators);
            let open = ledger.unanswered(annotators)?;
            let ids: BTreeSet<SampleId> =
                open.iter().flat_map(|q| q.candidates.iter().copied().chain([q.anchor])).collect();
            let gallery = Gallery::open(&run, &ids)?;
            let look = |id| shown(gallery.describe(id, SIDE), &page.show);
            let tasks = export_tasks(ledger, annotators, &look, out)?;
            eprintln!("{tasks} tasks. The labelling configuration of the project:\n\n{CONFIGURATION}");
        }
    }
    Ok(out.flush()?)
}

/// What an annotator sees of a sample, by the rule of the page for people: the picture and the columns that the run
/// chose, or, where there is neither, all columns that cannot hold the answer.
fn shown(mut sample: Value, chosen: &[String]) -> Value {
    if let Some(about) = sample.as_object_mut() {
        let all = chosen.is_empty() && !about.contains_key(IMAGE);
        about.retain(|name, _| match all {
            true => !KEPT_BACK.contains(&name.as_str()),
            false => name == IMAGE || chosen.contains(name),
        });
    }
    sample
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_may_hold_the_answer_is_not_shown_unless_it_is_chosen() {
        let picture = json!({ "image": "data:", "label": "7", "note": "n" });
        assert_eq!(shown(picture.clone(), &[]), json!({ "image": "data:" }));
        assert_eq!(shown(picture, &["note".to_owned()]), json!({ "image": "data:", "note": "n" }));
        let row = json!({ "label": "7", "path": "seven/1.png", "split": "test", "note": "n" });
        assert_eq!(shown(row, &[]), json!({ "note": "n" }));
    }
}
