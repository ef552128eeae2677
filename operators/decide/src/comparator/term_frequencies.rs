//! Term frequencies: how many rows of a column have a value, or a word of it.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize, Serializer};

/// In how many rows of a column each term occurs. A term is a whole value, or one of its words.
///
/// ```
/// use relata_decide::comparator::TermFrequencies;
///
/// let cities = TermFrequencies::of_values([Some("Rome"), None, Some("Rome"), Some("Pisa")]);
/// assert_eq!((cities.count("Rome"), cities.rows(), cities.nulls()), (2, 3, 1));
/// assert_eq!(cities.share("Pisa"), Some(1.0 / 3.0));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TermFrequencies {
    #[serde(serialize_with = "in_order")]
    counts: HashMap<Box<str>, u64>,
    rows: u64,
    nulls: u64,
}

impl TermFrequencies {
    /// Counts the values of a column, each as one term.
    pub fn of_values<S: AsRef<str>>(values: impl IntoIterator<Item = Option<S>>) -> Self {
        let mut found = Self::default();
        for value in values {
            match value {
                Some(value) => found.add_row([value.as_ref()]),
                None => found.add_null(),
            }
        }
        found
    }

    /// Counts a row that has these terms, each of which is to be given once.
    pub fn add_row<'a>(&mut self, terms: impl IntoIterator<Item = &'a str>) {
        self.rows += 1;
        for term in terms {
            match self.counts.get_mut(term) {
                Some(count) => *count += 1,
                None => drop(self.counts.insert(term.into(), 1)),
            }
        }
    }

    /// Counts a row without a value.
    pub fn add_null(&mut self) {
        self.nulls += 1;
    }

    /// How many rows have a term.
    pub fn count(&self, term: &str) -> u64 {
        self.counts.get(term).copied().unwrap_or(0)
    }

    /// The share of the rows with a value that have a term; nothing if no row has a value. A term that was never seen
    /// counts as seen once, since it is rare rather than impossible.
    pub fn share(&self, term: &str) -> Option<f64> {
        (self.rows > 0).then(|| self.count(term).max(1) as f64 / self.rows as f64)
    }

    /// How many rows have a value.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How many rows have no value.
    pub fn nulls(&self) -> u64 {
        self.nulls
    }

    /// How many different terms there are.
    pub fn distinct(&self) -> usize {
        self.counts.len()
    }
}

/// The order of a hash map differs from run to run, a file's must not.
fn in_order<S: Serializer>(counts: &HashMap<Box<str>, u64>, serializer: S) -> Result<S::Ok, S::Error> {
    counts.iter().collect::<BTreeMap<_, _>>().serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_known_of_a_column_without_values() {
        let empty = TermFrequencies::of_values::<&str>([None, None]);
        assert_eq!((empty.rows(), empty.nulls(), empty.distinct()), (0, 2, 0));
        assert_eq!(empty.share("a"), None);
    }

    #[test]
    fn unseen_terms_count_once() {
        let found = TermFrequencies::of_values([Some("a"), Some("a"), Some("")]);
        assert_eq!((found.count("b"), found.share("b")), (0, Some(1.0 / 3.0)));
        assert_eq!(found.count(""), 1);
    }

    #[test]
    fn files_are_ordered_and_read_back() {
        let found = TermFrequencies::of_values((0..50).map(|at| Some(format!("{:02}", (at * 37) % 50))));
        let text = serde_json::to_string(&found).unwrap();
        let positions: Vec<_> = (0..50).map(|at| text.find(&format!("\"{at:02}\"")).unwrap()).collect();
        assert!(positions.is_sorted());
        assert_eq!(serde_json::from_str::<TermFrequencies>(&text).unwrap(), found);
    }
}
