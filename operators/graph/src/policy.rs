//! Conflict policies: what holds when several oracles speak about one pair.

use serde::{Deserialize, Serialize};

/// One statement about a pair.
#[derive(Debug, Clone, PartialEq)]
pub struct Opinion {
    /// Signed weight in [-1, 1].
    pub weight: f32,
    /// How sure the oracle is, in [0, 1].
    pub confidence: f32,
    /// The round that the statement belongs to; 0 unless an edge file or an oracle says so.
    pub round: u32,
    /// Whether it follows from others.
    pub inferred: bool,
    /// Who says so.
    pub rel: String,
}

/// How contradictions are decided. Statements of one sign always add up, clipped to [-1, 1]; this is what makes
/// mixing graphs as `(1 - alpha) G_a + alpha G_b` a sum of weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// The statements of the latest round decide, by the sum of weight x confidence; where all are of one round, as they
    /// are unless a file of edges has a column `round`, that is the sum of all. Explicit edges beat what groups imply.
    #[default]
    LatestWins,
    /// The sum of weight x confidence decides; a tie leaves the pair unknown.
    WeightedVote,
    /// A known negative beats any positive.
    NegativeWins,
    /// A known positive beats any negative.
    PositiveWins,
    /// A known negative cancels positives and says nothing by itself: the pair is unknown then. It corrects a prior,
    /// such as that of neighbours, without adding repulsion.
    NegativesCut,
}

/// What a policy made of the statements about a pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decision {
    /// The weight that holds; 0 if the pair became unknown.
    pub weight: f32,
    /// Whether there were statements of both signs.
    pub conflict: bool,
}

impl Policy {
    /// Decides about a pair.
    ///
    /// ```
    /// use relata_graph::{Opinion, Policy};
    ///
    /// let says = |weight| Opinion { weight, confidence: 1.0, round: 0, inferred: false, rel: "rule".to_owned() };
    /// let decision = Policy::NegativeWins.decide(&[says(1.0), says(-0.5)]);
    /// assert_eq!((decision.weight, decision.conflict), (-0.5, true));
    /// ```
    pub fn decide(self, opinions: &[Opinion]) -> Decision {
        let sum = |keep: &dyn Fn(&Opinion) -> bool, by_confidence: bool| -> f32 {
            let weigh = |o: &Opinion| if by_confidence { o.weight * o.confidence } else { o.weight };
            opinions.iter().filter(|o| keep(o)).map(weigh).sum::<f32>().clamp(-1.0, 1.0)
        };
        let conflict = opinions.iter().any(|o| o.weight > 0.0) && opinions.iter().any(|o| o.weight < 0.0);
        let weight = match self {
            Self::NegativesCut if opinions.iter().any(|o| o.weight < 0.0) => 0.0,
            _ if !conflict => sum(&|_| true, false),
            Self::LatestWins => {
                let latest = opinions.iter().map(|o| o.round).max().unwrap_or_default();
                sum(&|o| o.round == latest, true)
            }
            Self::WeightedVote => sum(&|_| true, true),
            Self::NegativeWins => sum(&|o| o.weight < 0.0, false),
            Self::PositiveWins | Self::NegativesCut => sum(&|o| o.weight > 0.0, false),
        };
        Decision { weight, conflict }
    }

    /// Combines the weight of an explicit edge with what groups, views or closure imply; 0 stands for no statement.
    pub fn combine(self, explicit: f32, implied: f32) -> f32 {
        if self == Self::NegativesCut && (explicit < 0.0 || implied < 0.0) {
            return 0.0;
        }
        if explicit * implied >= 0.0 {
            return (explicit + implied).clamp(-1.0, 1.0);
        }
        match self {
            Self::LatestWins => explicit,
            Self::WeightedVote => (explicit + implied).clamp(-1.0, 1.0),
            Self::NegativeWins => explicit.min(implied),
            Self::PositiveWins | Self::NegativesCut => explicit.max(implied),
        }
    }

    /// The policy's name, as it stands in the `conflicts` table.
    pub fn name(self) -> &'static str {
        match self {
            Self::LatestWins => "latest_wins",
            Self::WeightedVote => "weighted_vote",
            Self::NegativeWins => "negative_wins",
            Self::PositiveWins => "positive_wins",
            Self::NegativesCut => "negatives_cut",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opinion(weight: f32, confidence: f32, round: u32) -> Opinion {
        Opinion { weight, confidence, round, inferred: false, rel: "t".into() }
    }

    #[test]
    fn agreement_adds_up_and_is_no_conflict() {
        for policy in [Policy::LatestWins, Policy::WeightedVote, Policy::NegativeWins, Policy::PositiveWins] {
            let decision = policy.decide(&[opinion(0.25, 1.0, 0), opinion(0.5, 0.5, 3)]);
            assert_eq!(decision, Decision { weight: 0.75, conflict: false });
            assert_eq!(policy.combine(0.75, 0.5), 1.0);
        }
    }

    #[test]
    fn each_policy_decides_contradictions_its_way() {
        let opinions = [opinion(1.0, 0.9, 0), opinion(-0.5, 0.5, 1)];
        let weight = |policy: Policy| policy.decide(&opinions).weight;
        assert_eq!(weight(Policy::LatestWins), -0.25);
        assert!((weight(Policy::WeightedVote) - 0.65).abs() < 1e-6);
        assert_eq!(weight(Policy::NegativeWins), -0.5);
        assert_eq!(weight(Policy::PositiveWins), 1.0);
        assert!(Policy::WeightedVote.decide(&opinions).conflict);
        assert_eq!(weight(Policy::NegativesCut), 0.0);
        let cut = Policy::NegativesCut;
        assert_eq!([cut.combine(0.5, -1.0), cut.combine(0.0, -1.0), cut.combine(0.5, 0.25)], [0.0, 0.0, 0.75]);
    }
}
