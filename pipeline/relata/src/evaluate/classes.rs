//! Classes of a label column: its distinct values in their natural order, numbered from 0.

use std::collections::{BTreeSet, HashMap};

/// The most classes that labels may have; a label column with more is taken for a column of ids.
pub const MAX_CLASSES: usize = 10_000;

/// Distinct labels in order (numbers by value, other text alphabetically), so that class numbers do not depend on the
/// order of the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classes {
    names: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Classes {
    /// Numbers the labels.
    ///
    /// ```
    /// use relata::evaluate::Classes;
    ///
    /// let classes = Classes::new(["10", "9"].map(String::from).into());
    /// assert_eq!(classes.names(), ["9", "10"]);
    /// assert_eq!(classes.number("10"), Some(1));
    /// ```
    pub fn new(labels: BTreeSet<String>) -> Self {
        let mut names: Vec<String> = labels.into_iter().collect();
        if names.iter().all(|name| name.parse::<f64>().is_ok()) {
            let value = |name: &String| name.parse().unwrap_or(f64::NAN);
            names.sort_by(|a, b| value(a).total_cmp(&value(b)));
        }
        let numbers = names.iter().zip(0..).map(|(name, number)| (name.clone(), number)).collect();
        Self { names, numbers }
    }

    /// How many classes there are.
    pub fn count(&self) -> usize {
        self.names.len()
    }

    /// The labels, by class number.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The label of a class, for messages and legends.
    pub fn name(&self, class: u32) -> String {
        self.names.get(class as usize).cloned().unwrap_or_else(|| format!("class {class}"))
    }

    /// The class number of a label.
    pub fn number(&self, label: &str) -> Option<u32> {
        self.numbers.get(label).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(labels: &[&str]) -> Vec<String> {
        Classes::new(labels.iter().map(|label| label.to_string()).collect()).names().to_vec()
    }

    #[test]
    fn numbers_sort_by_value_and_text_alphabetically() {
        assert_eq!(names(&["10", "9", "-1"]), ["-1", "9", "10"]);
        assert_eq!(names(&["10", "9", "cat"]), ["10", "9", "cat"]);
    }
}
