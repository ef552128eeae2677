//! Errors of reading a component from its description.

/// Why a description is not a component of a registry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// No component has this name.
    #[error("{kind}: unknown `{name}`; there is {}", known.join(", "))]
    Unknown {
        /// What was looked for: a loss, an encoder, an oracle.
        kind: &'static str,
        /// The name.
        name: String,
        /// The names that there are.
        known: Vec<&'static str>,
    },
    /// The component has other settings, or other values for them.
    #[error("{name}: {found}")]
    Settings {
        /// The component.
        name: String,
        /// What was found.
        found: String,
    },
}
