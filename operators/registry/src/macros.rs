//! Macros that declare registries and the components of a folder.

/// Declares a [`Registry`](crate::Registry): `static NAME: dyn Trait = "kind" [Component, ..]`. A component's line here is all that it
/// takes to be in plans, on the command line, in the help and in the documentation.
#[macro_export]
macro_rules! registry {
    ($(#[$about:meta])* $visibility:vis static $name:ident: $of:ty = $kind:literal [$($component:path),* $(,)?]) => {
        $(#[$about])*
        $visibility static $name: $crate::Registry<$of> = $crate::Registry::new($kind, &[&[$(
            $crate::Entry::of::<$component>(|description, registry| {
                Ok(Box::new(<$component as $crate::Component<$of>>::read(description, registry)?))
            })
        ),*]]);
    };
}

/// Declares the components of a folder, one file each: their modules, a [`registry!`](crate::registry!), and a module `constructors` with
/// the function of each, for preludes. A component's line here is all that it takes beside its file:
///
/// ```ignore
/// relata_registry::components! {
///     /// Every loss.
///     pub static LOSSES: dyn GraphLoss = "loss" [
///         nt_xent::NtXent, // nt_xent.rs has `pub struct NtXent` and `pub fn nt_xent(..)`
///         vicreg::Vicreg,
///     ]
/// }
/// ```
#[macro_export]
macro_rules! components {
    ($(#[$about:meta])* $visibility:vis static $name:ident: $of:ty = $kind:literal
     [$($module:ident :: $component:ident),* $(,)?]) => {
        $(mod $module; pub use self::$module::*;)*

        $crate::registry! {
            $(#[$about])*
            $visibility static $name: $of = $kind [$(self::$module::$component),*]
        }

        /// The function that makes each component.
        pub mod constructors {
            $(pub use super::$module::$module;)*
        }
    };
}

/// Gives an error the function `setting`, which makes its variant `Setting` of a [`SettingError`](crate::SettingError).
///
/// ```
/// use relata_registry::SettingError;
///
/// #[derive(Debug)]
/// enum SoupError {
///     Setting(SettingError),
/// }
///
/// relata_registry::setting_error!(SoupError);
///
/// let SoupError::Setting(error) = SoupError::setting("soup", "salt", "at least 0", -1);
/// assert_eq!(error.to_string(), "soup: `salt` must be at least 0, but is -1");
/// ```
#[macro_export]
macro_rules! setting_error {
    ($error:ident) => {
        impl $error {
            /// A setting that makes no sense.
            pub fn setting(
                component: impl Into<String>,
                setting: impl Into<String>,
                expected: impl Into<String>,
                found: impl ToString,
            ) -> Self {
                Self::Setting($crate::SettingError::new(component, setting, expected, found))
            }
        }
    };
}
