//! Literals of run files: the name of a file or table of a run is written once, where it is defined.

use std::collections::BTreeMap;

use crate::scanner::{code, without_tests};
use crate::workspace::{sources, text};

/// Endings of files that a run consists of.
const ENDINGS: [&str; 9] = [".parquet", ".arrow", ".csr", ".json", ".safetensors", ".sqlite", ".lock", ".png", ".html"];

/// Names of files that are written as a literal in more than one place of the library, with those places.
pub fn repeated() -> Vec<String> {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in sources(&["rs"]) {
        let shown = path.display().to_string();
        if !shown.contains("/src/") || shown.starts_with("tests/") || shown.contains("/fixture") {
            continue;
        }
        for (line, code) in without_tests(&code(&text(&path), true)).lines().enumerate() {
            for literal in literals(code) {
                places.entry(literal.to_owned()).or_default().push(format!("{shown} ({})", line + 1));
            }
        }
    }
    let several = places.into_iter().filter(|(_, places)| places.len() > 1);
    several.map(|(literal, places)| format!("{literal}: {}", places.join(", "))).collect()
}

/// Whole string literals that are the name of a file.
fn literals(line: &str) -> impl Iterator<Item = &str> {
    let parts = line.split('"').skip(1).step_by(2);
    parts.filter(|part| ENDINGS.iter().any(|ending| part.ends_with(ending) && part.len() > ending.len()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_name_of_a_file_is_written_once() {
        assert_eq!(super::repeated(), Vec::<String>::new());
    }
}
