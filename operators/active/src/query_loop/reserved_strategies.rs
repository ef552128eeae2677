//! Reserved strategy names: questions that every strategy gets beside its own.

/// The strategy of second questions about what is doubted.
pub(super) const RE_ASK: &str = "re_ask";
/// The strategy of questions about validation pairs.
pub(super) const VALIDATION: &str = "validation";
