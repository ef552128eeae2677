//! Answers of a lookup: the best matches of a record, and the entity that it belongs to.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// What was found for one record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LookupAnswer {
    /// The entity that the record belongs to, named as in the table `entities`; none if it is a new one.
    pub entity: Option<LookupId>,
    /// The probability of that: that of the best match of this entity, or that no match is the same.
    pub probability: f64,
    /// The rows that may be the same, the most probable first.
    pub matches: Vec<LookupMatch>,
}

/// A row that may be the same entity as a record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LookupMatch {
    /// Its id.
    pub id: LookupId,
    /// The probability that it is the same entity.
    pub probability: f64,
    /// Its entity.
    pub entity: LookupId,
    /// What each column counted for before any answer, in log-odds, as the columns `weight.*` of the table `pairs`.
    pub weights: BTreeMap<String, f64>,
}

/// The id of a sample, as the dataset has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum LookupId {
    /// A number.
    Number(u64),
    /// A text.
    Text(String),
}

impl fmt::Display for LookupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(id) => write!(f, "{id}"),
            Self::Text(id) => f.write_str(id),
        }
    }
}
