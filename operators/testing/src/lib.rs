//! Conformance suites: what every loss, encoder, view, source, oracle and strategy has to keep, as one function each.
//! They panic with the rule that was broken, so that a component's test is one line:
//!
//! ```
//! use relata_loss::vicreg;
//! use relata_testing::check_loss;
//!
//! check_loss(&vicreg());
//! ```
//!
//! The suites of Relata's own components and of yours are the same.
#![allow(clippy::unwrap_used)]

mod encoder;
pub mod fixture;
mod loss;
mod oracle;
mod source;
mod strategy;
mod view;

pub use encoder::check_encoder;
pub use loss::check_loss;
pub use oracle::{check_oracle, check_oracle_on};
pub use source::check_source;
pub use strategy::check_strategy;
pub use view::check_view;

use relata_registry::Description;

/// A description has a name, survives JSON, and is the same each time.
fn check_description(describe: &dyn Fn() -> Description) {
    let description = describe();
    assert!(!description.name.is_empty(), "describe: the name is empty");
    assert_eq!(description, describe(), "describe: two calls give different descriptions");
    let text = format!("{description}");
    assert!(text.starts_with(&description.name), "describe: `{text}` does not start with the name");
}
