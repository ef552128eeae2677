//! File length: no file of the sources is longer than [`MOST`] lines, tests included.

use crate::workspace::{sources, text};

/// The most lines of a file.
pub const MOST: usize = 400;

/// Files that are too long, with their lines.
pub fn too_long() -> Vec<String> {
    let lines = sources(&["rs", "js", "css", "html", "py", "sql", "slt"]).into_iter().map(|path| {
        let lines = text(&path).lines().count();
        (path, lines)
    });
    lines.filter(|(_, lines)| *lines > MOST).map(|(path, lines)| format!("{}: {lines} lines", path.display())).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_file_is_longer_than_400_lines() {
        assert_eq!(super::too_long(), Vec::<String>::new());
    }
}
