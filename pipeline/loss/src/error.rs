//! Errors of losses: a setting that makes no sense.

/// The result of checking settings.
pub type Result<T, E = SettingError> = std::result::Result<T, E>;

/// A setting that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{component}: `{setting}` must be {expected}, but is {found}")]
pub struct SettingError {
    /// The encoder, loss, optimiser or stage.
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
