//! Candidates (blocking): the pairs of rows that questions, probabilities and decisions are about.
//!
//! Of n rows there are n (n - 1) / 2 pairs, nearly all of which are not worth a look. Rules say which are: the nearest
//! rows by their embeddings, rows with the same value, rows for which an SQL predicate holds.

mod candidate_pairs;
mod candidate_rule;
mod join;
mod nearest_rows;
mod same_values;
mod shared_words;
mod sources;

use relata_data::Session;
use relata_data::index::Row;
use relata_data::source::Samples;
use relata_graph::knn::InvertedFile;
use relata_oracle::{Context, Oracle, OracleError};
use serde::{Deserialize, Serialize};

pub use self::candidate_pairs::{CandidatePairs, CutBlock, RuleCount};
pub use self::candidate_rule::CandidateRule;
pub use self::shared_words::{SharedWords, WordIndex, shared_words};
pub use self::sources::Sources;
use crate::linkage::RecordColumn;

/// Rows of a block of equal values, beyond which it is cut.
const LARGEST_BLOCK: usize = 100;
/// What is said to have found pairs that were asked about.
const ASKED: &str = "asked";
/// Nearest rows of each row that are candidates where no rule is given.
const NEIGHBOURS: usize = 10;
/// Rows of most shared words of each row that are candidates where no rule is given.
const SHARING: usize = 5;

/// Rules whose pairs, taken together, are the candidates; the default is `nearest(10).or(shared_words(5))`.
///
/// ```
/// use relata_decide::candidates::{Candidates, CandidatesExt};
/// use relata_oracle::{nearest, same_value};
///
/// let candidates = nearest(20).or(same_value("phone")).or(same_value("lower(name)"));
/// assert_eq!(candidates.names(), ["nearest", "same_value(phone)", "same_value(lower(name))"]);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Candidates {
    rules: Vec<CandidateRule>,
    largest_block: Option<usize>,
}

impl Default for Candidates {
    fn default() -> Self {
        relata_oracle::nearest(NEIGHBOURS).or(shared_words(SHARING))
    }
}

/// What candidates are looked for among.
#[derive(Debug, Clone, Copy)]
pub struct CandidateContext<'a> {
    /// SQL over `samples`.
    pub session: &'a Session,
    /// Ids by row number.
    pub samples: &'a Samples,
    /// The columns that are compared, as text; none of samples that are no rows of a table.
    pub records: &'a [RecordColumn],
    /// The embeddings of all rows, each of unit length, one after the other.
    pub embeddings: &'a [f32],
    /// Numbers of each embedding.
    pub width: usize,
    /// An index of the embeddings of all rows, if there is one.
    pub index: Option<&'a InvertedFile>,
    /// The source of each row, if only pairs of different sources count.
    pub sources: Option<&'a Sources>,
    /// Pairs that were asked about, which are candidates whatever the rules find: an answer that was paid for teaches.
    pub asked: &'a [(Row, Row)],
    /// The seed of an approximate search.
    pub seed: u64,
}

impl Candidates {
    /// The rules' names, in order.
    pub fn names(&self) -> Vec<String> {
        self.rules.iter().map(CandidateRule::name).collect()
    }

    /// The rules that go by embeddings, and those that go by values, as bits of [`CandidatePairs::bits`].
    pub fn kinds(&self) -> (u32, u32) {
        let by_embeddings = |rule: &CandidateRule| matches!(rule, CandidateRule::Nearest(_));
        self.rules.iter().zip(0u32..).fold((0, 0), |(embeddings, values), (rule, number)| {
            let bit = 1 << number.min(31);
            if by_embeddings(rule) { (embeddings | bit, values) } else { (embeddings, values | bit) }
        })
    }

    /// Another limit on the rows of a block of equal values; the default is 100. Larger blocks are left out: a value that
    /// so many rows share says little, and their pairs would be too many. The run says which. It holds for all rules that
    /// are joined by `or`; of two limits the larger one does.
    ///
    /// ```
    /// use relata_decide::candidates::Candidates;
    /// use relata_oracle::same_value;
    ///
    /// let candidates = Candidates::from(same_value("city")).largest_block(1000);
    /// assert!(candidates.check().is_ok());
    /// ```
    pub fn largest_block(mut self, rows: usize) -> Self {
        self.largest_block = Some(rows);
        self
    }

    /// How many nearest rows, and how many rows of most shared words, are looked for beside one record; the defaults where no
    /// rule says.
    pub fn neighbours(&self) -> (usize, usize) {
        let nearest = self.rules.iter().filter_map(|rule| match rule {
            CandidateRule::Nearest(nearest) => Some(nearest.k()),
            _ => None,
        });
        let sharing = self.rules.iter().filter_map(|rule| match rule {
            CandidateRule::SharedWords(rule) => Some(rule.k()),
            _ => None,
        });
        (nearest.max().unwrap_or(NEIGHBOURS), sharing.max().unwrap_or(SHARING))
    }

    /// Refuses settings that make no sense.
    pub fn check(&self) -> Result<(), OracleError> {
        if let Some(rows @ ..2) = self.largest_block {
            return Err(OracleError::setting("candidates", "largest_block", "at least 2", rows));
        }
        self.rules.iter().try_for_each(CandidateRule::check)
    }

    /// Refuses data that a rule cannot read, such as a column that is not there.
    pub async fn check_data(&self, context: &Context<'_>) -> Result<(), OracleError> {
        for rule in &self.rules {
            match rule {
                CandidateRule::Nearest(oracle) => oracle.check_data(context).await?,
                CandidateRule::SameValue(oracle) => oracle.check_data(context).await?,
                CandidateRule::Rule(oracle) => oracle.check_data(context).await?,
                CandidateRule::SharedWords(_) => {}
            }
        }
        Ok(())
    }

    /// The pairs that any of the rules finds, and those that were asked about.
    pub async fn find(&self, context: &CandidateContext<'_>) -> Result<CandidatePairs, OracleError> {
        let mut names = self.names();
        if !context.asked.is_empty() {
            names.push(ASKED.to_owned());
        }
        let mut found = CandidatePairs::new(names);
        let largest = self.largest_block.unwrap_or(LARGEST_BLOCK);
        for (number, rule) in (0..).zip(&self.rules) {
            match rule {
                CandidateRule::Nearest(nearest) => nearest_rows::find(nearest, context, number, &mut found),
                CandidateRule::SameValue(value) => {
                    same_values::find(value, largest, context, number, &mut found).await?;
                }
                CandidateRule::Rule(rule) => join::find(rule, context, number, &mut found).await?,
                CandidateRule::SharedWords(rule) => shared_words::find(*rule, context, number, &mut found),
            }
        }
        let across = |a: Row, b: Row| context.sources.is_none_or(|sources| sources.differ(a, b));
        let asked = context.asked.iter().filter(|&&(a, b)| a != b && across(a, b));
        asked.for_each(|&(a, b)| found.add(self.rules.len() as u32, a, b));
        found.sort();
        Ok(found)
    }
}

impl<R: Into<CandidateRule>> From<R> for Candidates {
    fn from(rule: R) -> Self {
        Self { rules: vec![rule.into()], largest_block: None }
    }
}

/// Joins candidate rules.
pub trait CandidatesExt: Into<Candidates> {
    /// The pairs of these rules and those of others.
    ///
    /// ```
    /// use relata_decide::candidates::CandidatesExt;
    /// use relata_oracle::{nearest, rule};
    ///
    /// let candidates = nearest(20).or(rule("zip", "a.zip = b.zip AND a.year = b.year"));
    /// assert_eq!(candidates.names(), ["nearest", "zip"]);
    /// ```
    fn or(self, others: impl Into<Candidates>) -> Candidates {
        let (mut all, others) = (self.into(), others.into());
        all.rules.extend(others.rules);
        // A limit that is set is more than none.
        all.largest_block = all.largest_block.max(others.largest_block);
        all
    }
}

impl<C: Into<Candidates>> CandidatesExt for C {}

#[cfg(test)]
mod tests;
