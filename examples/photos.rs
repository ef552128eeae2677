//! A folder of pictures, as they are, to embeddings: decoded when a batch needs them, what cannot be read listed, the label
//! of a picture only for measuring. Name a folder of your own, `-- path/to/photos`, with one subfolder per class; without
//! one, the handwritten digits are written as PNG files first.

use std::path::PathBuf;

use relata::arrow::array::AsArray;
use relata::arrow::datatypes::{Float32Type, Int32Type};
use relata::data::ParquetFile;
use relata::data::picture::{pixels, png};
use relata::data::sink::write_atomically;
use relata::prelude::*;

fn main() -> relata::Result<()> {
    let (folder, side) = match std::env::args().nth(1) {
        Some(folder) => (PathBuf::from(folder), 64),
        None => (digits_as_files()?, 16),
    };
    let pipeline = Pipeline::read(image_folder(&folder).resize_and_crop(side, side))
        .views(2, crop(0.7).then(rotate(10.0)).then(contrast(0.3)).then(brightness(0.3)))
        .relate(same_sample())
        .train(
            convnet().with_channels([32, 64, 128]).with_strides([1, 2, 2]).project([128, 64]),
            nt_xent(0.07),
            Fit::epochs(30).optimiser(adamw(3e-3)).seed(7).device(DeviceChoice::Cpu),
        )
        .evaluate(retrieval("label"))
        .write("runs/photos")
        .progress(bars());
    println!("{}", pipeline.explain()?);
    let run = pipeline.run()?;

    println!("the pictures nearest to the first one");
    run.show(
        "SELECT rank, path, label, round(score, 3) AS cosine
         FROM nearest(embeddings, 0, 5) n JOIN samples s ON s.id = n.id ORDER BY rank",
    )?;
    println!("how often a picture of the same class is among the nearest, before training and after");
    run.show("SELECT name, raw, value FROM scores WHERE name LIKE 'retrieval.%' ORDER BY name")?;
    println!("views       {}", run.path("plots/views.png").display());
    println!("embeddings  {}", run.embeddings().display());
    Ok(())
}

/// The digits as PNG files, one folder per class.
fn digits_as_files() -> relata::Result<PathBuf> {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/digits.parquet");
    let folder = PathBuf::from("runs/digits-as-files");
    let mut number = 0;
    for digits in ParquetFile::open(data.as_ref())?.whole()? {
        let classes = digits["label"].as_primitive::<Int32Type>().values();
        for (values, class) in digits["image"].as_fixed_size_list().iter().flatten().zip(classes) {
            let values = values.as_primitive::<Float32Type>().values();
            write_atomically(&folder.join(format!("{class}/{number:04}.png")), &png(&pixels(values, (1, 8, 8))))?;
            number += 1;
        }
    }
    Ok(folder)
}
