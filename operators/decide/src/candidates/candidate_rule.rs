//! Candidate rule: an oracle that says which pairs are worth a look, instead of which are related.

use relata_oracle::{Description, Nearest, Oracle, OracleError, Rule, SameValue, nearest, rule, same_value};
use serde::{Deserialize, Serialize};

use super::shared_words::SharedWords;

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
    /// The k rows that share most words with each row.
    SharedWords(SharedWords),
}

impl CandidateRule {
    /// Its name.
    pub fn name(&self) -> String {
        match self {
            Self::Nearest(oracle) => oracle.name(),
            Self::SameValue(oracle) => oracle.name(),
            Self::Rule(oracle) => oracle.name(),
            Self::SharedWords(_) => "shared_words".to_owned(),
        }
    }

    fn describe(&self) -> Description {
        match self {
            Self::Nearest(oracle) => oracle.describe(),
            Self::SameValue(oracle) => oracle.describe(),
            Self::Rule(oracle) => oracle.describe(),
            Self::SharedWords(rule) => Description::new("shared_words").with("k", rule.k()),
        }
    }

    /// Refuses settings that say how relations are stated: candidates are not related yet.
    pub(super) fn check(&self) -> Result<(), OracleError> {
        let given = self.describe();
        let plain = match self {
            Self::Nearest(oracle) => {
                oracle.check()?;
                nearest(oracle.k()).exact_up_to(oracle.exact_limit()).describe()
            }
            Self::SameValue(oracle) => same_value(oracle.expression()).describe().with("rel", oracle.name()),
            Self::Rule(oracle) => rule(oracle.name(), oracle.predicate()).describe(),
            Self::SharedWords(rule) if rule.k() == 0 => {
                return Err(OracleError::setting(self.name(), "k", "at least 1", 0));
            }
            Self::SharedWords(_) => given.clone(),
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

/// Rules of the same settings are the same.
impl PartialEq for CandidateRule {
    fn eq(&self, other: &Self) -> bool {
        self.describe() == other.describe()
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

impl From<SharedWords> for CandidateRule {
    fn from(rule: SharedWords) -> Self {
        Self::SharedWords(rule)
    }
}
