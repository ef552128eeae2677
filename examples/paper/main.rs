//! The five experiments of Cabannes, Bottou, LeCun and Balestriero (2023, "Active self-supervised learning: a few
//! low-cost relationships are all you need") on four circles, by the closed form: what a few relations are worth.
//!
//! `cargo run --release --example paper -- --trials 100 --out runs/paper` draws a figure of each, writes all trials to
//! `curves.parquet`, and compares the means with an independent program's. It fails if those of 20 trials or more differ.

mod check;
mod circles;
mod experiment;
mod interpolation;
mod label_noise;
mod least_asked;
mod missing_entries;
mod questions;
mod rule;
mod setting;
mod table;

use std::path::PathBuf;

use clap::Parser;
use experiment::Experiment;
use relata::Result;
use relata::plot::Figure;

/// Trials from which on the means are precise enough to be compared.
const ENOUGH: u32 = 20;
/// Of 20 trials one mean in fifty is farther from the reference than it may be; of 100 none.
const TRIALS: u32 = 100;

/// Reproduces the five experiments of the paper.
#[derive(Debug, Parser)]
struct Options {
    /// How often each experiment is repeated.
    #[arg(long, default_value_t = TRIALS)]
    trials: u32,
    /// Where the figures and `curves.parquet` go.
    #[arg(long, value_name = "FOLDER", default_value = "runs/paper")]
    out: PathBuf,
    /// Three trials, to see that it works.
    #[arg(long)]
    quick: bool,
    /// The seed of all trials.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

fn main() -> Result<()> {
    // The trials keep all cores busy; sums that do not depend on their number keep the results the same everywhere.
    faer::set_global_parallelism(faer::Par::Seq);
    let options = Options::parse();
    let trials = if options.quick { 3 } else { options.trials.max(1) };
    let experiments: [&Experiment; 5] = [
        &questions::ACTIVE,
        &questions::NEGATIVES,
        &missing_entries::EXPERIMENT,
        &label_noise::EXPERIMENT,
        &interpolation::EXPERIMENT,
    ];
    let mut table = table::Table::create(&options.out.join("curves.parquet"))?;
    let mut agree = true;
    for experiment in experiments {
        let measured = experiment.measure(trials, options.seed)?;
        table.write(experiment, &measured)?;
        let curves = experiment.curves(&measured);
        experiment.figure(&curves).save(options.out.join(experiment.name))?;
        agree &= check::print(experiment, &curves);
    }
    table.finish()?;
    println!("figures and curves.parquet are in {}", options.out.display());
    if trials < ENOUGH {
        println!("{trials} trials are too few to compare their means: nothing above is a failure");
    }
    assert!(agree || trials < ENOUGH, "some means differ from those of the reference: see FAIL above");
    Ok(())
}
