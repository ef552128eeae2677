//! Naming: groups of samples that people are asked the names of, and the file in which their names are kept.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
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
            let text = std::fs::read_to_string(&self.path).map_err(DataError::io(&self.path))?;
            for line in text.lines().filter(|line| !line.trim().is_empty()) {
                // A line that was cut off by a crash was not confirmed to anybody.
                let Ok(given) = serde_json::from_str::<GivenName>(line) else { continue };
                said.insert(SampleId(given.group), given);
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

    /// Writes a name down, durably. Whether the group is asked about.
    pub(crate) fn give(&self, group: SampleId, name: Option<String>, annotator: &str) -> Result<bool> {
        let mut open = self.lock();
        let Some(question) = open.questions.iter().find(|question| question.group == group) else { return Ok(false) };
        let members = question.members.iter().map(|id| id.0).collect();
        let given = GivenName { group: group.0, members, name, annotator: annotator.to_owned() };
        if open.said.get(&group) != Some(&given) {
            let io = || DataError::io(&self.path);
            let line = serde_json::to_string(&given).map_err(std::io::Error::other).map_err(io())?;
            let mut file = OpenOptions::new().create(true).append(true).open(&self.path).map_err(io())?;
            writeln!(file, "{line}").and_then(|()| File::sync_all(&file)).map_err(io())?;
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
        // Another process goes on.
        let naming = Naming::new(folder.path());
        naming.begin(&[question(&[1, 2]), question(&[5])]).unwrap();
        assert_eq!((naming.next(), naming.names()), (Some((question(&[5]), 1, 2)), vec!["cat".to_owned()]));
        naming.give(SampleId(5), None, "bob").unwrap();
        assert_eq!(naming.all().await, [Some("cat".to_owned()), None]);
        // A group that has other members is another group.
        naming.begin(&[question(&[1, 3])]).unwrap();
        assert_eq!(naming.next(), Some((question(&[1, 3]), 0, 1)));
        naming.end();
        assert_eq!(naming.next(), None);
    }
}
