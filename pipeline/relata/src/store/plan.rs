//! Plan of a run: settings and inputs, kept beside its tables and compared when the run is started again.

use std::path::{Path, PathBuf};

use relata_data::OperatorError;
use relata_data::sink::write_atomically;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::{Result, StoreError};

/// A pipeline's settings and inputs; two runs with equal plans give equal results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Version of Relata that made the run.
    pub version: String,
    /// Every stage with its settings, in order.
    pub stages: Value,
    /// Input files with length and content hash.
    pub inputs: Vec<Input>,
}

/// An input file as it was when it was first read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// The file.
    pub path: PathBuf,
    /// Its length in bytes.
    pub bytes: u64,
    /// xxHash64 of its content (of its modification time, for folders of many files).
    pub hash: String,
}

impl Plan {
    /// A plan of this version of Relata.
    pub fn new(stages: Value, fingerprints: Vec<(PathBuf, u64, u64)>) -> Self {
        let inputs = fingerprints
            .into_iter()
            .map(|(path, bytes, hash)| Input { path, bytes, hash: format!("{hash:016x}") })
            .collect();
        Self { version: env!("CARGO_PKG_VERSION").to_owned(), stages, inputs }
    }

    /// Reads `run.json`; none if there is no such file.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        match std::fs::read(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(OperatorError::io(path)(error).into()),
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| StoreError::corrupt(path, error)),
        }
    }

    /// Writes `run.json`.
    pub fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_vec_pretty(self).map_err(|error| StoreError::corrupt(path, error))?;
        Ok(write_atomically(path, &text)?)
    }

    /// The settings in which `self` (on disk) and `new` differ, a line each.
    pub fn difference(&self, new: &Self) -> Vec<String> {
        let value = |plan: &Self| serde_json::to_value(plan).unwrap_or_default();
        let mut lines = Vec::new();
        compare("", &value(self), &value(new), &mut lines);
        lines
    }
}

fn compare(path: &str, old: &Value, new: &Value, lines: &mut Vec<String>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (old, new) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
            for key in keys {
                compare(&below(key), a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null), lines);
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            for at in 0..a.len().max(b.len()) {
                let item = |list: &[Value]| list.get(at).cloned().unwrap_or_default();
                compare(&below(&at.to_string()), &item(a), &item(b), lines);
            }
        }
        _ if old != new => lines.push(format!("  {path}: {old} -> {new}")),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_difference_names_the_setting_with_both_values() {
        let plan = |epochs: u32| Plan::new(json!({ "train": { "fit": { "epochs": epochs, "seed": 7 } } }), vec![]);
        assert_eq!(plan(5).difference(&plan(9)), ["  stages.train.fit.epochs: 5 -> 9"]);
        assert!(plan(5).difference(&plan(5)).is_empty());
    }
}
