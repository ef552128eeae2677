//! Candidate rule: an oracle that says which pairs are worth a look, instead of which are related.

use relata_oracle::{Nearest, Oracle, OracleError, Rule, SameValue, nearest, rule, same_value};
use serde::{Deserialize, Serialize};

/// A rule that finds candidate pairs among all rows.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CandidateRule {
    /// The k nearest rows of each row, by the cosine of their embeddings.
    Nearest(Nearest),
    /// Rows with the same value of an SQL expression.
    SameValue(SameValue),
    /// Rows for which an SQL predicate holds.
    Rule(Rule),
}

impl CandidateRule {
    /// Its name.
    pub fn name(&self) -> String {
        match self {
            Self::Nearest(oracle) => oracle.name(),
            Self::SameValue(oracle) => oracle.name(),
            Self::Rule(oracle) => oracle.name(),
        }
    }

    /// Refuses settings that say how relations are stated: candidates are not related yet.
    pub(super) fn check(&self) -> Result<(), OracleError> {
        let (given, plain) = match self {
            Self::Nearest(oracle) => {
                oracle.check()?;
                (oracle.describe(), nearest(oracle.k()).exact_up_to(oracle.exact_limit()).describe())
            }
            Self::SameValue(oracle) => {
                let plain = same_value(oracle.expression()).describe().with("rel", oracle.name());
                (oracle.describe(), plain)
            }
            Self::Rule(oracle) => (oracle.describe(), rule(oracle.name(), oracle.predicate()).describe()),
        };
        let odd = given.values.iter().find(|(setting, value)| plain.values.get(*setting) != Some(*value));
        match odd {
            None => Ok(()),
            Some((setting, value)) => {
                let expected = "left out of candidates, which are pairs to look at, not relations";
                Err(OracleError::setting(self.name(), setting, expected, value))
            }
        }
    }
}

impl From<Nearest> for CandidateRule {
    fn from(oracle: Nearest) -> Self {
        Self::Nearest(oracle)
    }
}

impl From<SameValue> for CandidateRule {
    fn from(oracle: SameValue) -> Self {
        Self::SameValue(oracle)
    }
}

impl From<Rule> for CandidateRule {
    fn from(oracle: Rule) -> Self {
        Self::Rule(oracle)
    }
}
