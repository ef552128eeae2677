//! Tables of text, numbers, categories and dates through the pipeline: which columns become features, what a run keeps of
//! them, and new rows by the same model.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use relata::prelude::*;

use crate::data::{self, answer};

const CITIES: [&str; 3] = ["Paris", "Zürich", "東京"];

/// 60 persons, every third without an income; whose class is hidden in `label`.
fn people(folder: &Path) -> PathBuf {
    let mut text = String::from("key,name,city,born,income,member,label,note\n");
    for row in 0..60 {
        let income = if row % 3 == 0 { "NA".to_owned() } else { format!("{}.5", 1000 * row) };
        let member = if row % 2 == 0 { "True" } else { "False" };
        let (name, city) = (format!("Person {} Nº{row}", row * 37 % 60), CITIES[row % 3]);
        writeln!(
            text,
            "p{row:02},{name},{city},{}-03-{:02},{income},{member},{},same",
            1950 + row,
            row % 28 + 1,
            row % 3
        )
        .unwrap();
    }
    data::text_file(folder, "people.csv", &text)
}

async fn run(folder: &Path, dataset: impl Into<Dataset>) -> Result<Run, PipelineError> {
    let related = Pipeline::read(dataset).views(2, corruptions()).relate(same_sample());
    let trained = related.train(fields([16, 8]).with_dimension(8), vicreg(), data::short_fit()).evaluate(knn("label"));
    trained.write(folder.join("run")).run_async().await
}

#[tokio::test]
async fn columns_become_features_by_their_type_and_the_rest_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let read = Pipeline::read(csv(people(folder.path())).id("key").without(["city"]));
    let related = read.relate(same_label("note")).train(fields([8]), vicreg(), data::short_fit());
    let plan = tokio::task::spawn_blocking({
        let folder = folder.path().join("run");
        move || related.write(folder).explain().unwrap()
    });
    let line = "features: text(name), date(born), number(income), number(member); left out: key (the id), city (not \
                wanted), label (called `label`), note (read by `same_value`)";
    let plan = plan.await.unwrap();
    assert!(plan.contains(line), "{plan}");
}

#[tokio::test]
async fn a_run_keeps_raw_values_and_what_it_learned_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = csv(people(folder.path())).id("key");
    let run = run(folder.path(), dataset).await.unwrap();
    assert_eq!(data::number(&run, "SELECT count(*) FROM features WHERE income IS NULL").await, 20.0);
    assert_eq!(answer(&run, "SELECT name, city FROM features WHERE id = 1").await, ["Person 37 Nº1\tZürich"]);
    assert_eq!(answer(&run, "SELECT source_id, note FROM embeddings WHERE id = 2").await, ["p02\tsame"]);
    let samples = run.samples().unwrap();
    let table = samples.features.table().unwrap();
    let columns: Vec<&str> = table.fitted().fields.iter().map(|fitted| fitted.field.column.as_str()).collect();
    assert_eq!(columns, ["name", "city", "born", "income", "member", "note"]);
    assert!(table.fitted().constant().is_empty(), "a text is not looked at");
}

#[tokio::test]
async fn new_rows_are_matched_by_the_names_of_their_columns() {
    let folder = tempfile::tempdir().unwrap();
    let run = run(folder.path(), csv(people(folder.path())).id("key")).await.unwrap();
    // The first two persons again: other order of columns, another column, and dates as they are written.
    let text = "extra;note;member;income;born;city;name;key\n\
                x;same;True;;1950-03-01;Paris;Person 0 Nº0;a\n\
                y;same;False;1000.5;1951-03-02;Zürich;Person 37 Nº1;b\n";
    let new = data::text_file(folder.path(), "new.csv", text);
    let output = folder.path().join("new.parquet");
    assert_eq!(run.embed(csv(new).id("key"), &output).await.unwrap(), 2);
    let found = data::embedding_bits_of(&output);
    let own = data::embedding_bits(run.folder());
    assert_eq!(found[..], own[..16], "the same persons have the same embeddings");
    let short = data::text_file(folder.path(), "short.csv", "key,name\nz,Ann\n");
    let error = run.embed(csv(short).id("key"), &output).await.unwrap_err().to_string();
    assert!(error.contains("short.csv") && error.contains("`city`"), "{error}");
}

#[tokio::test]
async fn numbers_are_standardised_by_the_training_rows_only() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::from("id,x,split\n");
    (0..20).for_each(|row| writeln!(text, "{row},{},train", row % 2).unwrap());
    text.push_str("20,1000,test\n");
    let samples = csv(data::text_file(folder.path(), "x.csv", &text));
    let related = Pipeline::read(samples).views(2, jitter(0.1)).relate(same_sample());
    let run = related.train(mlp([8, 4]), vicreg(), data::short_fit()).write(folder.path().join("run"));
    let samples = run.run_async().await.unwrap().samples().unwrap();
    let mut row = [0.0];
    samples.features.read(relata::data::index::Row(0), &mut row).unwrap();
    assert_eq!(row, [-1.0], "half of the training rows are 0 and half are 1");
    samples.features.read(relata::data::index::Row(20), &mut row).unwrap();
    assert_eq!(row, [1999.0]);
}

#[tokio::test]
async fn values_that_are_not_what_was_asked_for_are_refused_by_row() {
    let folder = tempfile::tempdir().unwrap();
    let people = people(folder.path());
    let refusal = async |field| {
        let (folder, dataset) = (tempfile::tempdir().unwrap(), csv(&people).id("key").fields([field]));
        run(folder.path(), dataset).await.err().unwrap().to_string()
    };
    for (field, parts) in [
        (number("name"), ["column `name`, row 0", "a number", "Person 0"]),
        (date("name"), ["column `name`, row 0", "ISO 8601", "Person 0"]),
        (date("income"), ["column `income`", "dates, timestamps", "Float64"]),
        (vector("income"), ["column `income`", "list", "Float64"]),
        (text("town"), ["column `town`", "only the columns", "city"]),
    ] {
        let message = refusal(field).await;
        assert!(parts.iter().all(|part| message.contains(part)), "{message}");
    }
    let related = Pipeline::read(csv(&people).id("key")).views(2, crop(0.5)).relate(same_sample());
    let trained = related.train(fields([8]), vicreg(), data::short_fit()).write(folder.path().join("crop"));
    let message = trained.run_async().await.err().unwrap().to_string();
    assert!(message.contains("crop") && message.contains("images"), "{message}");
    for dataset in
        [csv(&people).fields([text("name")]).without(["city"]), csv(&people).features("income").fields([text("name")])]
    {
        let folder = tempfile::tempdir().unwrap();
        let message = run(folder.path(), dataset).await.err().unwrap().to_string();
        assert!(message.contains("people.csv"), "{message}");
    }
    let images = Pipeline::read(parquet(data::digits()).features("image").limit(50)).views(2, typos(0.1));
    let trained = images.relate(same_sample()).train(mlp([8]), vicreg(), data::short_fit());
    let message = trained.write(folder.path().join("typos")).run_async().await.err().unwrap().to_string();
    assert!(message.contains("typos") && message.contains("rows of a table"), "{message}");
}

#[tokio::test]
async fn every_encoder_of_vectors_and_the_closed_form_take_tables() {
    let folder = tempfile::tempdir().unwrap();
    let related = || {
        let read = Pipeline::read(csv(people(folder.path())).id("key")).features([
            category("city"),
            text("name"),
            number("income").robust(),
            date("born"),
        ]);
        read.views(2, corruptions().then(resample(0.1))).relate(same_sample()).relate(same_label("label").rows(9))
    };
    let trained = related().train(mlp([16, 8]), vicreg(), data::short_fit()).evaluate(knn("label"));
    let run = trained.write(folder.path().join("mlp")).run_async().await.unwrap();
    let raw = data::number(&run, "SELECT raw FROM scores WHERE name = 'knn.test'").await;
    assert!(raw > 0.5, "a city is a class, of three: {raw}");
    let solved = related().solve(closed_form(Kernel::Linear, 2));
    let run = solved.write(folder.path().join("solved")).run_async().await.unwrap();
    assert_eq!(data::number(&run, "SELECT count(*) FROM embeddings").await, 60.0);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_embeddings_after_an_interruption_too() {
    let folder = tempfile::tempdir().unwrap();
    let once = run(&folder.path().join("a"), csv(people(folder.path())).id("key")).await.unwrap();
    let again = run(&folder.path().join("b"), csv(people(folder.path())).id("key")).await.unwrap();
    assert_eq!(data::embedding_bits(once.folder()), data::embedding_bits(again.folder()));
    // What was ingested is found; the embeddings are made again.
    std::fs::remove_file(again.embeddings()).unwrap();
    std::fs::remove_file(again.path("metrics.parquet")).unwrap();
    let resumed = run(&folder.path().join("b"), csv(people(folder.path())).id("key")).await.unwrap();
    assert_eq!(data::embedding_bits(once.folder()), data::embedding_bits(resumed.folder()));
}
