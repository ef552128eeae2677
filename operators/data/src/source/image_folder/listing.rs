//! Listing of an image folder: its pictures with their class and split, and what is passed over.

use std::collections::{BTreeMap, HashSet};
use std::fs::FileType;
use std::path::{Path, PathBuf};

use super::label_file::{Entry, LabelFile};
use crate::input_file::refuse_address;
use crate::source::paths::has_extension;
use crate::{DataError, Result};

/// The extensions of pictures that can be decoded. What a file is, its content says.
const EXTENSIONS: [&str; 11] = ["png", "jpg", "jpeg", "jpe", "jfif", "webp", "tif", "tiff", "bmp", "dib", "gif"];
/// The folders of splits.
const SPLITS: [&str; 9] = ["train", "training", "val", "valid", "validation", "dev", "eval", "test", "testing"];

/// The pictures of a folder, sorted by path.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub pictures: Vec<Picture>,
    /// Whether the top folders are splits.
    pub splits: bool,
    /// Pictures that no line of a file of labels is about, if there is such a file.
    pub unlabelled: usize,
    /// What was passed over, and how often.
    passed: BTreeMap<String, usize>,
}

/// A picture: its path below the folder, and what the path or a file of labels says of it.
#[derive(Debug, PartialEq)]
pub(super) struct Picture {
    pub path: String,
    pub label: Option<String>,
    pub split: Option<String>,
}

impl Listing {
    /// Looks through a folder. Links that lead out of it are followed, each folder is read once.
    pub fn of(root: &Path) -> Result<Self> {
        refuse_address(root)?;
        if !root.is_dir() {
            let hint = "Name the folder of the pictures.".to_owned();
            return Err(DataError::Missing { path: root.to_path_buf(), hint });
        }
        let real = root.canonicalize().map_err(DataError::io(root))?;
        let mut walk = Walk { real, ..Walk::default() };
        walk.folder(root, false, &mut Vec::new())?;
        let Walk { files, labels, passed, .. } = walk;
        let tops = || files.iter().filter_map(|path| path.split_once('/')).map(|(top, _)| top);
        let nested = files.iter().all(|path| path.contains('/'));
        let splits =
            !files.is_empty() && nested && tops().all(|top| SPLITS.contains(&top.to_ascii_lowercase().as_str()));
        let mut labelled = LabelFile::read_all(root, labels)?;
        let pictures = files.into_iter().map(|path| {
            let mut parts = path.split('/');
            let split = if splits { parts.next().map(str::to_owned) } else { None };
            let class = parts.next().filter(|_| parts.next().is_some()).map(str::to_owned);
            let (label, of_split) = match labelled.take(&path) {
                Some(entry) => (entry.label, entry.split),
                None => (class, None),
            };
            Picture { label, split: of_split.or(split), path }
        });
        let mut pictures: Vec<Picture> = pictures.collect();
        let is_labelled = labelled.is_there();
        // Pictures that have a line and are not there are left out when they cannot be read, and listed as such.
        pictures.extend(labelled.rest().map(|(path, Entry { label, split, .. })| Picture { path, label, split }));
        pictures.sort_by(|a, b| a.path.cmp(&b.path));
        let splits = splits || pictures.iter().any(|picture| picture.split.is_some());
        if pictures.is_empty() {
            let passed = passed_over(&passed).map_or(String::new(), |passed| format!(" It has {passed}."));
            let hint = format!("Put pictures (.{}) into one subfolder per class.{passed}", EXTENSIONS.join(", ."));
            return Err(DataError::Empty { what: format!("the image folder `{}`", root.display()), hint });
        }
        let unlabelled = if is_labelled { pictures.iter().filter(|one| one.label.is_none()).count() } else { 0 };
        Ok(Self { pictures, splits, unlabelled, passed })
    }

    /// What was passed over, in a line; none if that is nothing.
    pub fn passed_over(&self) -> Option<String> {
        passed_over(&self.passed)
    }
}

fn passed_over(passed: &BTreeMap<String, usize>) -> Option<String> {
    let kinds: Vec<String> = passed.iter().map(|(kind, many)| format!("{many} {kind}")).collect();
    (!kinds.is_empty()).then(|| kinds.join(", "))
}

#[derive(Default)]
struct Walk {
    /// Paths of pictures, with `/` between folders.
    files: Vec<String>,
    /// Folders with a file of labels, and that file.
    labels: Vec<PathBuf>,
    passed: BTreeMap<String, usize>,
    /// The whole folder, without links in its path.
    real: PathBuf,
    /// Folders outside of it that links have led to.
    seen: HashSet<PathBuf>,
}

impl Walk {
    fn folder(&mut self, folder: &Path, by_link: bool, below: &mut Vec<String>) -> Result<()> {
        // A folder within the whole is read where it lies, never where a link leads to it: its place is its class.
        let real = folder.canonicalize().map_err(DataError::io(folder))?;
        let outside = !real.starts_with(&self.real);
        if (by_link && !outside) || (outside && !self.seen.insert(real)) {
            *self.passed.entry("links to folders that are read already".to_owned()).or_default() += 1;
            return Ok(());
        }
        let entries = std::fs::read_dir(folder).map_err(DataError::io(folder))?;
        let mut entries: Vec<_> = entries.collect::<std::io::Result<_>>().map_err(DataError::io(folder))?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        let mut folders: Vec<(String, bool, PathBuf)> = Vec::new();
        for entry in entries {
            let (name, path) = (entry.file_name(), entry.path());
            let Some(name) = name.to_str() else {
                *self.passed.entry("files whose names are not Unicode".to_owned()).or_default() += 1;
                continue;
            };
            let kind = entry.file_type().map_err(DataError::io(&path))?;
            let is_folder = kind.is_dir() || (kind.is_symlink() && path.is_dir());
            if name.starts_with(['.', '_']) {
                *self.passed.entry("hidden files or folders".to_owned()).or_default() += 1;
            } else if is_folder {
                folders.push((name.to_owned(), kind.is_symlink(), path));
            } else if LabelFile::is_one(name) {
                self.labels.push(path);
            } else if has_extension(&path, &EXTENSIONS) {
                below.push(name.to_owned());
                self.files.push(below.join("/"));
                below.pop();
            } else {
                *self.passed.entry(kind_of(&path, kind)).or_default() += 1;
            }
        }
        for (name, by_link, path) in folders {
            below.push(name);
            self.folder(&path, by_link, below)?;
            below.pop();
        }
        Ok(())
    }
}

fn kind_of(path: &Path, kind: FileType) -> String {
    match path.extension() {
        _ if !kind.is_file() && !kind.is_symlink() => "special files".to_owned(),
        Some(extension) => format!("files .{}", extension.to_string_lossy().to_ascii_lowercase()),
        None => "files without an extension".to_owned(),
    }
}
