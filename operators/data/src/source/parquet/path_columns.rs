//! Path columns: what the path of a file says of its rows. Folders `label=cat` are Hive's partitions; files
//! `train-00000-of-00002.parquet` beside `test-..` are the splits of a dataset of Hugging Face.

use std::path::{Path, PathBuf};

use relata_schemas::samples::SPLIT;

/// The names of splits, and what they are called in `split`.
const SPLITS: [(&str, &str); 6] = [
    ("train", "train"),
    ("test", "test"),
    ("validation", "validation"),
    ("val", "validation"),
    ("valid", "validation"),
    ("dev", "validation"),
];

/// Columns and values, the same for all rows of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct PathColumns(Vec<(String, String)>);

impl PathColumns {
    /// The columns of every file below `root`; `split` only where files are of several splits.
    pub fn of_all(root: &Path, files: &[PathBuf]) -> Vec<Self> {
        let splits: Vec<Option<&str>> = files.iter().map(|file| split(file)).collect();
        let several = splits.iter().all(Option::is_some) && splits.iter().any(|split| *split != splits[0]);
        let columns = files.iter().zip(splits).map(|(file, split)| {
            let mut columns = partitions(root, file);
            columns.extend(split.filter(|_| several).map(|split| (SPLIT.to_owned(), split.to_owned())));
            Self(columns)
        });
        columns.collect()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &(String, String)> {
        self.0.iter()
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(column, _)| column == name).map(|(_, value)| value.as_str())
    }
}

/// The split that a file's name begins with, or that its folder is called.
fn split(file: &Path) -> Option<&'static str> {
    let name = file.file_stem()?.to_string_lossy().to_ascii_lowercase();
    let first = name.split(['-', '_', '.']).next()?;
    let folder = file.parent()?.file_name()?.to_string_lossy().to_ascii_lowercase();
    let named = |name: &str| SPLITS.iter().find(|(split, _)| *split == name).map(|(_, split)| *split);
    named(first).or_else(|| named(&folder))
}

/// The partitions `name=value` among the folders between the root and a file, decoded.
fn partitions(root: &Path, file: &Path) -> Vec<(String, String)> {
    // A pattern is no folder: then all folders of the path count.
    let below = file.strip_prefix(root).unwrap_or(file);
    let folders = below.parent().into_iter().flat_map(Path::components);
    let pairs = folders.filter_map(|folder| {
        let folder = folder.as_os_str().to_string_lossy().into_owned();
        let (name, value) = folder.split_once('=')?;
        (!name.is_empty()).then(|| (name.to_owned(), decoded(value)))
    });
    pairs.filter(|(_, value)| value != "__HIVE_DEFAULT_PARTITION__").collect()
}

/// `%20` and the like as what they stand for.
fn decoded(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| first == b'%').and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(files: &[&str]) -> Vec<Vec<(String, String)>> {
        let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
        PathColumns::of_all(Path::new("root"), &files).into_iter().map(|columns| columns.0).collect()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn partitions_and_splits_are_columns() {
        let found = columns(&["root/label=cat/a.parquet", "root/label=big%20dog/x=1/b.parquet"]);
        assert_eq!(found, [vec![pair("label", "cat")], vec![pair("label", "big dog"), pair("x", "1")]]);
        let found = columns(&["root/data/train-00000-of-00001.parquet", "root/data/val-0.parquet"]);
        assert_eq!(found, [[pair("split", "train")], [pair("split", "validation")]]);
        assert_eq!(columns(&["root/train/0.parquet", "root/test/0.parquet"])[1], [pair("split", "test")]);
        // One split, or a file of none, is no column.
        assert!(columns(&["root/train-0.parquet", "root/train-1.parquet"]).iter().all(Vec::is_empty));
        assert!(columns(&["root/train-0.parquet", "root/other.parquet"]).iter().all(Vec::is_empty));
    }
}
