//! `relata lookup`: the best matches of new records among the samples of a run, and their entities.

use std::io::{Write, stdout};
use std::path::PathBuf;

use relata::Run;
use relata::lookup::{Lookup, LookupAnswer};

use crate::failure::{Failure, Outcome};
use crate::new_samples::new_samples;

/// Looks records up in a run: its samples that may be the same entity, how likely, and the entity that the record belongs to.
/// The run stays as it is.
///
/// Reading the run takes longer than the answers: `relata serve` keeps it in memory.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  relata lookup runs/people --data one.json")]
pub struct Arguments {
    /// The folder that a pipeline with `.decide(entities())`, or `relata extend`, wrote.
    run: PathBuf,
    /// The records, as for `relata embed`. Their columns are found by the names of the run's.
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// Matches of each record to print.
    #[arg(long, value_name = "MATCHES", default_value_t = 5)]
    top: usize,
    /// Prints JSON lines, one a record.
    #[arg(long)]
    json: bool,
}

/// Does what the arguments ask.
pub async fn run(arguments: Arguments) -> Outcome {
    let run = Run::open(&arguments.run)?;
    let lookup = Lookup::open(&run).await?;
    let is_json = |ending: &str| arguments.data.extension().is_some_and(|given| given.eq_ignore_ascii_case(ending));
    let answers = if is_json("json") {
        let text = std::fs::read_to_string(&arguments.data).map_err(relata_data::DataError::io(&arguments.data))?;
        lookup.find_json(&text).await?
    } else {
        let dataset = new_samples(&run, &arguments.data, vec![], None)?;
        lookup.find(dataset).await?
    };
    let out = &mut stdout();
    for (mut answer, record) in answers.into_iter().zip(1..) {
        answer.matches.truncate(arguments.top);
        if arguments.json {
            writeln!(out, "{}", serde_json::to_string(&answer)?)?;
        } else {
            write(out, record, &answer).map_err(Failure::Output)?;
        }
    }
    Ok(())
}

fn write(out: &mut impl Write, record: usize, answer: &LookupAnswer) -> std::io::Result<()> {
    match &answer.entity {
        Some(entity) => writeln!(out, "record {record}: entity {entity}, probability {:.4}", answer.probability)?,
        None => writeln!(out, "record {record}: a new entity, probability {:.4}", answer.probability)?,
    }
    for found in &answer.matches {
        let weights = found.weights.iter().filter(|(_, weight)| weight.abs() >= 0.005);
        let weights: Vec<String> = weights.map(|(column, weight)| format!("{column} {weight:+.2}")).collect();
        let (id, entity) = (found.id.to_string(), found.entity.to_string());
        writeln!(out, "  {id:<12} {:.4}  entity {entity:<12} {}", found.probability, weights.join(", "))?;
    }
    Ok(())
}
