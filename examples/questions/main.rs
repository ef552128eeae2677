//! How much each strategy learns from yes/no answers about pairs of digits: nothing is known at the start, not even how
//! many classes there are. Writes the curves to Parquet and a plot, and fails if the best strategy learns too little.

mod answers;
mod curves;
mod digits;
mod score;

use std::path::Path;

use curves::{Curves, Point};
use digits::Digits;
use relata::data::DataError;
use relata::prelude::*;

const SEEDS: u64 = 5;
/// Where accuracy is measured, in pairs asked.
const MARKS: [usize; 6] = [25, 50, 100, 165, 250, 330];
/// What the best strategy has to reach: (pairs, mean test accuracy).
const LEAST: [(usize, f64); 3] = [(100, 0.94), (165, 0.955), (330, 0.967)];

#[tokio::main]
async fn main() -> relata::Result<()> {
    let digits = Digits::read().await?;
    let strategies: [(&'static str, Box<dyn Strategy>); 7] = [
        ("explore_consolidate", Box::new(explore_consolidate())),
        ("representatives", Box::new(representatives(5))),
        ("most_implied", Box::new(most_implied())),
        ("uncertain_pairs", Box::new(uncertain_pairs())),
        ("diverse", Box::new(diverse())),
        ("boundary", Box::new(boundary())),
        ("random_pairs", Box::new(random_pairs())),
    ];
    let mut curves = Curves::default();
    println!("mean test accuracy (NMI) of {SEEDS} seeds after so many pairs");
    println!("{:<20}{}", "", MARKS.map(|mark| format!("{mark:>16}")).concat());
    for (name, strategy) in strategies {
        for seed in 0..SEEDS {
            curves.add(answers::ask(&digits, name, &*strategy, seed));
        }
        let mean = |mark: usize, value: fn(&Point) -> f64| curves.mean(name, mark, value);
        let cell = |mark| format!("{:>8.4} ({:.3})", mean(mark, |p| p.accuracy), mean(mark, |p| p.nmi));
        println!("{name:<20}{}", MARKS.map(cell).concat());
    }
    let folder = Path::new("runs/questions");
    std::fs::create_dir_all(folder).map_err(DataError::io(folder))?;
    curves.write(&folder.join("curves.parquet"))?;
    curves.draw(&folder.join("accuracy"))?;
    println!("curves in {0}/curves.parquet, plot in {0}/accuracy.png", folder.display());
    for (pairs, least) in LEAST {
        let found = curves.mean("explore_consolidate", pairs, |point| point.accuracy);
        assert!(found >= least, "{found:.4} after {pairs} pairs, at least {least} expected");
    }
    Ok(())
}
