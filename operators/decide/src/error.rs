//! Errors of decisions: numbers that are none, tables that do not fit together, links that contradict each other.

/// The result of a step towards a decision.
pub type Result<T, E = DecideError> = std::result::Result<T, E>;

/// What can be wrong with the input of a decision.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DecideError {
    /// A number of the input that cannot be used.
    #[error("{what} {position}: expected {expected}, found {found}")]
    Value {
        /// What the number is, such as "weight".
        what: &'static str,
        /// Its position among those of its kind.
        position: usize,
        /// What was expected.
        expected: &'static str,
        /// What came.
        found: f64,
    },
    /// A setting that makes no sense.
    #[error("the setting `{name}`: expected {expected}, found {found}")]
    Setting {
        /// Its name.
        name: &'static str,
        /// What was expected.
        expected: &'static str,
        /// What came.
        found: f64,
    },
    /// Two inputs that belong together differ in length.
    #[error("{what}: expected {expected}, found {found}")]
    Length {
        /// What is counted.
        what: &'static str,
        /// How many were expected.
        expected: usize,
        /// How many came.
        found: usize,
    },
    /// Nothing to learn from: no observation has a weight.
    #[error("no observation has a weight above 0, and a model needs at least one")]
    NoObservations,
    /// A model of pairs compares a column that the table does not have.
    #[error(
        "the table has no column `{name}`, which the model of its pairs compares: it is the model of another table"
    )]
    NoColumn {
        /// Its name.
        name: String,
    },
    /// A model of pairs with probabilities of levels that are none.
    #[error("the model of pairs has levels of the column `{column}` that are no probabilities: the file is damaged")]
    Levels {
        /// Its name.
        column: String,
    },
    /// No group of rows has a class.
    #[error(
        "nothing is known to be of any class: ask questions, relate labels of some rows, or name rows by \
         `classes().names(column)`"
    )]
    NoClasses,
    /// All observations are of one class, so that the intercept without a penalty has no finite optimum.
    #[error(
        "all observations are {}: add some of the other class, or penalise the intercept",
        if *.related { "related" } else { "unrelated" }
    )]
    OneClass {
        /// Whether all are related; otherwise none is.
        related: bool,
    },
    /// A pair that is no pair of two rows in order.
    #[error("the pair ({a}, {b}): expected the smaller of two rows first, out of {rows} rows")]
    Pair {
        /// Its first row.
        a: u32,
        /// Its second row.
        b: u32,
        /// How many rows there are.
        rows: usize,
    },
    /// A pair that is scored twice.
    #[error("the pair ({a}, {b}) is scored more than once: add its log-odds up or keep one of them")]
    RepeatedPair {
        /// Its smaller row.
        a: u32,
        /// Its larger row.
        b: u32,
    },
    /// A pair that comes after one that is larger.
    #[error("the pair ({a}, {b}) comes after a larger one: sort the pairs")]
    UnsortedPair {
        /// Its smaller row.
        a: u32,
        /// Its larger row.
        b: u32,
    },
    /// A cannot-link between two rows that must-links join, directly or through others.
    #[error("rows {a} and {b} are joined by must-links, and a cannot-link separates them: remove one of them")]
    Contradiction {
        /// The smaller row of the cannot-link.
        a: u32,
        /// The larger row of the cannot-link.
        b: u32,
    },
    /// Must-links join two rows of one source, of which an entity may have only one.
    #[error(
        "rows {a} and {b} are joined by must-links, but both are of source {source_id}, and an entity has one each"
    )]
    SameSource {
        /// The smaller row.
        a: u32,
        /// The larger row.
        b: u32,
        /// Their source.
        source_id: u32,
    },
    /// A must-link between rows that a partition puts into different entities.
    #[error("the must-link ({a}, {b}) is broken: the rows are in different entities")]
    BrokenMustLink {
        /// The smaller row.
        a: u32,
        /// The larger row.
        b: u32,
    },
    /// A stratum of an audit in which no question was answered, so that nothing is known about its pairs.
    #[error("no question about stratum {stratum} was answered, which stands for {pairs} pairs: ask about some")]
    UnansweredStratum {
        /// Its number.
        stratum: usize,
        /// How many pairs it has.
        pairs: u64,
    },
}

/// Refuses a number that is not finite.
pub(crate) fn finite(what: &'static str, position: usize, found: f64) -> Result<()> {
    let problem = DecideError::Value { what, position, expected: "a finite number", found };
    if found.is_finite() { Ok(()) } else { Err(problem) }
}

/// Refuses a number outside of [0, 1].
pub(crate) fn share(what: &'static str, position: usize, found: f64) -> Result<()> {
    let problem = DecideError::Value { what, position, expected: "a number from 0 to 1", found };
    if (0.0..=1.0).contains(&found) { Ok(()) } else { Err(problem) }
}

/// Refuses a weight that is negative or not finite.
pub(crate) fn weight(position: usize, found: f64) -> Result<()> {
    let expected = "a finite number of at least 0";
    let problem = DecideError::Value { what: "weight", position, expected, found };
    if found.is_finite() && found >= 0.0 { Ok(()) } else { Err(problem) }
}

/// Refuses two lengths that differ.
pub(crate) fn same_length(what: &'static str, expected: usize, found: usize) -> Result<()> {
    if expected == found { Ok(()) } else { Err(DecideError::Length { what, expected, found }) }
}

/// Refuses a setting that breaks its condition, which the caller has tested so that it is false for NaN.
pub(crate) fn setting(name: &'static str, holds: bool, expected: &'static str, found: f64) -> Result<()> {
    if holds { Ok(()) } else { Err(DecideError::Setting { name, expected, found }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_say_what_was_expected_and_found() {
        let shown = |problem: Result<()>| problem.unwrap_err().to_string();
        assert_eq!(shown(weight(3, -1.0)), "weight 3: expected a finite number of at least 0, found -1");
        assert_eq!(shown(same_length("targets", 2, 1)), "targets: expected 2, found 1");
        assert_eq!(shown(setting("ridge", false, "more", 0.0)), "the setting `ridge`: expected more, found 0");
        let one_class = DecideError::OneClass { related: false }.to_string();
        assert!(one_class.starts_with("all observations are unrelated: "), "{one_class}");
        assert!(DecideError::OneClass { related: true }.to_string().starts_with("all observations are related: "));
    }
}
