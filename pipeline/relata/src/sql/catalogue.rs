//! Catalogue: the runs of a session and the files of their tables, under the names that queries use.

use std::path::{Path, PathBuf};

use datafusion::common::TableReference;

use super::error::SqlError;
use crate::store::{Artifact, Run};

/// Schemas that every session has, so that no run can have their names.
const TAKEN: [&str; 2] = ["public", "information_schema"];

/// A table of a run.
#[derive(Debug)]
pub(super) struct TableFile {
    /// The schema, which is the run's name; none for the tables of the first run by themselves.
    pub schema: Option<String>,
    /// The table.
    pub table: &'static str,
    /// Its file, or a pattern of files.
    pub path: PathBuf,
}

impl TableFile {
    /// The name as a query writes it.
    pub fn reference(&self) -> TableReference {
        match &self.schema {
            Some(schema) => TableReference::partial(schema.as_str(), self.table),
            None => TableReference::bare(self.table),
        }
    }
}

/// The runs and tables of a session.
#[derive(Debug)]
pub(super) struct Catalogue {
    runs: Vec<(String, Run)>,
    files: Vec<TableFile>,
}

impl Catalogue {
    /// The files that exist now; a second run of the same folder name is called `name_2`, and so on.
    pub fn new(runs: &[Run]) -> Self {
        let mut named: Vec<(String, Run)> = Vec::new();
        for run in runs {
            let name = run.name();
            let numbered = (2..).map(|number| format!("{name}_{number}"));
            let taken = |name: &String| TAKEN.contains(&name.as_str()) || named.iter().any(|known| &known.0 == name);
            let free = std::iter::once(name.clone()).chain(numbered).find(|name| !taken(name));
            named.push((free.unwrap_or(name), run.clone()));
        }
        let mut files = Vec::new();
        if let Some((_, first)) = named.first() {
            add(first, None, &mut files);
        }
        if named.len() > 1 {
            named.iter().for_each(|(name, run)| add(run, Some(name), &mut files));
        }
        Self { runs: named, files }
    }

    /// The names of the runs.
    pub fn run_names(&self) -> Vec<String> {
        self.runs.iter().map(|run| run.0.clone()).collect()
    }

    /// All tables.
    pub fn files(&self) -> &[TableFile] {
        &self.files
    }

    /// The runs that have a ledger of questions and answers, each with its schema: none for the first run by itself.
    pub fn ledgers(&self) -> Vec<(Option<String>, Run)> {
        let first = self.runs.first().map(|(_, run)| (None, run.clone()));
        let named = self.runs.iter().filter(|_| self.runs.len() > 1);
        let all = first.into_iter().chain(named.map(|(name, run)| (Some(name.clone()), run.clone())));
        all.filter(|(_, run)| run.path(Artifact::Ledger).is_file()).collect()
    }

    /// The run of a name; the first run for none.
    pub fn run(&self, name: Option<&str>) -> Result<&Run, SqlError> {
        let found = match name {
            Some(name) => self.runs.iter().find(|run| run.0 == name),
            None => self.runs.first(),
        };
        let unknown = || SqlError::UnknownRun { run: name.unwrap_or_default().to_owned(), known: self.run_names() };
        found.map(|run| &run.1).ok_or_else(unknown)
    }

    /// The file of `table` or `run.table`, or of a path to a file that exists.
    pub fn file(&self, name: &str) -> Result<PathBuf, SqlError> {
        let (schema, table) = match name.rsplit_once('.') {
            Some((schema, table)) => (Some(schema).filter(|schema| *schema != "public"), table),
            None => (None, name),
        };
        let is = |file: &&TableFile| file.schema.as_deref() == schema && file.table == table;
        if let Some(file) = self.files.iter().find(is) {
            return Ok(file.path.clone());
        }
        if Path::new(name).is_file() {
            return Ok(name.into());
        }
        let known = self.files.iter().map(|file| file.reference().to_quoted_string()).collect();
        Err(SqlError::UnknownTable { table: name.to_owned(), known })
    }
}

/// The tables of a run; while its rounds are being asked, those of the last finished round, and the metrics of all.
fn add(run: &Run, schema: Option<&str>, files: &mut Vec<TableFile>) {
    for artifact in Artifact::TABLES {
        let path = match artifact {
            Artifact::Metrics if !run.is_finished() => all_rounds(run),
            other => run.latest(other).map(|run| run.path(other)),
        };
        if let Some(path) = path {
            files.push(TableFile { schema: schema.map(str::to_owned), table: artifact.table(), path });
        }
    }
}

/// The pattern of the metrics of all finished rounds, if there is one.
fn all_rounds(run: &Run) -> Option<PathBuf> {
    run.finished_rounds().next().map(|_| run.path(Artifact::Rounds).join("*").join(Artifact::Metrics))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn runs_of_one_name_are_numbered_and_files_are_found_by_either_name() {
        let folder = tempfile::tempdir().unwrap();
        let runs = ["a/digits", "b/digits", "c/public", "d/digits_2"].map(|name| {
            let run = fixture::run(&folder.path().join(name));
            fixture::embeddings(&run, &[(0, [1.0, 0.0])]);
            run
        });
        let catalogue = Catalogue::new(&runs);
        assert_eq!(catalogue.run_names(), ["digits", "digits_2", "public_2", "digits_2_2"]);
        for (name, run) in [("embeddings", 0), ("public.embeddings", 0), ("digits.embeddings", 0)]
            .into_iter()
            .chain([("digits_2.embeddings", 1), ("public_2.embeddings", 2)])
        {
            assert_eq!(catalogue.file(name).unwrap(), runs[run].embeddings(), "{name}");
        }
        let path = runs[3].embeddings();
        assert_eq!(catalogue.file(path.to_str().unwrap()).unwrap(), path);
        let error = catalogue.file("metrics").unwrap_err().to_string();
        assert!(error.contains("`metrics`") && error.contains("public_2.embeddings"), "{error}");
        assert_eq!(catalogue.run(Some("digits_2")).unwrap().folder(), runs[1].folder());
        assert!(catalogue.run(Some("Digits")).unwrap_err().to_string().contains("digits, digits_2"));
        assert!(Catalogue::new(&[]).run(None).is_err());
    }
}
