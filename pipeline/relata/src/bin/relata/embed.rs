//! `relata embed`: new samples through the model of a finished run.

use std::io::{Write, stdout};
use std::path::PathBuf;

use relata::Run;

use crate::failure::Outcome;
use crate::new_samples::new_samples;

/// Embeds new samples with the model of a finished run and writes them as Parquet: `id`, `embedding` and the samples'
/// own columns.
///
/// The samples must have the shape and number type of those that the model was trained on.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  relata embed runs/digits --data new.parquet --output new-embeddings.parquet")]
pub struct Arguments {
    /// The folder that a pipeline wrote.
    run: PathBuf,
    /// The samples: Parquet (a file, a folder or a pattern), CSV, TSV, JSON lines, images in an IDX file, or a folder
    /// of PNG and JPEG images, which are brought into the size that the model was trained on. Tables may be objects of a
    /// store: `s3://bucket/new.parquet`, `gs://..`, `az://..`, `https://..`; without an extension, a folder of Parquet.
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// The column of features, or several numeric columns with commas between them [default: those of the run].
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    features: Vec<String>,
    /// The column of unique ids [default: that of the run, else `id`, else row numbers].
    #[arg(long, value_name = "COLUMN")]
    id: Option<String>,
    /// The file to write.
    #[arg(long, value_name = "FILE.parquet")]
    output: PathBuf,
}

/// Does what the arguments ask.
pub async fn run(arguments: Arguments) -> Outcome {
    let run = Run::open(&arguments.run)?;
    let dataset = new_samples(&run, &arguments.data, arguments.features, arguments.id)?;
    let rows = run.embed(dataset, &arguments.output).await?;
    writeln!(stdout(), "{rows} embeddings in {}", arguments.output.display())?;
    let skipped = Run::skipped_beside(&arguments.output);
    if skipped.is_file() {
        writeln!(stdout(), "samples whose picture could not be read are listed in {}", skipped.display())?;
    }
    Ok(())
}
