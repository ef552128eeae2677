//! Decision: what a pipeline decides about all rows in the end, as a stage with settings.

mod class_decision;
mod entity_decision;
mod warnings;

use serde::{Deserialize, Serialize};

pub use self::class_decision::{ClassDecision, classes};
pub use self::entity_decision::{EntityDecision, Method, entities};
pub use self::warnings::warnings;
use crate::error::Result;

/// What is decided about all rows: which are the same [`entities`], or of which of some [`classes`] each is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// See [`entities`].
    Entities(EntityDecision),
    /// See [`classes`].
    Classes(ClassDecision),
}

impl Decision {
    /// Refuses settings that make no sense.
    pub fn check(&self) -> Result<()> {
        match self {
            Self::Entities(decision) => decision.check(),
            Self::Classes(decision) => decision.check(),
        }
    }

    /// The decision about entities, if it is one.
    pub fn entities(&self) -> Option<&EntityDecision> {
        match self {
            Self::Entities(decision) => Some(decision),
            Self::Classes(_) => None,
        }
    }

    /// The decision about classes, if it is one.
    pub fn classes(&self) -> Option<&ClassDecision> {
        match self {
            Self::Classes(decision) => Some(decision),
            Self::Entities(_) => None,
        }
    }
}

impl From<EntityDecision> for Decision {
    fn from(decision: EntityDecision) -> Self {
        Self::Entities(decision)
    }
}

impl From<ClassDecision> for Decision {
    fn from(decision: ClassDecision) -> Self {
        Self::Classes(decision)
    }
}
