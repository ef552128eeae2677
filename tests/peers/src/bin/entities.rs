//! Which rows of a table are the same entity, as the comparison `entities.py` runs it: decides with answers that a label
//! column gives, and prints what the decision is worth as a line of JSON.
//!
//! `entities TABLE.csv RUN LABEL LINK BUDGET SEED`; LINK is the column of sources, or `-`.

use std::error::Error;

use relata::prelude::*;
use serde_json::{Map, Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [table, run, label, link, budget, seed] = &arguments[..] else {
        return Err("usage: entities TABLE.csv RUN LABEL LINK BUDGET SEED".into());
    };
    let mut read = Pipeline::read(csv(table).id("id")).views(2, corruptions());
    let mut decision_of = entities();
    if link != "-" {
        (read, decision_of) = (read.link(link), decision_of.one_to_one());
    }
    let mut related = read.relate(same_sample());
    let budget: f64 = budget.parse()?;
    if budget > 0.0 {
        related = related.ask(labels(label), uncertain_pairs().budget(budget).per_round(10));
    }
    let fit = Fit::epochs(50).optimiser(adamw(3e-3)).seed(seed.parse()?);
    let trained = related.train(fields([256, 128]), nt_xent(0.1), fit);
    let run = trained.decide(decision_of).evaluate(decision(label)).write(run).run()?;
    let scores = run.metrics()?;
    let found = scores.into_iter().filter(|score| score.name.starts_with("decision."));
    let found: Map<String, Value> = found.map(|score| (score.name, json!(score.value))).collect();
    println!("{}", Value::Object(found));
    Ok(())
}
