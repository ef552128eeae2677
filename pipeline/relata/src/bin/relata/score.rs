//! `relata score`: a graph loss of any embeddings under any edges.

use std::io::{Write, stdout};
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use relata::registries::LOSSES;
use relata::score::score_files;
use relata_data::sink::not_an_input;
use relata_train::{DeviceChoice, TrainError};
use serde_json::json;

use crate::edge_arguments::EdgeArguments;
use crate::failure::{Failure, Outcome};
use crate::setting::setting;
use crate::values::{object, write_table};

/// Computes a graph loss and its terms of embeddings that anybody made, under a list of edges, and on request its
/// gradient.
///
/// All rows of the embeddings file, in the order of the column `id`, are one batch.
#[derive(Debug, clap::Args)]
#[command(after_help = help())]
pub struct Arguments {
    /// A Parquet file with the columns `id` (integers or text; row numbers if it has none) and `embedding`. Edges name
    /// samples by `source_id` if there is such a column of text.
    #[arg(long, value_name = "FILE")]
    embeddings: PathBuf,
    #[command(flatten)]
    edges: EdgeArguments,
    /// The loss.
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(LOSSES.names()))]
    loss: String,
    /// A setting of the loss; may be given several times.
    #[arg(long, value_name = "KEY=VALUE", value_parser = setting)]
    set: Vec<(String, String)>,
    /// Prints {"value": .., "terms": {..}} in full precision instead of a table.
    #[arg(long)]
    json: bool,
    /// Writes the gradient with respect to each row as Parquet, with the columns `id` and `gradient` (and `source_id`,
    /// where ids are text).
    #[arg(long, value_name = "FILE")]
    gradient: Option<PathBuf>,
    /// Where to compute: auto, cpu or wgpu.
    #[arg(long, default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
}

/// The losses with their settings and defaults, from their registry.
fn help() -> String {
    let losses: String = LOSSES.help().iter().map(|(loss, summary)| format!("  {loss}\n      {summary}\n")).collect();
    let example = "relata score --embeddings any.parquet --edges edges.csv --loss nt_xent --set tau=0.1 --json";
    format!("Losses with their settings and defaults:\n{losses}\nExample:\n  {example}")
}

/// Does what the arguments ask.
pub async fn run(arguments: &Arguments) -> Outcome {
    let loss = LOSSES.parse(&arguments.loss, &arguments.set)?;
    loss.check().map_err(TrainError::from)?;
    let scored = score_files(&arguments.embeddings, &arguments.edges.edge_file(), &*loss, arguments.device).await?;
    let value = scored.score.value;
    if !value.is_finite() {
        let message = format!("the loss is {value}: check the embeddings for zero vectors and huge numbers");
        return Err(Failure::Measured(message));
    }
    if let Some(path) = &arguments.gradient {
        if !scored.is_finite() {
            let message =
                "the gradient has numbers that are not finite: check the embeddings for zero vectors".to_owned();
            return Err(Failure::Measured(message));
        }
        not_an_input(path, &[arguments.embeddings.clone(), arguments.edges.edges.clone()])?;
        scored.write_gradient(path)?;
    }
    if scored.skipped.total() > 0 {
        eprintln!("{}: {}", arguments.edges.edges.display(), scored.skipped);
    }
    let terms: Vec<(String, f64)> = scored.score.terms.iter().map(|&(name, v)| (name.to_owned(), v)).collect();
    if arguments.json {
        writeln!(stdout(), "{}", json!({ "value": value, "terms": object(&terms) }))?;
    } else {
        let indented = terms.iter().map(|(name, value)| (format!("  {name}"), *value));
        let lines: Vec<_> = std::iter::once((arguments.loss.clone(), value)).chain(indented).collect();
        write_table(&mut stdout(), &lines)?;
    }
    Ok(())
}
