//! The measured means beside those of an independent program.

use relata::plot::Spread;

use super::experiment::Experiment;

/// How far two means may be apart, where the reference is below `COMPARED`: both are means of random trials.
const TOLERANCE: f64 = 0.04;
const COMPARED: f64 = 0.3;
/// Reference means that are closer than this are not in any order: twice the rounding of the reference.
const DISTINCT: f64 = 0.015;

/// Prints a table of an experiment's means beside the reference, and whether they agree; says whether all do.
pub fn print(experiment: &Experiment, curves: &[Vec<Spread>]) -> bool {
    println!("\n{} ({})", experiment.title, experiment.x_label);
    println!("  {:<22} {:>8} {:>9} {:>9}", "series", "x", "reference", "measured");
    let mean = |series: usize, x: f64| curves[series].iter().find(|spread| spread.x == x).map(|spread| spread.mean);
    let mut agree = true;
    let mut means = Vec::new();
    for (number, series) in experiment.series.iter().enumerate() {
        for &(x, reference) in series.reference {
            let measured = mean(number, x).unwrap_or(f64::NAN);
            let verdict = match (measured - reference).abs() <= TOLERANCE {
                _ if reference >= COMPARED => "-",
                true => "PASS",
                false => "FAIL",
            };
            agree &= verdict != "FAIL";
            means.push((number, x, reference, measured));
            println!("  {:<22} {x:>8} {reference:>9.2} {measured:>9.3}  {verdict}", series.name);
        }
    }
    // At x = 0 no relation was asked for yet, and all curves start from the same graph.
    for (at, &(a, x, below, low)) in means.iter().enumerate() {
        for &(b, other, above, high) in means[..at].iter().chain(&means[at + 1..]) {
            if other == x && x > 0.0 && above - below >= DISTINCT {
                let verdict = if low < high { "PASS" } else { "FAIL" };
                agree &= low < high;
                let name = |series: usize| experiment.series[series].name;
                println!("  at {x}: {} below {}  {verdict}", name(a), name(b));
            }
        }
    }
    agree
}
