//! Exported models: new samples are embedded alike by Relata, by the Python reader that is exported, and by ONNX.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use relata::arrow::array::UInt64Array;
use relata::burn::tensor::Device;
use relata::prelude::*;
use relata::schemas::FeatureShape;
use relata::train::TrainError;
use relata::train::encoder::{Layer, LinearEncoder};
use serde_json::{Value, json};

use crate::data;
use crate::python::{run, script};

/// The largest distance that is allowed, relative to the largest number of a sample's embedding.
const CLOSE: f64 = 1e-4;

/// Exports a run's model, embeds new samples by all three, and compares.
async fn compare(name: &str, run_folder: &Run, new: impl Into<Dataset>, file: &Path) {
    let folder = run_folder.folder().join("exported");
    let exported = run_folder.export_model(&folder).unwrap();
    assert_eq!((exported.files.len(), exported.notes.len()), (4, 0), "{exported:?}");
    let embeddings = run_folder.folder().join("new-embeddings.parquet");
    run_folder.embed(new, &embeddings).await.unwrap();
    let mut command = script("embed_from_export.py");
    let answer = run(command.args([&folder, file, &embeddings]), "embedding by an exported model");
    assert_eq!(answer.lines().count(), 3, "{answer}");
    for (line, reader) in answer.lines().zip(["relata_model.py", "relata_model.py, 7 at once", "model.onnx"]) {
        let distance: f64 = line.parse().unwrap();
        println!("{name} by {reader}: {distance:e}");
        assert!(distance <= CLOSE, "{name} by {reader}: {distance}");
    }
}

/// Images of 9 x 8 bytes, other ones for another seed.
fn images(folder: &Path, name: &str, many: usize, seed: usize) -> PathBuf {
    let mut bytes = vec![0, 0, 8, 3, 0, 0, 0, many as u8, 0, 0, 0, 9, 0, 0, 0, 8];
    bytes.extend((0..many * 72).map(|at| ((at + seed) * (37 + seed % 11) % 251) as u8));
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

#[tokio::test]
async fn encoders_of_images_embed_alike_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let (train, new) = (images(at, "train-images-idx3-ubyte", 120, 0), images(at, "t10k-images-idx3-ubyte", 20, 1234));
    let images = || Pipeline::read(idx(&train)).views(2, noise(0.1)).relate(same_sample());
    let fit = || data::short_fit().batch(40);
    let trained = images().train(mlp([16, 8]).project([12, 6]), vicreg(), fit()).embed_projected();
    compare("mlp", &trained.write(at.join("mlp")).run_async().await.unwrap(), idx(&new), &new).await;
    let trained = images().train(linear(5), vicreg(), fit());
    compare("linear", &trained.write(at.join("linear")).run_async().await.unwrap(), idx(&new), &new).await;
    let spec = convnet().with_channels([4, 6]).with_strides([1, 2]);
    let trained = images().train(spec.project([8]), vicreg(), fit());
    compare("convnet", &trained.write(at.join("convnet")).run_async().await.unwrap(), idx(&new), &new).await;
    let trained = images().train(resnet18().with_width(2), vicreg(), fit());
    compare("resnet18", &trained.write(at.join("resnet18")).run_async().await.unwrap(), idx(&new), &new).await;
}

#[tokio::test]
async fn closed_forms_embed_alike_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let write = |name: &str, rows: usize, seed: f32| {
        let values = (0..rows * 3).map(|at| (at as f32 * 0.37 + seed).sin()).collect();
        let path = at.join(name);
        let labels = Arc::new(UInt64Array::from_iter_values((0..rows as u64).map(|row| row % 3)));
        data::write_parquet(&path, vec![("id", data::ids(rows)), ("x", data::vectors(values, 3)), ("label", labels)]);
        path
    };
    let (train, new) = (write("train.parquet", 60, 0.0), write("new.parquet", 10, 0.5));
    let kernels = [
        ("linear kernel", Kernel::Linear),
        ("rbf kernel", Kernel::Rbf { width: 1.0 }),
        ("laplace kernel", Kernel::Laplace { width: 2.0 }),
    ];
    for (name, kernel) in kernels {
        let read = Pipeline::read(parquet(&train).features("x"));
        let solved = read
            .relate(same_label("label"))
            .solve(closed_form(kernel, 3))
            .write(at.join(name))
            .run_async()
            .await
            .unwrap();
        compare(name, &solved, parquet(&new).features("x"), &new).await;
    }
}

/// Rows of a table of every kind of column but pictures, as JSON lines. Those of another seed have values that the others
/// do not have, of scripts, numbers and dates that are easily read in another way.
fn people(folder: &Path, name: &str, seed: usize) -> PathBuf {
    let odd = [
        "José M. MÜLLER-Ångström",
        "İstanbul ΣΟΦΟΣ ﬁne",
        "東京都 서울 김철수",
        "हिन्दी कि कु",
        "Ⓐ ⅻ ½ x² ＡＢＣ１",
        "🅐🅱 ᾳ ǅ ß ẞ",
        "",
        " -- ",
        "10:30/A_7",
        "Ёлка ὈΔΥΣΣΕΎΣ",
    ];
    let mut lines = String::new();
    for row in 0..60 {
        let note = if row % 7 == 0 {
            Value::Null
        } else {
            json!(format!("{} no {}", odd[(row * 3 + seed) % 10], row * 31 + seed))
        };
        let income = if row % 5 == 0 { Value::Null } else { json!((row as f64 - 20.0) * 1234.5 + seed as f64 * 1e4) };
        let born = if row % 11 == 0 {
            Value::Null
        } else {
            json!(format!(
                "{}-{:02}-{:02}T{:02}:15:30.25{}",
                1940 + row + seed,
                row % 12 + 1,
                row % 28 + 1,
                row % 24,
                if row % 2 == 0 { "Z" } else { "+02:00" }
            ))
        };
        let city = format!("{} of the many towns {}", odd[row % 10], row % 8 + seed);
        let city = if row % 9 == 0 { Value::Null } else { json!(city) };
        let vector = [0, 1, 2].map(|at| ((row * 3 + at + seed) as f64).sin());
        let year = 1900 + row as i64 * 7 - seed as i64 * 50;
        let line = json!({
            "key": format!("p{row:02}"), "name": odd[(row + seed) % 10], "note": note, "income": income, "born": born,
            "city": city, "vector": vector, "year": year, "member": row % 3 == 0, "label": row % 4,
        });
        writeln!(lines, "{line}").unwrap();
    }
    data::text_file(folder, name, &lines)
}

#[tokio::test]
async fn rows_of_a_table_are_read_alike_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let (train, new) = (people(at, "train.jsonl", 0), people(at, "new.jsonl", 3));
    let related = |texts: bool| {
        let numbers = [
            number("income").robust(),
            date("born"),
            category("city").at_most(5),
            category("member"),
            vector("vector"),
            number("year").with_digits(),
        ];
        let all: Vec<_> = [text("name"), text("note")].into_iter().filter(|_| texts).chain(numbers).collect();
        let read = Pipeline::read(json_lines(&train).id("key")).features(all);
        read.views(2, resample(0.1)).relate(same_sample())
    };
    let read = || json_lines(&new).id("key");
    let trained = related(true).train(fields([16, 8]).with_dimension(8), vicreg(), data::short_fit().batch(40));
    compare("fields", &trained.write(at.join("fields")).run_async().await.unwrap(), read(), &new).await;
    let trained = related(true).train(mlp([16, 8]), vicreg(), data::short_fit().batch(40));
    compare("mlp of fields", &trained.write(at.join("mlp")).run_async().await.unwrap(), read(), &new).await;
    let solved = related(false).relate(same_label("label")).solve(closed_form(Kernel::Laplace { width: 5.0 }, 2));
    compare("closed form of fields", &solved.write(at.join("solved")).run_async().await.unwrap(), read(), &new).await;
}

#[tokio::test]
async fn pictures_in_a_table_are_read_alike_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let pixels = |row: usize| (0..48).map(move |at| (at * (row % 13 + 3) * 5 % 256) as u8).collect::<Vec<u8>>();
    // For Relata the paths of pictures, for Python their pixels.
    let write = |name: &str, rows: std::ops::Range<usize>, paths: bool| {
        let line = |row: usize| {
            image::GrayImage::from_vec(8, 6, pixels(row)).unwrap().save(at.join(format!("{row}.png"))).unwrap();
            let photo = match (row % 9, paths) {
                (0, _) => Value::Null,
                (_, true) => json!(format!("{row}.png")),
                (_, false) => json!(pixels(row).into_iter().map(|pixel| f64::from(pixel) / 255.0).collect::<Vec<_>>()),
            };
            let line = json!({ "age": row % 31, "photo": photo, "name": format!("no {}", row * 7), "size": row % 5 });
            format!("{line}\n")
        };
        data::text_file(at, name, &rows.map(line).collect::<String>())
    };
    let (train, new) = (write("train.jsonl", 0..60, true), write("new.jsonl", 60..90, true));
    let columns = [number("age"), image("photo").grey().resize(6, 8), text("name"), number("size")];
    let related = Pipeline::read(json_lines(&train)).features(columns).views(2, resample(0.1)).relate(same_sample());
    let trained = related.train(fields([8]).with_dimension(4), vicreg(), data::short_fit().batch(40));
    let run = trained.write(at.join("run")).run_async().await.unwrap();
    compare("pictures", &run, json_lines(&new), &write("pixels.jsonl", 60..90, false)).await;
}

/// An encoder of one's own, which says these layers.
struct Own(Option<&'static str>);

impl EncoderSpec for Own {
    type Encoder = LinearEncoder;

    fn describe(&self) -> Description {
        Description::new("own")
    }

    fn width(&self, input: &FeatureShape) -> Result<usize, TrainError> {
        linear(4).width(input)
    }

    fn layers(&self, _: &FeatureShape) -> Option<Vec<Layer>> {
        self.0.map(|weight| vec![Layer::Linear { weight: weight.to_owned(), bias: None }])
    }

    fn init(&self, input: &FeatureShape, device: &Device) -> LinearEncoder {
        linear(4).init(input, device)
    }
}

#[tokio::test]
async fn an_encoder_of_ones_own_is_exported_as_far_as_it_says_its_layers() {
    let folder = tempfile::tempdir().unwrap();
    let samples = data::text_file(folder.path(), "samples.csv", &data::circle(60, 3));
    let related = Pipeline::read(csv(samples).without(["label"])).views(2, jitter(0.1)).relate(same_sample());
    let trained = related.train(Own(None), vicreg(), data::short_fit()).write(folder.path().join("run"));
    let run = trained.run_async().await.unwrap();
    let exported = |name: &str| folder.path().join(name);
    let weights = run.export_model(&exported("weights")).unwrap();
    assert_eq!(weights.files.len(), 2);
    assert!(weights.notes[0].contains("`own`") && weights.notes[0].contains("model.onnx"), "{:?}", weights.notes);
    assert_eq!(run.export_model_of(Own(None), &exported("none")).unwrap().files.len(), 2);
    let whole = run.export_model_of(Own(Some("encoder.linear.weight")), &exported("whole")).unwrap();
    assert_eq!((whole.files.len(), whole.notes.len()), (4, 0));
    let error = run.export_model_of(Own(Some("encoder.weight")), &exported("wrong")).unwrap_err().to_string();
    assert!(error.contains("`encoder.weight`") && error.contains("encoder.linear.weight"), "{error}");
    assert!(!exported("wrong").exists());
}

#[tokio::test]
async fn a_model_says_what_it_is_and_nothing_of_the_machine_that_made_it() {
    let folder = tempfile::tempdir().unwrap();
    let train = people(folder.path(), "train.jsonl", 0);
    let read = Pipeline::read(json_lines(&train).id("key")).features([text("name"), category("city").at_most(2)]);
    let trained = read.views(2, resample(0.1)).relate(same_sample());
    let trained = trained.train(fields([4]).project([3]), vicreg(), data::short_fit().batch(40));
    let run = trained.write(folder.path().join("run")).run_async().await.unwrap();
    run.export_model(&folder.path().join("model")).unwrap();
    let text = std::fs::read_to_string(folder.path().join("model/model.json")).unwrap();
    assert!(!text.contains(folder.path().to_str().unwrap()));
    let model: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&model["format"], &model["head"], &model["width"]),
        (&json!("relata-model"), &json!("encoder"), &json!(4))
    );
    assert_eq!(model["encoder"], json!({ "name": "fields", "dimension": 64, "widths": [4], "projector": [3] }));
    assert_eq!((&model["input"]["dims"], &model["input"]["bags"]), (&json!([19]), &json!(1)));
    let columns: Vec<_> = model["input"]["columns"].as_array().unwrap().iter().map(|column| &column["name"]).collect();
    assert_eq!(columns, ["name", "city"]);
    assert_eq!(model["fields"]["fields"][1]["statistics"]["category"]["values"].as_array().unwrap().len(), 2);
    assert_eq!(model["layers"].as_array().unwrap()[0]["mlp"].as_array().unwrap().len(), 1);
    let bytes = std::fs::read(folder.path().join("model/model.safetensors")).unwrap();
    let (_, metadata) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let words: Value = serde_json::from_str(&metadata.metadata().as_ref().unwrap()["relata"]).unwrap();
    assert_eq!(words["encoder"], model["encoder"]);
}
