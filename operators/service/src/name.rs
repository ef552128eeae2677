//! The name of this oracle in answers, plans and errors.

/// See the module.
pub(crate) const ORACLE: &str = "service";
