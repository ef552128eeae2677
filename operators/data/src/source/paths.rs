//! Paths and patterns (globs), and the files that they mean: a file itself, the files below a folder, or those that
//! match a pattern of `*`, `?` and `**`. Addresses of object stores mean objects likewise.

use std::path::{Component, Path, PathBuf};

use crate::input_file;
use crate::object_store::{self, Address, escaped};
pub(super) use crate::pattern::has_extension;
use crate::pattern::{is_pattern, matches};
use crate::{DataError, Result, Session};

/// The files of `path`, sorted by name. Folders are searched to any depth for the `extensions`; names that start with
/// a dot or an underscore are left out. No file at all is an error that says what is there instead.
pub(super) fn expand(path: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>> {
    if let Some(address) = Address::of(path)? {
        return object_store::expand(&address, extensions);
    }
    if path.is_file() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut found = Vec::new();
    if path.is_dir() {
        collect(path, extensions, &mut found)?;
    } else if is_pattern(&path.to_string_lossy()) {
        let parts: Vec<_> = path.components().collect();
        match_parts(PathBuf::new(), &parts, &mut found)?;
    } else {
        return Err(DataError::Missing { path: path.to_path_buf(), hint: siblings(path, extensions) });
    }
    if found.is_empty() {
        let hint = match path.is_dir() {
            true => format!("The folder has no file that ends in .{}.", extensions.join(" or .")),
            false => "No file matches the pattern.".to_owned(),
        };
        let path = if path.is_dir() { path.join(format!("*.{}", extensions[0])) } else { path.to_path_buf() };
        return Err(DataError::Missing { path, hint });
    }
    found.sort_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
    found.dedup();
    Ok(found)
}

/// The addresses that DataFusion reads, of files `file://`; unlike plain paths they take `[` and `*` in names as they
/// are. The session learns of the stores of objects.
pub(super) fn urls(session: &Session, files: &[PathBuf]) -> Result<Vec<String>> {
    object_store::register(session, files)?;
    files.iter().map(|file| url(file)).collect()
}

/// Refuses files that are all without a byte, of which no schema can be inferred.
pub(super) fn refuse_empty(path: &Path, files: &[PathBuf]) -> Result<()> {
    for file in files {
        if input_file::length(file)? > 0 {
            return Ok(());
        }
    }
    let hint = "The file has no bytes: check the program that wrote it.".to_owned();
    Err(DataError::Empty { what: format!("`{}`", path.display()), hint })
}

/// The entries of a folder, sorted by name.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let read = std::fs::read_dir(folder).map_err(DataError::io(folder))?;
    let mut entries: Vec<PathBuf> =
        read.map(|entry| entry.map(|e| e.path())).collect::<std::io::Result<_>>().map_err(DataError::io(folder))?;
    entries.sort();
    Ok(entries)
}

/// The files with one of these extensions at any depth below a folder.
pub(super) fn collect(folder: &Path, extensions: &[&str], found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in entries(folder)? {
        let hidden = entry.file_name().is_some_and(|name| name.to_string_lossy().starts_with(['.', '_']));
        if hidden {
            continue;
        }
        if entry.is_dir() {
            collect(&entry, extensions, found)?;
        } else if has_extension(&entry, extensions) {
            found.push(entry);
        }
    }
    Ok(())
}

fn url(file: &Path) -> Result<String> {
    if let Some(address) = Address::of(file)? {
        return Ok(address.session_url());
    }
    let whole = std::path::absolute(file).map_err(DataError::io(file))?;
    Ok(format!("file://{}", escaped(whole.as_os_str().as_encoded_bytes())))
}

fn match_parts(base: PathBuf, parts: &[Component<'_>], found: &mut Vec<PathBuf>) -> Result<()> {
    let Some((first, rest)) = parts.split_first() else {
        if base.is_file() {
            found.push(base);
        }
        return Ok(());
    };
    let pattern = first.as_os_str().to_string_lossy();
    if !is_pattern(&pattern) {
        return match_parts(base.join(first), rest, found);
    }
    if !base.as_os_str().is_empty() && !base.is_dir() {
        return Ok(());
    }
    let any_depth = pattern == "**";
    if any_depth {
        match_parts(base.clone(), rest, found)?;
    }
    for entry in entries(&base)? {
        let Some(name) = entry.file_name() else { continue };
        let next = base.join(name);
        if any_depth {
            if next.is_dir() {
                match_parts(next, parts, found)?;
            }
        } else if matches(pattern.as_bytes(), name.to_string_lossy().as_bytes()) {
            match_parts(next, rest, found)?;
        }
    }
    Ok(())
}

/// What there is beside a path that is not there.
fn siblings(path: &Path, extensions: &[&str]) -> String {
    let folder = path.parent().unwrap_or(Path::new(""));
    let Ok(entries) = entries(folder) else {
        return format!("The folder `{}` does not exist either.", folder.display());
    };
    let near: Vec<_> = entries
        .iter()
        .filter(|entry| has_extension(entry, extensions))
        .filter_map(|entry| Some(entry.file_name()?.to_string_lossy().into_owned()))
        .take(5)
        .collect();
    match near.is_empty() {
        true => format!("The folder `{}` has no .{} file: check the path.", folder.display(), extensions.join(" or .")),
        false => format!("The folder `{}` has {}: check the spelling.", folder.display(), near.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_patterns_give_sorted_files() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for name in ["b.csv", "a.csv", "deep/c.csv", "deep/er/d.csv", "_log.csv", "x.txt"] {
            std::fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
            std::fs::write(root.join(name), "1").unwrap();
        }
        let names = |path: &Path| -> Vec<String> {
            let files = expand(path, &["csv"]).unwrap();
            files.iter().map(|f| f.strip_prefix(root).unwrap().to_string_lossy().into_owned()).collect()
        };
        assert_eq!(names(root), ["a.csv", "b.csv", "deep/c.csv", "deep/er/d.csv"]);
        assert_eq!(names(&root.join("?.csv")), ["a.csv", "b.csv"]);
        assert_eq!(names(&root.join("d*p/*.csv")), ["deep/c.csv"]);
        assert_eq!(names(&root.join("deep/**/*.csv")), ["deep/c.csv", "deep/er/d.csv"]);
        assert_eq!(names(&root.join("x.txt")), ["x.txt"]);
    }

    #[test]
    fn what_is_missing_is_named_with_its_neighbours() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("digits.csv"), "1").unwrap();
        let error = expand(&folder.path().join("digit.csv"), &["csv"]).unwrap_err().to_string();
        assert!(error.contains("digit.csv` does not exist") && error.contains("has digits.csv"), "{error}");
        for none in ["*.parquet", "no/folder/x.csv"] {
            let error = expand(&folder.path().join(none), &["csv"]).unwrap_err();
            assert!(matches!(error, DataError::Missing { .. }), "{error}");
        }
        assert!(expand(folder.path(), &["json"]).is_err());
    }

    #[test]
    fn addresses_escape_what_a_name_may_hold() {
        assert_eq!(url(Path::new("/a b/[1]*.csv")).unwrap(), "file:///a%20b/%5B1%5D%2A.csv");
    }
}
