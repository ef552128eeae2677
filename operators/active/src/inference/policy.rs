//! Conflict policies: how answers that contradict each other are decided.

use serde::{Deserialize, Serialize};

/// What happens to an answer that contradicts what follows from the others. The weights of constraints about one pair
/// add up, with their signs; the sum's sign is what is said about the pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerPolicy {
    /// The answer stands, and the weakest links of the chains that contradict it are set aside. About one pair, only
    /// the latest constraints that agree with each other count.
    LatestWins,
    /// The pair's weight is compared with the weakest link of the strongest chain that contradicts it: the answer
    /// stands only if each such chain has a weaker link, and these links are set aside then. Ties keep what is there.
    #[default]
    WeightedVote,
    /// As `WeightedVote`, and both sides of the contradiction are to be asked about once more.
    ReAsk,
}

impl AnswerPolicy {
    /// Its name in plans and in the table of conflicts.
    pub fn name(self) -> &'static str {
        match self {
            Self::LatestWins => "latest_wins",
            Self::WeightedVote => "weighted_vote",
            Self::ReAsk => "re_ask",
        }
    }
}

/// How a belief deals with mistakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeliefSettings {
    /// What happens to answers that contradict each other.
    pub policy: AnswerPolicy,
    /// A single "yes" that alone holds together two sides of at least so many rows each is doubted.
    pub bridges_from: u32,
}

impl Default for BeliefSettings {
    fn default() -> Self {
        Self { policy: AnswerPolicy::default(), bridges_from: 5 }
    }
}
