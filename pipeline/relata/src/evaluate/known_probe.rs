//! A linear probe that is trained on nothing but rows whose class follows from answers about pairs.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, UInt64Type};
use relata_data::index::SampleId;
use relata_data::{DataError, ParquetFile};
use relata_schemas::{embeddings, memberships, samples};

use crate::store::Artifact;

use relata_registry::{Description, Settings};
use relata_schemas::samples::LABEL;
use serde::{Deserialize, Serialize};

use super::error::Result;
use super::evaluation::Evaluation;
use super::linear_probe::linear_probe;
use super::split::{Split, split_reader};

/// The relation of what follows from answers.
const ANSWERS: &str = "answers";

/// Settings of the probe; see [`known_probe`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KnownProbe {
    label: String,
    of: String,
    naming: Option<usize>,
}

/// Names the largest groups of `answers`, as many as there are classes in `label`, by the label of one member each, and
/// trains a [`linear_probe`](super::linear_probe) on their members: what a classifier knows that was given answers about
/// pairs and a handful of names. Rows in no named group teach it nothing. Measures `known_probe.rows`, and, as soon as
/// two classes have a name, `known_probe.test`.
///
/// ```
/// use relata::prelude::*;
///
/// assert_eq!(known_probe("label").describe().to_string(), "known_probe label=label of=answers");
/// ```
pub fn known_probe(label: impl Into<String>) -> KnownProbe {
    KnownProbe { label: label.into(), of: ANSWERS.to_owned(), naming: None }
}

impl KnownProbe {
    /// Names so many groups instead.
    ///
    /// ```
    /// use relata::prelude::*;
    ///
    /// assert_eq!(known_probe("label").naming(3).describe()["naming"], 3);
    /// ```
    pub fn naming(mut self, groups: usize) -> Self {
        self.naming = Some(groups);
        self
    }

    /// The groups of another relation.
    ///
    /// ```
    /// use relata::prelude::*;
    ///
    /// assert_eq!(known_probe("label").of("pairs").describe()["of"], "pairs");
    /// ```
    pub fn of(mut self, rel: impl Into<String>) -> Self {
        self.of = rel.into();
        self
    }

    /// The members of the groups to name, largest first; of equally large ones the lower number comes first.
    fn groups(&self, path: &Path, count: usize) -> Result<Vec<Vec<SampleId>>> {
        let mut groups: BTreeMap<u64, Vec<SampleId>> = BTreeMap::new();
        for batch in read(path, &[memberships::REL, memberships::ID, memberships::GROUP])? {
            let batch = batch?;
            let rels = batch[memberships::REL].as_string::<i32>();
            let ids = SampleId::slice(batch[memberships::ID].as_primitive::<UInt64Type>().values());
            let numbers = batch[memberships::GROUP].as_primitive::<UInt64Type>().values();
            for (row, (&id, &group)) in ids.iter().zip(numbers).enumerate() {
                if rels.value(row) == self.of {
                    groups.entry(group).or_default().push(id);
                }
            }
        }
        let mut groups: Vec<Vec<SampleId>> = groups.into_values().collect();
        groups.sort_by_key(|members| std::cmp::Reverse(members.len()));
        groups.truncate(count);
        Ok(groups)
    }
}

impl Default for KnownProbe {
    fn default() -> Self {
        known_probe(LABEL)
    }
}

impl Settings for KnownProbe {
    const NAME: &'static str = "known_probe";
    const SUMMARY: &'static str = "what a linear classifier knows from answers about pairs alone";
}

impl Evaluation for KnownProbe {
    fn label(&self) -> &str {
        &self.label
    }

    fn needs_answers(&self) -> bool {
        self.of == ANSWERS
    }

    /// Outside of a run nothing follows from answers.
    fn measure(&self, _: &Split) -> Result<Vec<(String, f64)>> {
        Ok(vec![])
    }

    fn measure_run(&self, split: &Split, folder: &Path) -> Result<Vec<(String, f64)>> {
        let (file, members) = (folder.join(Artifact::Embeddings), folder.join(Artifact::Memberships));
        if !members.exists() {
            return Ok(vec![]);
        }
        let groups = self.groups(&members, self.naming.unwrap_or(split.classes.names().len()))?;
        let (labels, has_split) = labels(&file, &self.label, &groups.concat())?;
        let mut named = HashMap::new();
        for members in &groups {
            let Some(name) = members.iter().find_map(|id| labels.get(id)) else { continue };
            named.extend(members.iter().map(|&id| (id, name.clone())));
        }
        let mut measured = vec![("known_probe.rows".to_owned(), named.len() as f64)];
        let mut classes: Vec<&String> = named.values().collect();
        classes.sort_unstable();
        classes.dedup();
        if classes.len() > 1 {
            let reader = split_reader(&self.label).with_training_labels(named);
            let known = if has_split { reader.with_split(samples::SPLIT) } else { reader }.read(&file)?;
            measured.push(("known_probe.test".to_owned(), linear_probe(&*self.label).fit(&known)?.test_accuracy));
        }
        Ok(measured)
    }

    fn describe(&self) -> Description {
        Description::of(self)
    }
}

/// The labels of the rows of these ids that have one, and whether there is a split column.
fn labels(path: &Path, label: &str, wanted: &[SampleId]) -> Result<(HashMap<SampleId, String>, bool)> {
    let wanted: HashSet<SampleId> = wanted.iter().copied().collect();
    let (mut found, mut has_split) = (HashMap::new(), false);
    for batch in read(path, &[embeddings::ID, label, samples::SPLIT])? {
        let batch = batch?;
        has_split = batch.column_by_name(samples::SPLIT).is_some();
        let ids = SampleId::slice(batch[embeddings::ID].as_primitive::<UInt64Type>().values());
        let texts = cast(&batch[label], &DataType::Utf8).map_err(DataError::from)?;
        let texts = texts.as_string::<i32>();
        let labelled = (0..texts.len()).filter(|&row| wanted.contains(&ids[row]) && texts.is_valid(row));
        found.extend(labelled.map(|row| (ids[row], texts.value(row).to_owned())));
    }
    Ok((found, has_split))
}

/// The batches of those of the columns that there are.
fn read(path: &Path, columns: &[&str]) -> Result<impl Iterator<Item = relata_data::Result<RecordBatch>> + use<>> {
    let file = ParquetFile::open(path)?;
    let there: Vec<usize> = columns.iter().filter_map(|column| file.schema().index_of(column).ok()).collect();
    Ok(file.batches(there, 1024)?)
}
