//! The measured means beside those of the reference.

use relata::plot::Spread;

use super::experiment::{Experiment, Point};
use super::missing;

/// How far a mean of `FULL` trials may be from the reference; one of fewer trials also varies by chance.
const TOLERANCE: f64 = 0.03;
const FULL: u32 = 100;
/// Four standard deviations of an error between trials, where it varies most.
const FOUR_DEVIATIONS: f64 = 0.3;
/// Reference means that are closer than this are not in any order: twice the rounding of the reference.
const DISTINCT: f64 = 0.015;
/// How far the mean number of components may be from the reference, as a share of it.
const COMPONENTS: f64 = 0.15;

/// Prints a table of an experiment's means beside the reference, and whether they agree; says whether all do.
pub fn print(experiment: &Experiment, curves: &[Vec<Spread>], measured: &[Vec<Point>]) -> bool {
    let trials = measured.len() as u32;
    let full = trials >= FULL.min(experiment.most);
    let tolerance = if full { TOLERANCE } else { TOLERANCE + FOUR_DEVIATIONS / f64::from(trials).sqrt() };
    println!("\n{} ({}; {trials} trials, within {tolerance:.3})", experiment.title, experiment.x_label);
    println!("  {:<22} {:>8} {:>9} {:>9}", "series", "x", "reference", "measured");
    let mean = |series: usize, x: f64| curves[series].iter().find(|spread| spread.x == x).map(|spread| spread.mean);
    let mut agree = true;
    let mut means = Vec::new();
    for (number, series) in experiment.series.iter().enumerate() {
        for &(x, reference) in series.reference {
            let measured = mean(number, x).unwrap_or(f64::NAN);
            let verdict = verdict((measured - reference).abs() <= tolerance, &mut agree);
            means.push((number, x, reference, measured));
            println!("  {:<22} {x:>8} {reference:>9.3} {measured:>9.3}  {verdict}", series.name);
        }
    }
    // At x = 0 no relation was asked for yet, and all curves start from the same graph. Few trials are in any order.
    for (at, &(a, x, below, low)) in means.iter().enumerate().filter(|_| full) {
        for &(b, other, above, high) in means[..at].iter().chain(&means[at + 1..]) {
            if other == x && x > 0.0 && above - below >= DISTINCT {
                let name = |series: usize| experiment.series[series].name;
                println!("  at {x}: {} below {}  {}", name(a), name(b), verdict(low < high, &mut agree));
            }
        }
    }
    for (share, reference) in missing::COMPONENTS.into_iter().filter(|_| full && experiment.name == "missing") {
        let counts: Vec<f64> = measured
            .iter()
            .flatten()
            .filter(|point| point.x == share)
            .filter_map(|point| point.components.map(|count| count as f64))
            .collect();
        let mean = counts.iter().sum::<f64>() / counts.len() as f64;
        let verdict = verdict((mean / reference - 1.0).abs() <= COMPONENTS, &mut agree);
        println!("  {:<22} {share:>8} {reference:>9.1} {mean:>9.1}  {verdict}", "components");
    }
    agree
}

fn verdict(holds: bool, agree: &mut bool) -> &'static str {
    *agree &= holds;
    if holds { "PASS" } else { "FAIL" }
}
