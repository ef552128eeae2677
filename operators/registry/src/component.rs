//! Components: what a registry holds. Most are plain settings; those that hold other components read themselves.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Description, ReadError, Registry};

/// A component whose fields are its settings. `Default` gives the settings that nobody has to name.
///
/// Derive `Serialize` and `Deserialize` with `#[serde(default, deny_unknown_fields)]`.
pub trait Settings: Serialize + DeserializeOwned + Default {
    /// The name in plans and on the command line, also of the function that makes it.
    const NAME: &'static str;
    /// What it is, in one line: the row of the help, the book and the README.
    const SUMMARY: &'static str;
}

/// A component of a registry of `T`, such as `dyn Augment`. [`Settings`] are components of any registry.
///
/// Implement it by hand for components that hold others: `read` refuses other settings with [`Description::known`] and
/// reads the inner ones with [`Registry::read_setting`], so that they may come from any crate whose list of entries is
/// part of the registry.
pub trait Component<T: ?Sized + 'static>: Sized {
    /// The name in plans and on the command line.
    const NAME: &'static str;
    /// What it is, in one line.
    const SUMMARY: &'static str;

    /// The component with its default settings, described; `None` if it cannot be without other components.
    fn defaults() -> Option<Description>;

    /// The component that was described. `registry` reads the components that it holds.
    fn read(description: &Description, registry: &Registry<T>) -> Result<Self, ReadError>;
}

impl<T: ?Sized + 'static, S: Settings> Component<T> for S {
    const NAME: &'static str = S::NAME;
    const SUMMARY: &'static str = S::SUMMARY;

    fn defaults() -> Option<Description> {
        Some(Description::of(&S::default()))
    }

    fn read(description: &Description, _: &Registry<T>) -> Result<Self, ReadError> {
        description.settings()
    }
}
