//! Patterns (globs) of names: `*` and `?`, and the extensions of files.

use std::path::Path;

/// Whether a text is a pattern.
pub(crate) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// Extensions of compressed files.
const COMPRESSED: [&str; 2] = ["gz", "zst"];

/// Whether the file's extension is one of these, in any case; that of a compressed file is the one before.
pub(crate) fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    let is = |path: &Path, of: &[&str]| {
        path.extension().is_some_and(|found| of.iter().any(|extension| found.eq_ignore_ascii_case(extension)))
    };
    is(path, extensions)
        || is(path, &COMPRESSED) && path.file_stem().is_some_and(|stem| is(Path::new(stem), extensions))
}

/// `*` stands for any bytes, `?` for one; linear backtracking to the last star.
pub(crate) fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        if pattern.get(p) == Some(&b'*') {
            star = Some((p, n));
            p += 1;
        } else if pattern.get(p).is_some_and(|&byte| byte == b'?' || byte == name[n]) {
            p += 1;
            n += 1;
        } else if let Some((at, taken)) = star {
            star = Some((at, taken + 1));
            p = at + 1;
            n = taken + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compressed_files_have_the_extension_of_what_they_hold() {
        for (name, expected) in
            [("a.csv", true), ("a.CSV.gz", true), ("a.csv.zst", true), ("a.gz", false), ("csv.gz", false)]
        {
            assert_eq!(has_extension(Path::new(name), &["csv"]), expected, "{name}");
        }
    }

    #[test]
    fn stars_backtrack() {
        for (pattern, name, expected) in [
            ("*a*b", "xaxbab", true),
            ("*ab", "abac", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} {name}");
        }
    }
}
