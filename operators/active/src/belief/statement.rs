//! What a belief is told, and what it says about it.

use serde::{Deserialize, Serialize};

/// What is known about two rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relation {
    /// They are alike.
    Positive,
    /// They are not.
    Negative,
}

impl Relation {
    /// The relation that an answer states.
    pub fn of(related: bool) -> Self {
        if related { Self::Positive } else { Self::Negative }
    }
}

/// What happens to an answer that contradicts what follows from the others. The weights of statements about one pair
/// add up, with their signs; the sum's sign is what is said about the pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerPolicy {
    /// The answer stands, and the weakest links of the chains that contradict it are set aside. About one pair, only
    /// the latest statements that agree with each other count.
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

/// What an answer weighs: nothing if it is as likely wrong as right, else up to 1, that of a sure one.
pub fn weight_of(confidence: f32) -> Option<f32> {
    (confidence > 0.5).then(|| (2.0 * confidence - 1.0).min(1.0))
}

/// How a belief deals with mistakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeliefSettings {
    /// What happens to answers that contradict each other.
    pub policy: AnswerPolicy,
    /// A single "yes" that alone holds together two sides of at least so many rows each is doubted.
    pub big: u32,
}

impl Default for BeliefSettings {
    fn default() -> Self {
        Self { policy: AnswerPolicy::default(), big: 5 }
    }
}

/// An answer about two rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Statement {
    /// Its number in the ledger, unique.
    pub number: u64,
    /// A row.
    pub a: u32,
    /// Another row.
    pub b: u32,
    /// Whether they are related.
    pub related: bool,
    /// How far it is to be trusted, in (0, 1]: the annotator's confidence times the annotator's quality.
    pub weight: f32,
}

/// How a statement relates to those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing was known about the pair.
    New,
    /// It says what followed already.
    Known,
    /// It says the opposite of what followed.
    Contradiction,
}

/// An answer that said the opposite of what followed from the answers before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Contradiction {
    /// The answer's statement.
    pub number: u64,
    /// Its first row.
    pub a: u32,
    /// Its second row.
    pub b: u32,
    /// What it said.
    pub said: bool,
    /// The statements that implied the opposite, in order from `a` to `b`.
    pub chain: Vec<u64>,
    /// What was known about the pair after the policy had decided.
    pub kept: Option<Relation>,
    /// The weight of the side that was kept: the pair's own, or that of the chain's weakest link.
    pub weight: f32,
}

/// Why a statement is doubted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoubtKind {
    /// Its "yes" alone holds two big sides of a component together.
    Bridge,
    /// It is a side of a contradiction: the weakest link of the chain, or the pair that the answer was about.
    WeakestLink,
}

/// A statement that should be asked about once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubt {
    /// The statement.
    pub number: u64,
    /// Its pair's smaller row.
    pub a: u32,
    /// Its pair's larger row.
    pub b: u32,
    /// Why.
    pub kind: DoubtKind,
}
