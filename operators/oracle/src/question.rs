//! Questions to oracles: which candidates are related to an anchor?

use relata_data::index::SampleId;
use serde::{Deserialize, Serialize};

/// Which of the candidates are related to the anchor? All samples are named by their ids.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// Its number, unique in a run.
    pub question: u64,
    /// The round in which it is asked, from 1.
    pub round: u32,
    /// The sample that candidates are compared with.
    pub anchor: SampleId,
    /// The samples that may be related to it; none twice, never the anchor.
    pub candidates: Vec<SampleId>,
    /// The strategy that proposed it.
    pub strategy: String,
    /// How useful the strategy holds it to be.
    pub priority: f32,
}
