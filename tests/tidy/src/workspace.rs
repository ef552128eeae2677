//! Workspace files: the crates and their sources.

use std::fs;
use std::path::{Path, PathBuf};

/// A crate of the workspace.
#[derive(Debug, Clone)]
pub struct Crate {
    /// The folder of its `Cargo.toml`.
    pub folder: PathBuf,
}

/// The root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every crate below `schemas`, `operators`, `pipeline` and `tests`.
pub fn crates() -> Vec<Crate> {
    let mut found = Vec::new();
    for top in ["schemas", "operators", "pipeline", "tests"] {
        below(&root().join(top), &mut |path| {
            if path.file_name().is_some_and(|name| name == "Cargo.toml") {
                found.push(Crate { folder: path.parent().unwrap_or(path).to_path_buf() });
            }
        });
    }
    found.sort_by(|a, b| a.folder.cmp(&b.folder));
    found
}

/// Every file with one of these extensions below the workspace's folders of sources, as a path from the root.
pub fn sources(extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for top in ["schemas", "operators", "pipeline", "examples", "tests"] {
        below(&root().join(top), &mut |path| {
            if path.extension().is_some_and(|extension| extensions.iter().any(|wanted| extension == *wanted)) {
                found.push(path.strip_prefix(root()).unwrap_or(path).to_path_buf());
            }
        });
    }
    found.sort();
    found
}

/// The text of a file below the root.
pub fn text(path: &Path) -> String {
    // A file that cannot be read was deleted while the test ran: it holds nothing.
    fs::read_to_string(root().join(path)).unwrap_or_default()
}

fn below(folder: &Path, on_file: &mut dyn FnMut(&Path)) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_dir() && name != "target" && name != "runs" && !name.starts_with('.') {
            below(&path, on_file);
        } else if path.is_file() {
            on_file(&path);
        }
    }
}
