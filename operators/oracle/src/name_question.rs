//! Name question: what are these? A group of samples that wants a name.

use std::collections::BTreeMap;

use relata_data::index::SampleId;
use serde::{Deserialize, Serialize};

/// What are these? A group of samples that are known to be alike, by some of its members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameQuestion {
    /// The sample that stands for the group: the smallest id of its members.
    pub group: SampleId,
    /// Members, the most typical first; at least one.
    pub members: Vec<SampleId>,
}

/// The most frequent of some names, which a group takes whose members have several; of equally frequent ones the first by the
/// alphabet.
///
/// ```
/// use relata_oracle::most_frequent_name;
///
/// assert_eq!(most_frequent_name(["cat", "dog", "dog", "cat"]), Some("cat"));
/// assert_eq!(most_frequent_name([]), None);
/// ```
pub fn most_frequent_name<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    names.into_iter().for_each(|name| *counts.entry(name).or_default() += 1);
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map(|(name, _)| name)
}
