//! Registries of components (plug-ins): losses, encoders, views, oracles, strategies, sources, evaluations and
//! optimisers by name.
//!
//! A component is one file with a struct whose fields are its settings. `serde` writes them into a [`Description`] and
//! reads them back, so that a plan, the command line, the help and the documentation all speak of the same settings.
//! One line in a [`registry!`] makes it known everywhere:
//!
//! ```
//! use relata_registry::{Description, Settings, registry};
//! use serde::{Deserialize, Serialize};
//!
//! trait Shape {
//!     fn describe(&self) -> Description;
//!     fn area(&self) -> f64;
//! }
//!
//! #[derive(Serialize, Deserialize)]
//! #[serde(default, deny_unknown_fields)]
//! struct Square {
//!     side: f64,
//! }
//!
//! impl Default for Square {
//!     fn default() -> Self {
//!         Self { side: 1.0 }
//!     }
//! }
//!
//! impl Settings for Square {
//!     const NAME: &'static str = "square";
//!     const SUMMARY: &'static str = "four equal sides";
//! }
//!
//! impl Shape for Square {
//!     fn describe(&self) -> Description {
//!         Description::of(self)
//!     }
//!
//!     fn area(&self) -> f64 {
//!         self.side * self.side
//!     }
//! }
//!
//! registry! {
//!     /// Every shape.
//!     static SHAPES: dyn Shape = "shape" [Square]
//! }
//!
//! let square = SHAPES.parse("square", &[("side".into(), "3".into())])?;
//! assert_eq!(square.area(), 9.0);
//! assert_eq!(square.describe().to_string(), "square side=3.0");
//! assert_eq!(SHAPES.read(&square.describe())?.area(), 9.0);
//! assert_eq!(SHAPES.parse("circle", &[]).err().unwrap().to_string(), "shape: unknown `circle`; there is square");
//! # Ok::<(), relata_registry::ReadError>(())
//! ```
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod description;
mod error;
mod macros;
mod registry;
mod settings;

pub use description::Description;
pub use error::{ReadError, SettingError};
pub use registry::{Component, Entry, Registry};
pub use settings::Settings;
