//! `relata embed`: new samples through the model of a finished run.

use std::io::{Write, stdout};
use std::path::{Path, PathBuf};

use relata::run::Run;
use relata_operators::OperatorError;
use relata_operators::source::{Dataset, csv, json_lines, parquet, tsv};

use crate::failure::Outcome;

/// Embeds new samples with the model of a finished run and writes them as Parquet: `id`, `embedding` and the samples'
/// own columns.
///
/// The samples must have the shape and number type of those that the model was trained on.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  relata embed runs/digits --data new.parquet --output new-embeddings.parquet")]
pub struct Arguments {
    /// The folder that a pipeline wrote.
    run: PathBuf,
    /// The samples: Parquet (a file, a folder or a pattern), CSV, TSV or JSON lines.
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
    let read = &run.plan()?.stages["read"];
    let as_trained = || read["features"].as_array().into_iter().flatten().filter_map(|name| name.as_str());
    let features: Vec<String> = match arguments.features.is_empty() {
        true => as_trained().map(str::to_owned).collect(),
        false => arguments.features,
    };
    let mut dataset = open(&arguments.data)?;
    if !features.is_empty() {
        dataset = dataset.feature_columns(features);
    }
    if let Some(id) = arguments.id.or_else(|| read["id"].as_str().map(str::to_owned)) {
        dataset = dataset.id(id);
    }
    let rows = run.embed(dataset, &arguments.output).await?;
    Ok(writeln!(stdout(), "{rows} embeddings in {}", arguments.output.display())?)
}

fn open(path: &Path) -> Result<Dataset, OperatorError> {
    let extension = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    match extension.as_str() {
        "parquet" | "pq" => Ok(parquet(path)),
        _ if path.is_dir() => Ok(parquet(path)),
        "csv" => Ok(csv(path)),
        "tsv" => Ok(tsv(path)),
        "jsonl" | "ndjson" | "json" => Ok(json_lines(path)),
        other => Err(OperatorError::Unreadable {
            path: path.to_path_buf(),
            expected: "samples in a file that ends in .parquet, .csv, .tsv or .jsonl".to_owned(),
            found: if other.is_empty() { "no extension".to_owned() } else { format!(".{other}") },
            hint: "Convert the file, or give it the extension of its format.".to_owned(),
        }),
    }
}
