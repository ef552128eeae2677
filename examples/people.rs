//! A table of persons, from CSV to embeddings: names, addresses and dates as they are, no label, no answer. The nearest
//! rows of a row are then those of the same person, mistyped.

use relata::prelude::*;

fn main() -> relata::Result<()> {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/people.csv");
    let pipeline = Pipeline::read(csv(data).id("rec_id"))
        // Two entries of one person: fields are swapped or empty, words are cut short, letters are mistyped.
        .views(2, corruptions())
        .relate(same_sample())
        .train(fields([256, 128]), nt_xent(0.1), Fit::epochs(50).optimiser(adamw(3e-3)).seed(7))
        .write("runs/people")
        .progress(bars());
    println!("{}", pipeline.explain()?);
    let run = pipeline.run()?;

    println!("the three nearest entries of one that was mistyped");
    run.show(
        "SELECT rank, source_id, given_name, surname, address_1, suburb, round(score, 3) AS cosine
         FROM nearest(embeddings, 'rec-122-dup-0', 3) n JOIN samples s ON s.id = n.id ORDER BY rank",
    )?;

    println!(
        "of the entries whose original is known, how many have it as their nearest (and among their five nearest)"
    );
    run.show(
        "SELECT count(*) FILTER (WHERE rank = 1) / 500.0 AS nearest, count(*) / 500.0 AS among_five
         FROM nearest(embeddings, embeddings, 5) n JOIN samples q ON q.id = n.query JOIN samples s ON s.id = n.id
         WHERE q.source_id LIKE '%-dup-0' AND s.source_id = replace(q.source_id, '-dup-0', '-org')",
    )?;
    println!("embeddings  {}", run.embeddings().display());
    Ok(())
}
