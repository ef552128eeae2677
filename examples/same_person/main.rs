//! The same person: a table of persons in which some are there twice, mistyped. Without any answer the run decides which
//! entries are one person; with `--ask` you are asked about the doubtful ones at a web page, and with `--rows 100000` the
//! table is a generated one of that size.

mod persons;

use std::path::PathBuf;

use clap::Parser;
use relata::data::DataError;
use relata::prelude::*;

/// Samples that a model of a generated table is trained on, about, whatever the rows.
const TRAINED_ON: usize = 2_000_000;

/// Decides which entries are one person.
#[derive(Debug, Parser)]
struct Options {
    /// Asks about the doubtful entries at a web page.
    #[arg(long)]
    ask: bool,
    /// A generated table of so many rows instead of the 1,000 of the file.
    #[arg(long)]
    rows: Option<usize>,
}

fn main() -> relata::Result<()> {
    let options = Options::parse();
    let (dataset, name, epochs) = match options.rows {
        Some(rows) => {
            let path = PathBuf::from(format!("runs/persons_{rows}.csv"));
            persons::write(&path, rows, 7).map_err(DataError::io(&path))?;
            (csv(path).id("id"), format!("runs/same_person_{rows}"), (TRAINED_ON / rows.max(1)).clamp(1, 50))
        }
        None => {
            let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/people.csv");
            // Who it is, from an id such as rec-122-dup-0, is for measuring only.
            let people = sql("SELECT *, split_part(rec_id, '-', 2) AS person FROM people").table("people", csv(data));
            (Dataset::from(people).id("rec_id"), "runs/same_person".to_owned(), 50)
        }
    };
    let related = Pipeline::read(dataset).views(2, corruptions()).relate(same_sample());
    let related = match options.ask {
        true => related.ask(person("127.0.0.1:7878"), uncertain_pairs().budget(30.0).per_round(10)),
        false => related,
    };
    // Pairs that are worth a look are, as nothing else is said, the nearest ten and those of most shared words of each row.
    let run = related
        .train(fields([256, 128]), nt_xent(0.1), Fit::epochs(epochs as u64).optimiser(adamw(3e-3)).seed(7))
        .decide(entities())
        .evaluate(decision("person"))
        .write(name)
        .progress(bars())
        .run()?;

    println!("entities of which it is least certain");
    run.show(
        "SELECT e.entity, round(e.confidence, 3) AS confidence, s.*
         FROM entities e JOIN samples s ON s.id = e.id
         WHERE e.entity IN (SELECT entity FROM entities WHERE size > 1 GROUP BY entity ORDER BY min(confidence), entity LIMIT 3)
         ORDER BY e.entity, e.id",
    )?;
    println!("how right it is");
    run.show("SELECT name, value FROM scores WHERE name LIKE 'decision.%' ORDER BY name")?;
    println!("entities  {}", run.path(relata::store::Artifact::Entities).display());
    Ok(())
}
