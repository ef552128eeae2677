//! Module headers: the first line of every Rust file says what it holds. That public items are documented is a lint of
//! the workspace, which every crate has to inherit.

use crate::workspace::{crates, root, sources, text};

/// Rust files that do not start with `//!`.
pub fn without_header() -> Vec<String> {
    let files = sources(&["rs"]).into_iter().filter(|path| !text(path).starts_with("//! "));
    files.map(|path| path.display().to_string()).collect()
}

/// Crates that do not inherit the lints of the workspace.
pub fn without_lints() -> Vec<String> {
    let manifest = |folder: &std::path::Path| text(&folder.join("Cargo.toml"));
    let crates = crates().into_iter().filter(|found| !manifest(&found.folder).contains("[lints]\nworkspace = true"));
    crates.map(|found| found.folder.strip_prefix(root()).unwrap_or(&found.folder).display().to_string()).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_has_a_header() {
        assert_eq!(without_header(), Vec::<String>::new());
    }

    #[test]
    fn missing_documentation_is_denied_everywhere() {
        assert!(text(Path::new("Cargo.toml")).contains("missing_docs = \"deny\""));
        assert_eq!(without_lints(), Vec::<String>::new());
    }
}
