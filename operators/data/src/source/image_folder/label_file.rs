//! Label file of an image folder: `labels.csv` or `metadata.csv`, with the name and the label of each picture in the
//! folder of the file.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use csv::{ReaderBuilder, StringRecord};
use relata_schemas::SchemaError;
use relata_schemas::samples::{LABEL, SPLIT};

use crate::{DataError, Result};

/// What such a file is called (the second as Hugging Face has it).
const NAMES: [&str; 2] = ["labels.csv", "metadata.csv"];
/// What its columns are called.
const FILES: [&str; 7] = ["file", "file_name", "filename", "path", "image", "img", "id"];
const LABELS: [&str; 5] = [LABEL, "class", "category", "target", "labels"];

/// What all files of labels in a folder say.
#[derive(Debug, Default)]
pub(super) struct LabelFile {
    by_path: HashMap<String, Entry>,
    files: usize,
}

/// What a line says of a picture.
#[derive(Debug)]
pub(super) struct Entry {
    pub label: Option<String>,
    pub split: Option<String>,
    /// The row in the file.
    row: u64,
}

impl LabelFile {
    /// Whether a file of this name is one.
    pub fn is_one(name: &str) -> bool {
        NAMES.contains(&name.to_ascii_lowercase().as_str())
    }

    /// Reads these files, which lie below `root`.
    pub fn read_all(root: &Path, files: Vec<PathBuf>) -> Result<Self> {
        let mut all = Self { files: files.len(), ..Self::default() };
        for file in &files {
            all.read(root, file)?;
        }
        Ok(all)
    }

    /// Whether there is any.
    pub fn is_there(&self) -> bool {
        self.files > 0
    }

    /// What is said of the picture at a path, with or without its extension; asked once.
    pub fn take(&mut self, path: &str) -> Option<Entry> {
        let without = || path.rsplit_once('.').map_or(path, |(stem, _)| stem);
        self.by_path.remove(path).or_else(|| self.by_path.remove(without()))
    }

    /// What is said of pictures that were not asked for.
    pub fn rest(self) -> impl Iterator<Item = (String, Entry)> {
        self.by_path.into_iter()
    }

    fn read(&mut self, root: &Path, file: &Path) -> Result<()> {
        let table = file.display().to_string();
        let refused = |error: csv::Error| DataError::Unreadable {
            path: file.to_path_buf(),
            expected: "comma-separated text with a header, like `file,label`".to_owned(),
            found: error.to_string(),
            hint: "Correct the line, or read the table with `csv(..)` and a field `image(..)`.".to_owned(),
        };
        let bytes = std::fs::read(file).map_err(DataError::io(file))?;
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let mut reader = ReaderBuilder::new().trim(csv::Trim::All).from_reader(text);
        let header = reader.headers().map_err(refused)?.clone();
        let column = |names: &[&str]| {
            names.iter().find_map(|name| header.iter().position(|column| column.eq_ignore_ascii_case(name)))
        };
        let hint = "Call the columns `file` and `label`, or read the table with `csv(..)` and a field `image(..)`.";
        let missing = |name: &str| -> DataError {
            let found = format!("the columns {}", header.iter().collect::<Vec<_>>().join(", "));
            SchemaError::column(&table, name, format!("a column `{name}`"), found, hint).into()
        };
        let at = column(&FILES).ok_or_else(|| missing("file"))?;
        // Of two columns, the other one is the label, whatever it is called.
        let label = column(&LABELS).or_else(|| (header.len() == 2).then_some(1 - at));
        let split = column(&[SPLIT]);
        let label = if label.is_none() && split.is_none() { return Err(missing("label")) } else { label };
        let folder = file.parent().and_then(|folder| folder.strip_prefix(root).ok()).unwrap_or(Path::new(""));
        for (row, line) in (0..).zip(reader.records()) {
            let line = line.map_err(refused)?;
            let value = |column: Option<usize>, line: &StringRecord| {
                column.and_then(|column| line.get(column)).filter(|value| !value.is_empty()).map(str::to_owned)
            };
            let name = value(Some(at), &line).unwrap_or_default();
            let path = folder.join(name.replace('\\', "/").trim_start_matches("./"));
            let path = path.to_string_lossy().into_owned();
            let entry = Entry { label: value(label, &line), split: value(split, &line), row };
            if let Some(first) = self.by_path.insert(path, entry) {
                let expected = "one line for a picture";
                let found = format!("`{name}`, as in row {}", first.row);
                let error = SchemaError::column(&table, &header[at], expected, found, "Take one of the lines out.");
                return Err(error.at_row(row).into());
            }
        }
        Ok(())
    }
}
