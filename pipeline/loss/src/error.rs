//! Errors of losses: a setting that makes no sense.

pub use relata_registry::SettingError;

/// The result of checking settings.
pub type Result<T, E = SettingError> = std::result::Result<T, E>;
