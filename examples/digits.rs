//! The main job, end to end: 1,797 handwritten digits, no label in training, embeddings to Parquet, an answer in SQL.
//! With `--labels`, the same training on the full label graph.

use relata::prelude::*;

fn main() -> relata::Result<()> {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/digits.parquet");
    let supervised = std::env::args().any(|argument| argument == "--labels");
    let samples = Pipeline::read(parquet(data).features("image"))
        .views(2, affine().with_rotation(5.0).with_scale(0.9, 1.1).with_translation(0.05).then(noise(0.15)));
    let (related, folder) = match supervised {
        false => (samples.relate(same_sample()), "runs/digits"),
        true => (samples.relate(same_label("label")), "runs/digits-labels"),
    };
    let pipeline = related
        .train(
            mlp([512, 512, 128]).project([128, 64]),
            nt_xent(0.07),
            Fit::epochs(150).optimiser(adamw(3e-3)).seed(7).device(DeviceChoice::Cpu),
        )
        .evaluate(linear_probe("label"))
        .evaluate(knn("label"))
        .evaluate(clustering("label").normalised())
        .evaluate(geometry("label"))
        .write(folder)
        .progress(bars())
        .cancel_with(Cancel::on_ctrl_c());
    println!("{}", pipeline.explain()?);
    let run = pipeline.run()?;

    println!("scores on the test split, before (raw pixels) and after");
    run.show(
        "SELECT name, round(raw, 4) AS before, round(value, 4) AS after
         FROM scores WHERE raw IS NOT NULL ORDER BY name",
    )?;

    println!("the nearest neighbours of the first test digit, in SQL");
    run.show(
        "SELECT rank, n.id, label, split, round(score, 3) AS cosine
         FROM nearest(embeddings, 4, 5) n JOIN samples s ON s.id = n.id ORDER BY rank",
    )?;

    println!("run         {}", run.folder().display());
    println!("embeddings  {}", run.embeddings().display());
    println!("plots       {}", run.path("plots").display());
    Ok(())
}
