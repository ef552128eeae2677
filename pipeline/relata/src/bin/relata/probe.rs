//! `relata probe`: how good embeddings are, whoever made them.

use std::io::{Write, stdout};
use std::path::PathBuf;

use relata::evaluate::{Evaluation, clustering, geometry, knn, linear_probe, split_reader};

use crate::failure::Outcome;
use crate::values::{object, write_table};

/// Measures embeddings, whoever made them: a linear probe, weighted nearest neighbours, the agreement of k-means with
/// the labels (NMI, ARI), and the geometry (effective rank, alignment, uniformity).
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  relata probe --embeddings runs/digits/embeddings.parquet --label label --split split"
)]
pub struct Arguments {
    /// A Parquet file with a column of float lists of one length and a column of labels.
    #[arg(long, value_name = "FILE")]
    embeddings: PathBuf,
    /// The column of labels; rows without a label are left out.
    #[arg(long, value_name = "COLUMN")]
    label: String,
    /// A column with the values `train` and `test` [default: a fifth of the rows of each class are test
    /// rows].
    #[arg(long, value_name = "COLUMN")]
    split: Option<String>,
    /// The column of vectors.
    #[arg(long, value_name = "COLUMN", default_value = "embedding")]
    embedding: String,
    /// Prints one JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

/// Does what the arguments ask.
pub fn run(arguments: &Arguments) -> Outcome {
    let label = arguments.label.as_str();
    let mut reader = split_reader(label).with_embedding(&arguments.embedding);
    if let Some(split) = &arguments.split {
        reader = reader.with_split(split);
    }
    let split = reader.read(&arguments.embeddings)?;
    let (unseen, rows) = split.unseen();
    if let Some(first) = unseen.first() {
        let classes = unseen.len();
        eprintln!(
            "{rows} test rows are of {classes} classes that no training row has, such as `{first}`: no classifier gets them right."
        );
    }
    let evaluations: [Box<dyn Evaluation>; 4] =
        [Box::new(linear_probe(label)), Box::new(knn(label)), Box::new(clustering(label)), Box::new(geometry(label))];
    let mut values = Vec::new();
    for evaluation in evaluations {
        values.extend(evaluation.measure(&split)?);
    }
    if arguments.json {
        writeln!(stdout(), "{}", object(&values))?;
    } else {
        write_table(&mut stdout(), &values)?;
    }
    Ok(())
}
