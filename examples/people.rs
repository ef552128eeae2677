//! A table of persons, from CSV to embeddings: names, addresses and dates as they are, no label, no answer. The nearest
//! rows of a row are then those of the same person, mistyped.

use relata::prelude::*;

fn main() -> relata::Result<()> {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/people.csv");
    // Who it is, from an id such as rec-122-dup-0, is for measuring only: what an evaluation reads is no feature.
    let people = sql("SELECT *, split_part(rec_id, '-', 2) AS person FROM people").table("people", csv(data));
    let pipeline = Pipeline::read(Dataset::from(people).id("rec_id"))
        // Two entries of one person: fields are swapped or empty, words are cut short, letters are mistyped.
        .views(2, corruptions())
        .relate(same_sample())
        .train(fields([256, 128]), nt_xent(0.1), Fit::epochs(50).optimiser(adamw(3e-3)).seed(7))
        .evaluate(retrieval("person"))
        .write("runs/people")
        .progress(bars());
    println!("{}", pipeline.explain()?);
    let run = pipeline.run()?;

    println!("the three nearest entries of one that was mistyped");
    run.show(
        "SELECT rank, source_id, given_name, surname, address_1, suburb, round(score, 3) AS cosine
         FROM nearest(embeddings, 'rec-122-dup-0', 3) n JOIN samples s ON s.id = n.id ORDER BY rank",
    )?;

    println!("how often the same person is among the nearest 1, 5 and 10, before training and after");
    run.show("SELECT name, raw, value FROM scores WHERE name LIKE 'retrieval.%' ORDER BY name")?;
    println!("embeddings  {}", run.embeddings().display());
    Ok(())
}
