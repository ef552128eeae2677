//! `relata explain`: why two rows are, or are not, the same entity.

use std::collections::HashMap;
use std::io::{Write, stdout};
use std::path::PathBuf;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{Float32Type, Float64Type, UInt64Type};
use arrow::util::display::array_value_to_string;
use relata::Run;
use relata::audit::{Audit, ChainLink};
use relata_data::index::SampleId;
use relata_data::query;
use relata_data::source::IdLookup;

use crate::failure::{Failure, Outcome};

/// The columns of `pairs` that say what each column counted for, before any answer.
const WEIGHT: &str = "weight.";

/// Explains what a decision made of a pair: its probability, what is known of it and by which answers, and what
/// each column counted for.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  relata explain runs/people 17 42")]
pub struct Arguments {
    /// The folder that a pipeline with `.decide(..)` wrote.
    run: PathBuf,
    /// The id of one sample.
    a: String,
    /// The id of the other.
    b: String,
}

/// Does what the arguments ask.
pub async fn run(arguments: Arguments) -> Outcome {
    let run = Run::open(&arguments.run)?;
    let samples = run.samples()?;
    let lookup = IdLookup::new(&samples)?;
    let number = |id: &str| {
        let unknown = || Failure::Usage(format!("the run has no sample with the id `{id}`"));
        lookup.text(id).map(|id| id.0).ok_or_else(unknown)
    };
    let (a, b) = (number(&arguments.a)?, number(&arguments.b)?);
    let (src, dst) = (a.min(b), a.max(b));
    let one = |batches: Vec<RecordBatch>| batches.into_iter().find(|batch| batch.num_rows() > 0);
    let pair = run.sql(&format!("SELECT * FROM pairs WHERE src = {src} AND dst = {dst}")).await?;
    let Some(pair) = one(query::collect(pair).await.map_err(relata::sql::SqlError::from)?) else {
        let said = "is no candidate: no rule found it, so that nobody looked at it. See the table `pairs`.";
        return Err(Failure::Measured(format!("the pair {} and {} {said}", arguments.a, arguments.b)));
    };
    let mut values = Vec::new();
    for id in [a, b] {
        let row = run.sql(&format!("SELECT * FROM samples WHERE id = {id}")).await?;
        values.push(one(query::collect(row).await.map_err(relata::sql::SqlError::from)?));
    }
    let chain = Audit::open(&run).await?.chain(SampleId(a), SampleId(b)).await?.unwrap_or_default();
    let texts = texts(&run, &chain).await?;
    write(&mut stdout(), &arguments, &pair, &values).map_err(Failure::Output)?;
    write_chain(&mut stdout(), &chain, &texts).map_err(Failure::Output)
}

/// The ids of the samples of a chain as the dataset has them, where they are text.
async fn texts(run: &Run, chain: &[ChainLink]) -> Result<HashMap<SampleId, String>, Failure> {
    let ids: Vec<String> = chain.iter().flat_map(|link| [link.src, link.dst]).map(|id| id.to_string()).collect();
    if ids.is_empty() || !run.samples()?.text_ids {
        return Ok(HashMap::new());
    }
    let rows = run.sql(&format!("SELECT id, source_id FROM samples WHERE id IN ({})", ids.join(", "))).await?;
    let mut texts = HashMap::new();
    for batch in query::collect(rows).await.map_err(relata::sql::SqlError::from)? {
        let ids = batch["id"].as_primitive::<UInt64Type>().values();
        let own = batch["source_id"].as_string::<i32>();
        texts.extend(ids.iter().zip(own).map(|(&id, text)| (SampleId(id), text.unwrap_or_default().to_owned())));
    }
    Ok(texts)
}

fn write_chain(out: &mut impl Write, chain: &[ChainLink], texts: &HashMap<SampleId, String>) -> std::io::Result<()> {
    if chain.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nKnown by")?;
    let name = |id: SampleId| texts.get(&id).cloned().unwrap_or_else(|| id.to_string());
    for link in chain {
        let sign = if link.related { "is the same as" } else { "is not the same as" };
        let question = link.question.map(|number| format!(", question {number}")).unwrap_or_default();
        writeln!(out, "  {} {sign} {}  ({}{question})", name(link.src), name(link.dst), link.said_by)?;
    }
    Ok(())
}

fn write(
    out: &mut impl Write,
    ids: &Arguments,
    pair: &RecordBatch,
    values: &[Option<RecordBatch>],
) -> std::io::Result<()> {
    let probability = pair["probability"].as_primitive::<Float64Type>().value(0);
    let known = pair["known"].as_boolean();
    let known = match known.is_valid(0).then(|| known.value(0)) {
        Some(true) => "known to be the same",
        Some(false) => "known not to be the same",
        None => "not known by any answer",
    };
    writeln!(out, "{} and {}: probability {probability:.4}, {known}, found by {}", ids.a, ids.b, text(&pair["rules"]))?;
    writeln!(out, "\n{:<20} {:>8}  values", "column", "weight")?;
    for (field, array) in pair.schema().fields().iter().zip(pair.columns()) {
        let Some(column) = field.name().strip_prefix(WEIGHT) else { continue };
        let weights = array.as_primitive::<Float32Type>();
        let weight = if weights.is_valid(0) { format!("{:+.2}", weights.value(0)) } else { String::new() };
        let both: Vec<String> =
            values.iter().flatten().filter_map(|row| row.column_by_name(column)).map(text).collect();
        writeln!(out, "{column:<20} {weight:>8}  {}", both.join("  |  "))?;
    }
    writeln!(out, "\nWeights are log-odds before any answer; answers count by the probability.")
}

fn text(value: &ArrayRef) -> String {
    array_value_to_string(value, 0).unwrap_or_default()
}
