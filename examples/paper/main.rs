//! The five experiments of Cabannes, Bottou, LeCun and Balestriero (2023, "Active self-supervised learning: a few
//! low-cost relationships are all you need") on four circles, by the closed form: what a few relations are worth.
//!
//! `cargo run --release --example paper` draws a figure of each, the training data, the embedding and its graph, writes
//! all trials to `curves.parquet`, and compares the means with a reference that agrees with the authors' curves. It
//! fails where they differ.

mod active;
mod check;
mod circles;
mod drawings;
mod experiment;
mod interpolation;
mod least_asked;
mod missing;
mod noise;
mod setting;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use experiment::Experiment;
use relata::Result;
use relata::plot::Figure;

/// Reproduces the five experiments of the paper.
#[derive(Debug, Parser)]
struct Options {
    /// How often each experiment is repeated (the interpolation at most 50 times).
    #[arg(long, default_value_t = 100)]
    trials: u32,
    /// Where the figures and `curves.parquet` go.
    #[arg(long, value_name = "FOLDER", default_value = "runs/paper")]
    out: PathBuf,
    /// Four trials, whose means are compared within wider bounds.
    #[arg(long)]
    quick: bool,
    /// The seed of all trials.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

fn main() -> Result<ExitCode> {
    // The trials keep all cores busy; sums that do not depend on their number keep the results the same everywhere.
    faer::set_global_parallelism(faer::Par::Seq);
    let options = Options::parse();
    let trials = if options.quick { 4 } else { options.trials.max(1) };
    let experiments: [&Experiment; 5] =
        [&active::ACTIVE, &active::NEGATIVES, &missing::EXPERIMENT, &noise::EXPERIMENT, &interpolation::EXPERIMENT];
    let mut table = table::Table::create(&options.out.join("curves.parquet"))?;
    let mut agree = true;
    for experiment in experiments {
        let measured = experiment.measure(trials, options.seed)?;
        table.write(experiment, &measured)?;
        let curves = experiment.curves(&measured);
        experiment.figure(&curves, &measured).save(options.out.join(experiment.name))?;
        agree &= check::print(experiment, &curves, &measured);
    }
    table.finish()?;
    drawings::save(&options.out, options.seed)?;
    println!("\nfigures and curves.parquet are in {}", options.out.display());
    if !agree {
        eprintln!("some means differ from those of the reference: see FAIL above");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}
