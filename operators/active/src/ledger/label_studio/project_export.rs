//! Project export of Label Studio, in whichever of its formats, as annotations.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use relata_data::DataError;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::annotation::{Task, Unexpected};
use super::{flat_export, full_export};

/// What shows the format of an export in JSON.
#[derive(Deserialize)]
struct Probe {
    data: Option<IgnoredAny>,
    question: Option<IgnoredAny>,
}

/// Reads an export as JSON, JSON-MIN, CSV or TSV, which are told apart by their content.
pub(super) fn read(path: &Path) -> Result<Vec<Task>, DataError> {
    let open = || -> Result<BufReader<File>, DataError> {
        let mut file = BufReader::new(File::open(path).map_err(DataError::io(path))?);
        // A byte order mark, as editors of other systems put it before the text.
        if file.fill_buf().map_err(DataError::io(path))?.starts_with(b"\xef\xbb\xbf") {
            file.consume(3);
        }
        Ok(file)
    };
    let mut start = Vec::new();
    open()?.take(64 * 1024).read_to_end(&mut start).map_err(DataError::io(path))?;
    if !start.trim_ascii_start().starts_with(b"[") && !start.trim_ascii_start().starts_with(b"{") {
        let header = start.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let delimiter = if header.contains(&b'\t') { b'\t' } else { b',' };
        return flat_export::read_table(open()?, delimiter).map_err(|unexpected| unexpected.at(path));
    }
    let probes: Vec<Probe> = serde_json::from_reader(open()?).map_err(|error| {
        Unexpected::new("an array of tasks with `data.question` and `annotations`", error.to_string()).at(path)
    })?;
    let is_flat = probes.iter().any(|probe| probe.data.is_none() && probe.question.is_some());
    let tasks = if is_flat { flat_export::read_json(open()?) } else { full_export::read(open()?) };
    tasks.map_err(|unexpected| unexpected.at(path))
}
