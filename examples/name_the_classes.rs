//! Names for classes: pictures without a label, 100 questions whether two are alike, and ten names. Every picture then has a
//! class and a probability. Answers and names come from the labels of the dataset; with `-- --ask` you give them yourself,
//! at a web page.

use relata::prelude::*;

fn main() -> relata::Result<()> {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/digits.parquet");
    let digits = Pipeline::read(parquet(data).features("image")).train_on("split = 'train'");
    let related = digits.views(2, affine().with_rotation(5.0).then(noise(0.15))).relate(same_sample());
    // Which pairs are worth a question: there are ten classes, and each is to become one group.
    let strategy = || explore_consolidate().classes(10).budget(100.0);
    let related = match std::env::args().any(|argument| argument == "--ask") {
        true => related.ask(person("127.0.0.1:7878").question_text("Are these the same digit?"), strategy()),
        false => related.ask(labels("label"), strategy()),
    };
    let run = related
        .train(mlp([512, 128]).project([64]), nt_xent(0.07), Fit::epochs(30).seed(7))
        // "What are these?", beside ten members of each of the ten largest groups.
        .decide(classes().ask_names(10))
        .evaluate(decision("label"))
        .write("runs/name_the_classes")
        .progress(bars())
        .run()?;

    println!("classes, and how sure");
    run.show(
        "SELECT class, count(*) AS pictures, round(avg(probability), 3) AS probability
         FROM classes GROUP BY class ORDER BY class",
    )?;
    println!("the most doubtful pictures");
    run.show("SELECT id, class, round(probability, 3) AS probability FROM classes ORDER BY probability, id LIMIT 5")?;
    println!("how right it is");
    run.show("SELECT name, round(value, 3) AS value FROM scores WHERE name LIKE 'decision.%' ORDER BY name")?;
    println!("classes  {}", run.path(relata::store::Artifact::Classes).display());
    Ok(())
}
