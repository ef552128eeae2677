//! Edge file on the command line: its name, and a flag for each of its settings.

use std::path::PathBuf;

use relata_graph::edge_file::{EdgeFile, edges};

// The flags are the methods of `EdgeFile`. Documentation here would take the place of that of the verb.
#[derive(Debug, clap::Args)]
pub struct EdgeArguments {
    /// The edges in Parquet, CSV, TSV or JSON lines (src,dst[,weight] or another known convention), or a training file
    /// of dedupe.
    #[arg(long, value_name = "FILE")]
    pub edges: PathBuf,
    /// The column of the edges that says whether a pair is a positive or a negative, in words (match, distinct, yes,
    /// no, unsure and the like), booleans, 1 and 0 [default: a column label, match, is_match, matched or
    /// clerical_match_score].
    #[arg(long, value_name = "COLUMN", help_heading = EDGES)]
    signs: Option<String>,
    /// The column of the edges with weights in [-1, 1] without 0 [default: a column weight].
    #[arg(long, value_name = "COLUMN", help_heading = EDGES)]
    weights: Option<String>,
    /// Takes a probability p (or a match weight) of the edges for the weight p, so that an unlikely pair is a weak
    /// positive, instead of 2p - 1, by which it is a negative.
    #[arg(long, help_heading = EDGES)]
    probabilities_as_weights: bool,
    /// What joins the source and the id of a record to an id of the embeddings, where the edges have the columns
    /// source_dataset_l and source_dataset_r.
    #[arg(long, value_name = "TEXT", help_heading = EDGES, allow_hyphen_values = true)]
    source_separator: Option<String>,
    /// The field of the records of a dedupe training file that holds the id [default: id].
    #[arg(long, value_name = "FIELD", help_heading = EDGES)]
    id_field: Option<String>,
    /// Reads the edges as if they did not have this column; may be given several times.
    #[arg(long, value_name = "COLUMN", help_heading = EDGES)]
    ignoring: Vec<String>,
    /// Skips and counts edges with an id that the embeddings do not have; they are refused without it.
    #[arg(long, help_heading = EDGES)]
    skip_unknown: bool,
    /// Skips and counts edges of a sample with itself; they are refused without it.
    #[arg(long, help_heading = EDGES)]
    skip_self: bool,
}

/// Where the help lists the flags.
const EDGES: &str = "Reading the edges";

impl EdgeArguments {
    /// The file with its settings.
    pub fn edge_file(&self) -> EdgeFile {
        let set = |file: EdgeFile, is_set: bool, setting: fn(EdgeFile) -> EdgeFile| {
            if is_set { setting(file) } else { file }
        };
        let name = |file: EdgeFile, name: &Option<String>, setting: fn(EdgeFile, String) -> EdgeFile| match name {
            Some(name) => setting(file, name.clone()),
            None => file,
        };
        let file = edges(&self.edges).ignoring(self.ignoring.clone());
        let file = name(file, &self.signs, EdgeFile::signs);
        let file = name(file, &self.weights, EdgeFile::weights);
        let file = name(file, &self.source_separator, EdgeFile::source_separator);
        let file = name(file, &self.id_field, EdgeFile::id_field);
        let file = set(file, self.probabilities_as_weights, EdgeFile::probabilities_as_weights);
        let file = set(file, self.skip_unknown, EdgeFile::skip_unknown);
        set(file, self.skip_self, EdgeFile::skip_self)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::Value;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        edges: EdgeArguments,
    }

    fn parsed(arguments: &[&str]) -> EdgeFile {
        Command::try_parse_from(["score", "--edges", "e.csv"].iter().chain(arguments)).unwrap().edges.edge_file()
    }

    #[test]
    fn flags_are_the_settings_of_the_same_names() {
        assert_eq!(parsed(&[]), edges("e.csv"));
        let all = [
            "--signs=verdict",
            "--weights=score",
            "--ignoring=status",
            "--ignoring=a,b",
            "--source-separator",
            "-",
            "--id-field=Id",
            "--probabilities-as-weights",
            "--skip-unknown",
            "--skip-self",
        ];
        let file = edges("e.csv").signs("verdict").weights("score").ignoring(["status", "a,b"]).source_separator("-");
        assert_eq!(parsed(&all), file.id_field("Id").probabilities_as_weights().skip_unknown().skip_self());
    }

    #[test]
    fn every_setting_has_a_flag() {
        let settings = serde_json::to_value(edges("e.csv")).unwrap();
        let flags = <Command as clap::CommandFactory>::command();
        let flags: Vec<_> = flags.get_arguments().filter_map(|flag| flag.get_long()).collect();
        for setting in settings.as_object().unwrap().keys().filter(|setting| *setting != "file") {
            assert!(flags.contains(&setting.replace('_', "-").as_str()), "{setting}");
        }
        assert_eq!(settings["ignoring"], Value::Array(vec![]));
    }
}
