//! The same person: a table of persons in which some are there twice, mistyped. Without any answer the run decides which
//! entries are one person; with `--ask` you are asked about the doubtful ones at a web page.

use relata::prelude::*;

fn main() -> relata::Result<()> {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/people.csv");
    // Who it is, from an id such as rec-122-dup-0, is for measuring only.
    let people = sql("SELECT *, split_part(rec_id, '-', 2) AS person FROM people").table("people", csv(data));
    let related = Pipeline::read(Dataset::from(people).id("rec_id"))
        .views(2, corruptions())
        // Pairs that are worth a look: the nearest ten of each row, and equal numbers of social security.
        .candidates(nearest(10).or(same_value("soc_sec_id")))
        .relate(same_sample());
    let related = match std::env::args().any(|argument| argument == "--ask") {
        true => related.ask(person("127.0.0.1:7878"), uncertain_pairs().budget(30.0).per_round(10)),
        false => related,
    };
    let run = related
        .train(fields([256, 128]), nt_xent(0.1), Fit::epochs(50).optimiser(adamw(3e-3)).seed(7))
        .decide(entities())
        .evaluate(decision("person"))
        .write("runs/same_person")
        .progress(bars())
        .run()?;

    println!("entities of which it is least certain");
    run.show(
        "SELECT e.entity, s.source_id, round(e.confidence, 3) AS confidence, s.given_name, s.surname, s.address_1, s.suburb
         FROM entities e JOIN samples s ON s.id = e.id
         WHERE e.entity IN (SELECT entity FROM entities WHERE size > 1 GROUP BY entity ORDER BY min(confidence), entity LIMIT 3)
         ORDER BY e.entity, e.id",
    )?;
    println!("how right it is");
    run.show("SELECT name, value FROM scores WHERE name LIKE 'decision.%' ORDER BY name")?;
    println!("entities  {}", run.path(relata::store::Artifact::Entities).display());
    Ok(())
}
