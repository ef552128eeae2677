//! Name question: what are these? A group of samples that wants a name.

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
