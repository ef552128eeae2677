//! Naming: groups of samples that people are asked the names of, and the file in which their names are kept.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use relata_data::DataError;
use relata_data::index::SampleId;
use relata_oracle::{NameQuestion, Result};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// The file of names, in the folder of a run: JSON lines, of which the last about a group counts.
const FILE: &str = "names.jsonl";

/// What somebody has said of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GivenName {
    /// The sample that stands for the group.
    pub group: u64,
    /// The samples that were shown.
    pub members: Vec<u64>,
    /// Its name; none if whoever was asked did not know.
    pub name: Option<String>,
    /// Who said it.
    pub annotator: String,
}

/// The groups that people are asked about now.
#[derive(Debug)]
pub(crate) struct Naming {
    path: PathBuf,
    open: Mutex<Open>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Open {
    questions: Vec<NameQuestion>,
    /// By the sample that stands for a group: what was said of it.
    said: BTreeMap<SampleId, GivenName>,
}

impl Naming {
    /// Nothing is asked yet.
    pub(crate) fn new(folder: &Path) -> Self {
        Self { path: folder.join(FILE), open: Mutex::default(), changed: Notify::new() }
    }

    /// Asks for names of groups, of which those that were given before are taken from the file.
    pub(crate) fn begin(&self, questions: &[NameQuestion]) -> Result<()> {
        let mut said = BTreeMap::new();
        if self.path.is_file() {
            let bytes = std::fs::read(&self.path).map_err(DataError::io(&self.path))?;
            for line in bytes.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
                match serde_json::from_slice::<GivenName>(line) {
                    Ok(given) => drop(said.insert(SampleId(given.group), given)),
                    // A line that was cut off by a crash was not confirmed to anybody.
                    Err(error) => tracing::warn!("a line of `{}` is no name: {error}", self.path.display()),
                }
            }
        }
        *self.lock() = Open { questions: questions.to_vec(), said };
        Ok(())
    }

    /// The next group without a name, and how many have one of how many.
    pub(crate) fn next(&self) -> Option<(NameQuestion, usize, usize)> {
        let open = self.lock();
        let question = open.questions.iter().find(|question| !open.is_said(question))?;
        let done = open.questions.iter().filter(|question| open.is_said(question)).count();
        Some((question.clone(), done, open.questions.len()))
    }

    /// The names so far, each once.
    pub(crate) fn names(&self) -> Vec<String> {
        let open = self.lock();
        let mut names: Vec<String> = open.said.values().filter_map(|given| given.name.clone()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Writes a name down, durably. Whether the group is asked about, and nobody else has named it.
    pub(crate) fn give(&self, group: SampleId, name: Option<String>, annotator: &str) -> Result<bool> {
        let mut open = self.lock();
        let Some(question) = open.questions.iter().find(|question| question.group == group) else { return Ok(false) };
        let members = question.members.iter().map(|id| id.0).collect();
        let given = GivenName { group: group.0, members, name, annotator: annotator.to_owned() };
        if open.is_said(question) && open.said[&group].annotator != annotator {
            return Ok(false);
        }
        if open.said.get(&group) != Some(&given) {
            let io = || DataError::io(&self.path);
            let line = serde_json::to_string(&given).map_err(std::io::Error::other).map_err(io())?;
            let mut file = OpenOptions::new().create(true).append(true).read(true).open(&self.path).map_err(io())?;
            let begin = if ends_whole(&mut file).map_err(io())? { "" } else { "\n" };
            writeln!(file, "{begin}{line}").and_then(|()| File::sync_all(&file)).map_err(io())?;
            open.said.insert(group, given);
        }
        drop(open);
        self.changed.notify_waiters();
        Ok(true)
    }

    /// The names of all groups, when all were asked about.
    pub(crate) async fn all(&self) -> Vec<Option<String>> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // From here on, no change is missed.
            changed.as_mut().enable();
            if let Some(names) = self.complete() {
                return names;
            }
            changed.await;
        }
    }

    /// Stops asking.
    pub(crate) fn end(&self) {
        self.lock().questions.clear();
    }

    fn complete(&self) -> Option<Vec<Option<String>>> {
        let open = self.lock();
        open.questions
            .iter()
            .map(|question| open.is_said(question).then(|| open.said[&question.group].name.clone()))
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        // A panic while it was held has left names that are written down.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// Whether something was said of just this group; a group of other members is another one.
    fn is_said(&self, question: &NameQuestion) -> bool {
        let members = || question.members.iter().map(|id| id.0);
        self.said.get(&question.group).is_some_and(|given| given.members.iter().copied().eq(members()))
    }
}

/// Whether a file is empty or ends with a whole line.
fn ends_whole(file: &mut File) -> std::io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == [b'\n'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(members: &[u64]) -> NameQuestion {
        NameQuestion { group: SampleId(members[0]), members: members.iter().copied().map(SampleId).collect() }
    }

    #[tokio::test]
    async fn names_are_kept_and_asked_for_once() {
        let folder = tempfile::tempdir().unwrap();
        let naming = Naming::new(folder.path());
        naming.begin(&[question(&[1, 2]), question(&[5])]).unwrap();
        assert_eq!(naming.next(), Some((question(&[1, 2]), 0, 2)));
        assert!(naming.give(SampleId(1), Some("cat".to_owned()), "ann").unwrap());
        assert!(!naming.give(SampleId(9), None, "ann").unwrap());
        // Who comes late does not overwrite it; whoever said it may.
        assert!(!naming.give(SampleId(1), None, "bob").unwrap());
        assert!(naming.give(SampleId(1), Some("cat".to_owned()), "ann").unwrap());
        // A process that was killed while it wrote, and another that goes on.
        let mut text = std::fs::read(folder.path().join(FILE)).unwrap();
        text.extend("{\"group\":5,\"mem\u{fc}".as_bytes().split_last().unwrap().1);
        std::fs::write(folder.path().join(FILE), text).unwrap();
        let naming = Naming::new(folder.path());
        naming.begin(&[question(&[1, 2]), question(&[5])]).unwrap();
        assert_eq!((naming.next(), naming.names()), (Some((question(&[5]), 1, 2)), vec!["cat".to_owned()]));
        naming.give(SampleId(5), None, "bob").unwrap();
        assert_eq!(naming.all().await, [Some("cat".to_owned()), None]);
        let naming = Naming::new(folder.path());
        naming.begin(&[question(&[1, 2]), question(&[5])]).unwrap();
        assert_eq!(naming.next(), None, "what came after the broken line is there");
        // A group that has other members is another group.
        naming.begin(&[question(&[1, 3])]).unwrap();
        assert_eq!(naming.next(), Some((question(&[1, 3]), 0, 1)));
        naming.end();
        assert_eq!(naming.next(), None);
    }
}
