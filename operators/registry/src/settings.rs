//! Settings: a component whose fields are its settings.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A component whose fields are its settings. `Default` gives the settings that nobody has to name.
///
/// Derive `Serialize` and `Deserialize` with `#[serde(default, deny_unknown_fields)]`.
pub trait Settings: Serialize + DeserializeOwned + Default {
    /// The name in plans and on the command line, also of the function that makes it.
    const NAME: &'static str;
    /// What it is, in one line: the row of the help, the book and the README.
    const SUMMARY: &'static str;
}
