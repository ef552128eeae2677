//! Errors of components: a description that is none, and a setting that makes no sense.

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

/// A setting that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{component}: `{setting}` must be {expected}, but is {found}")]
pub struct SettingError {
    /// The component or stage: an encoder, a loss, an oracle, a source.
    pub component: String,
    /// The setting's name.
    pub setting: String,
    /// What is allowed.
    pub expected: String,
    /// What was given.
    pub found: String,
}

impl SettingError {
    /// A setting that makes no sense.
    pub fn new(
        component: impl Into<String>,
        setting: impl Into<String>,
        expected: impl Into<String>,
        found: impl ToString,
    ) -> Self {
        Self {
            component: component.into(),
            setting: setting.into(),
            expected: expected.into(),
            found: found.to_string(),
        }
    }
}
