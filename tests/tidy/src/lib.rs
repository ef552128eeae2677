//! Tidiness tests: rules that every source file of the workspace keeps. They read the sources as text and build
//! nothing.
//!
//! - [`cycles`]: no module uses a module that uses it, directly or by a longer way, at any level of a crate.
//! - [`length`]: no file is longer than 400 lines.
//! - [`header`]: every module says in its first line what it holds, and every crate denies missing documentation.
//! - [`literals`]: the name of a file of a run is written once.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod cycles;
pub mod header;
pub mod length;
pub mod literals;
pub mod modules;
pub mod scanner;
pub mod workspace;
