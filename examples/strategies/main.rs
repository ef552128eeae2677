//! What each query strategy gains: a model without a single label, then rounds of yes/no answers about pairs that a
//! strategy chooses. Curves of test accuracy and clustering over the number of pairs, as Parquet and as plots.
//!
//! `cargo run --release --example strategies -- --data digits|fashion-mnist --model deep|closed-form`

mod conclusions;
mod curves;
mod data;
mod point;
mod recipe;

use std::path::PathBuf;

use clap::Parser;
use curves::Curves;
use data::Data;
use point::Point;
use recipe::{Model, Recipe};
use relata::data::DataError;
use relata::prelude::*;

/// The name of training on without any answer.
const NO_ANSWERS: &str = "no_answers";

/// Compares query strategies.
#[derive(Debug, Parser)]
struct Options {
    /// The samples.
    #[arg(long, value_enum, default_value = "digits")]
    data: Data,
    /// A network trained by gradient descent, or the exact optimum of the spectral loss on 600 training rows (digits).
    #[arg(long, value_enum, default_value = "deep")]
    model: Model,
    /// Strategies to compare; all if none is named. `no_answers` is the same training without any answer.
    #[arg(long, value_delimiter = ',')]
    strategies: Vec<String>,
    /// Repetitions, each with weights, views and questions of its own.
    #[arg(long, default_value_t = 5)]
    seeds: u64,
    /// Pairs asked about in all.
    #[arg(long, default_value_t = 300)]
    pairs: usize,
    /// Pairs asked about before the model learns from them.
    #[arg(long, default_value_t = 50)]
    per_round: usize,
    /// Training rows of Fashion-MNIST.
    #[arg(long, default_value_t = 6000)]
    rows: usize,
    /// Epochs of training after each round.
    #[arg(long, default_value_t = 3)]
    epochs: u64,
    /// Epochs of training before the first question.
    #[arg(long, default_value_t = 50)]
    before: u64,
    /// Two strategies, one seed and a short training, to see that it works.
    #[arg(long)]
    quick: bool,
    /// Where curves, plots and runs go.
    #[arg(long, value_name = "FOLDER", default_value = "runs/strategies")]
    out: PathBuf,
}

/// Makes a fresh strategy, with its own settings, for so many pairs.
type Make = fn(usize) -> AskConfig;

const STRATEGIES: [(&str, Make); 8] = [
    ("explore_consolidate", |pairs| explore_consolidate().budget(pairs as f64)),
    ("random_pairs", |pairs| random_pairs().budget(pairs as f64)),
    (NO_ANSWERS, |pairs| random_pairs().budget(pairs as f64)),
    ("representatives", |pairs| representatives(5).budget(pairs as f64)),
    ("most_implied", |pairs| most_implied().budget(pairs as f64)),
    ("uncertain_pairs", |pairs| uncertain_pairs().budget(pairs as f64)),
    ("diverse", |pairs| diverse().budget(pairs as f64)),
    ("boundary", |pairs| boundary().budget(pairs as f64)),
];

#[tokio::main]
async fn main() -> relata::Result<()> {
    let mut options = Options::parse();
    if options.quick {
        options.strategies = vec!["explore_consolidate".to_owned(), "random_pairs".to_owned()];
        (options.seeds, options.pairs, options.before, options.rows) = (1, 100, 5, 1000);
    }
    if (options.data, options.model) == (Data::FashionMnist, Model::ClosedForm) {
        let expected = "`deep` for fashion-mnist: the exact optimum is for small data";
        return Err(DataError::setting("strategies", "model", expected, "closed-form").into());
    }
    let recipe = Recipe {
        data: options.data,
        model: options.model,
        rows: options.rows,
        before: options.before,
        epochs: options.epochs,
        folder: options.out.join(format!("{}-{}", options.data.name(), options.model.name())),
        cancel: Cancel::on_ctrl_c(),
    };
    let mut curves = Curves::default();
    let wanted = |name: &&str| options.strategies.is_empty() || options.strategies.iter().any(|s| s == name);
    for (name, make) in STRATEGIES.iter().filter(|(name, _)| wanted(name)) {
        for seed in 0..options.seeds {
            let asking = make(options.pairs).per_round(options.per_round);
            let run = recipe.run(name, asking, seed).await?;
            curves.add(Point::of(&run, name, seed as u32).await?);
        }
        curves.show(name);
    }
    curves.write(&recipe.folder)?;
    println!("curves and plots in {}", recipe.folder.display());
    for line in curves.conclusions() {
        println!("{line}");
    }
    Ok(())
}
