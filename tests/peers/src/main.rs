//! Relata's side of a comparison with a peer: `relata-peers COMPARISON FOLDER`.
//!
//! It prepares the comparison from the files in the folder, prints a line when it is ready, and then does the work once
//! for every line on its input. Each time it prints a line of JSON with the seconds and the units of work that they
//! bought, and a number by which the two sides' results can be compared.

mod components;
mod data;
mod embedding;
mod hashing;
mod means;
mod nearest;
mod probe;
mod training;
mod views;

use std::error::Error;
use std::io::BufRead;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use serde_json::json;

/// What one repetition did.
struct Done {
    /// How much work it was: steps, images, rows.
    units: f64,
    /// A number that follows from the result.
    check: f64,
}

type Result<T> = std::result::Result<T, Box<dyn Error>>;
/// A comparison that is prepared: it does the work once for each call.
type Work = Box<dyn FnMut() -> Result<Done>>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("relata-peers: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, comparison, folder] = &arguments[..] else { return Err("usage: relata-peers COMPARISON FOLDER".into()) };
    let mut work = prepare(comparison, Path::new(folder))?;
    println!("{}", json!({ "ready": comparison, "threads": rayon::current_num_threads() }));
    for line in std::io::stdin().lock().lines() {
        line?;
        let start = Instant::now();
        let done = work()?;
        let seconds = start.elapsed().as_secs_f64();
        println!("{}", json!({ "seconds": seconds, "units": done.units, "check": done.check }));
    }
    Ok(())
}

fn prepare(comparison: &str, folder: &Path) -> Result<Work> {
    match comparison {
        "mlp" | "mlp_tuned" => training::mlp_steps(folder),
        "cnn" | "cnn_tuned" => training::cnn_run(folder),
        "resnet" | "resnet_tuned" => training::resnet_steps(folder),
        "embed" | "embed_tuned" => embedding::images_to_parquet(folder),
        "views" => views::batches(folder),
        "views_each" => views::one_by_one(folder),
        "nearest" => nearest::neighbours(folder),
        "probe" => probe::linear(folder),
        "knn" => probe::by_neighbours(folder),
        "components" => components::from_edges(folder),
        "components_csr" => components::from_csr(folder),
        "means" => means::by_label(folder),
        "hashing" => hashing::table_to_bags(folder),
        _ => Err(format!("there is no comparison {comparison}").into()),
    }
}
