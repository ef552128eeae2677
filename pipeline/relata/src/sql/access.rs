//! Access: what statements may do beside reading, and that none of them writes into the folder of a run.

use std::path::{Path, PathBuf};

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{DdlStatement, LogicalPlan};
use relata_schemas::run_file;

use super::error::SqlError;

/// What statements may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// Questions, and views and tables in memory, which last as long as the session.
    #[default]
    Read,
    /// Also `COPY`, `INSERT`, `CREATE EXTERNAL TABLE` and settings; the folders of runs are never written to.
    Write,
}

impl Access {
    /// Refuses a plan before anything of it is done.
    pub(super) fn check(self, plan: &LogicalPlan) -> Result<(), DataFusionError> {
        // A statement may stand in another: EXPLAIN ANALYZE does what it explains.
        plan.apply_with_subqueries(|node| self.check_node(node).map(|()| TreeNodeRecursion::Continue))?;
        Ok(())
    }

    fn check_node(self, node: &LogicalPlan) -> Result<(), DataFusionError> {
        let (statement, locations) = match node {
            LogicalPlan::Copy(copy) => ("COPY".to_owned(), std::slice::from_ref(&copy.output_url)),
            LogicalPlan::Dml(dml) => (dml.op.to_string().to_uppercase(), &[][..]),
            LogicalPlan::Ddl(DdlStatement::CreateExternalTable(table)) => {
                ("CREATE EXTERNAL TABLE".to_owned(), &table.locations[..])
            }
            LogicalPlan::Statement(statement) => (statement.name().to_uppercase(), &[][..]),
            _ => return Ok(()),
        };
        if self == Self::Read {
            return Err(SqlError::ReadOnly { statement }.into());
        }
        match locations.iter().map(|location| local(location)).find(|path| is_in_run(path)) {
            Some(path) => Err(SqlError::IntoRun { path }.into()),
            None => Ok(()),
        }
    }
}

/// The path of a location, which may be a URL of a file; that of another machine is none here.
fn local(location: &str) -> PathBuf {
    match location.get(..5) {
        Some(scheme) if scheme.eq_ignore_ascii_case("file:") => {}
        _ => return PathBuf::from(location),
    }
    let rest = &location[5..];
    // `file:///path`, `file://localhost/path` and `file:/path`.
    let path =
        rest.strip_prefix("//").map_or(rest, |with_host| &with_host[with_host.find('/').unwrap_or(with_host.len())..]);
    PathBuf::from(percent_decoded(path))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        match (first, code) {
            (b'%', Some(code)) => {
                bytes.push(code);
                rest = &after[2..];
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether a path, which need not exist, is the folder of a run or in one.
fn is_in_run(path: &Path) -> bool {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    // Links and `..` are seen through as far as the path exists.
    let there = absolute.ancestors().find_map(|part| part.canonicalize().ok());
    let folders = there.iter().flat_map(|part| part.ancestors()).chain(absolute.ancestors());
    folders.into_iter().any(|folder| folder.join(run_file::PLAN).is_file())
}

#[cfg(test)]
mod tests {
    use relata_data::Session;

    use super::super::query::query_with;
    use super::super::session::session;
    use super::*;
    use crate::fixture;

    async fn outcome(session: &Session, text: &str, access: Access) -> Result<(), SqlError> {
        query_with(session, text, access).await?.collect().await?;
        Ok(())
    }

    #[tokio::test]
    async fn what_writes_needs_leave_and_never_writes_into_runs() {
        let folder = tempfile::tempdir().unwrap();
        let run = fixture::run(&folder.path().join("run"));
        fixture::embeddings(&run, &[(3, [1.0])]);
        std::fs::write(run.path(crate::store::Artifact::Plan), "{}").unwrap();
        let session = session(std::slice::from_ref(&run)).await.unwrap();
        let before = std::fs::read(run.embeddings()).unwrap();
        let outside = folder.path().join("out.parquet");
        let copy = |to: &Path| format!("COPY (SELECT 1 AS one) TO '{}'", to.display());
        for text in [
            copy(&outside),
            format!("EXPLAIN ANALYZE {}", copy(&outside)),
            format!("CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION '{}'", run.embeddings().display()),
            "SET datafusion.execution.batch_size = 1".to_owned(),
            "CREATE TABLE t AS SELECT 1 AS one; INSERT INTO t VALUES (2)".to_owned(),
        ] {
            let mut error = None;
            for statement in super::super::statements(&text) {
                error = outcome(&session, &statement, Access::Read).await.err();
            }
            assert!(matches!(error, Some(SqlError::ReadOnly { .. })), "{text}: {error:?}");
        }
        assert!(!outside.exists());
        outcome(&session, &copy(&outside), Access::Write).await.unwrap();
        assert!(outside.exists());
        let through = folder.path().join("link");
        #[cfg(unix)]
        std::os::unix::fs::symlink(run.folder(), &through).unwrap();
        let inside = ["embeddings.parquet", "new.parquet", "plots/new.parquet"].map(|name| run.path(name));
        for to in inside.iter().chain(&[run.path("../run/x.parquet"), through.join("x.parquet")]) {
            let error = outcome(&session, &copy(to), Access::Write).await.unwrap_err();
            assert!(matches!(error, SqlError::IntoRun { .. }), "{error}");
        }
        let whole = run.path("x.parquet").display().to_string();
        for url in [
            format!("file:{whole}"),
            format!("FILE://localhost{whole}"),
            format!("file://{}", whole.replace("run/", "r%75n/")),
        ] {
            let error = outcome(&session, &copy(Path::new(&url)), Access::Write).await.unwrap_err();
            assert!(matches!(error, SqlError::IntoRun { .. }), "{url}: {error}");
        }
        assert!(std::fs::read(run.embeddings()).unwrap() == before);
        outcome(&session, "CREATE VIEW v AS SELECT id FROM embeddings", Access::Read).await.unwrap();
        outcome(&session, "SELECT * FROM v", Access::Read).await.unwrap();
        outcome(&session, "SHOW TABLES", Access::Read).await.unwrap();
        outcome(&session, "DESCRIBE embeddings", Access::Read).await.unwrap();
        outcome(&session, "DROP VIEW v", Access::Read).await.unwrap();
    }
}
