//! Query planning, with an error that lists the tables if a query names one that is not there.

use std::path::PathBuf;

use datafusion::common::TableReference;
use datafusion::error::DataFusionError;
use datafusion::prelude::DataFrame;
use relata_data::Session;
use relata_data::query::plan_sql_if;

use super::access::Access;
use super::describe::table_names;
use super::error::SqlError;
use super::table_files;

/// Plans a query, in which `'file.parquet'` and `'file.csv'` are tables, on a session of [`session`](super::session()); nothing is read before the frame is collected,
/// streamed or written.
///
/// ```no_run
/// use relata::prelude::*;
/// use relata::sql::{query, session};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let session = session(&[Run::open("runs/digits")?]).await?;
/// let near = query(&session, "SELECT * FROM nearest(embeddings, 7, 5)").await?;
/// println!("{} rows", near.count().await?);
/// # Ok(())
/// # }
/// ```
///
/// Statements that write files or change the session are refused; see [`query_with`].
pub async fn query(session: &Session, text: &str) -> Result<DataFrame, SqlError> {
    query_with(session, text, Access::Read).await
}

/// [`query`], or any other statement that the [`Access`] allows.
pub async fn query_with(session: &Session, text: &str, access: Access) -> Result<DataFrame, SqlError> {
    let mut files = Vec::new();
    let planned = plan(session, text, access, &mut files).await;
    files.iter().try_for_each(|file| table_files::deregister(session, file))?;
    planned
}

/// The files that a statement names as tables.
pub fn files_of(session: &Session, text: &str) -> Vec<PathBuf> {
    let state = session.state();
    // What cannot be parsed is refused when it is planned.
    let Ok(statement) = state.sql_to_statement(text, &state.config().options().sql_parser.dialect) else {
        return vec![];
    };
    let tables = state.resolve_table_references(&statement).unwrap_or_default();
    tables.iter().map(|table| PathBuf::from(table.to_string())).filter(|path| path.is_file()).collect()
}

/// Plans a query; every table that it misses is taken for a file, whose name is added to `files`.
async fn plan(session: &Session, text: &str, access: Access, files: &mut Vec<String>) -> Result<DataFrame, SqlError> {
    loop {
        let error = match plan_sql_if(session, text, move |plan| access.check(plan)).await {
            Ok(frame) => return Ok(frame),
            Err(error) => error,
        };
        let Some(table) = missing_table(&error) else { return Err(error.into()) };
        let options = session.copied_config();
        let catalog = &options.options().catalog;
        let rest = table.strip_prefix(&format!("{}.", catalog.default_catalog)).unwrap_or(&table);
        let name = rest.strip_prefix(&format!("{}.", catalog.default_schema)).unwrap_or(rest).to_owned();
        if files.contains(&name) || !table_files::register(session, &name).await? {
            let mut tables = table_names(session);
            tables.retain(|table| !files.iter().any(|file| file == table.table()));
            let known = tables.iter().map(TableReference::to_quoted_string).collect();
            return Err(SqlError::UnknownTable { table: name, known });
        }
        files.push(name);
    }
}

/// The full name of the table that DataFusion did not find; the message is all it says about it.
fn missing_table(error: &DataFusionError) -> Option<String> {
    match error {
        DataFusionError::Plan(message) => {
            let (table, _) = message.strip_prefix("table '")?.split_once("' not found")?;
            Some(table.to_owned())
        }
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => missing_table(inner),
        DataFusionError::Shared(inner) => missing_table(inner),
        DataFusionError::Collection(errors) => errors.iter().find_map(missing_table),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::session::session;
    use super::*;
    use crate::fixture;

    #[tokio::test]
    async fn a_missing_table_is_named_beside_those_that_exist() {
        let folder = tempfile::tempdir().unwrap();
        let run = fixture::run(&folder.path().join("a run"));
        fixture::embeddings(&run, &[(0, [1.0])]);
        let session = session(&[run.clone(), run]).await.unwrap();
        for (text, name) in [
            ("SELECT * FROM metrics", "metrics"),
            ("SELECT * FROM digits.metrics", "digits.metrics"),
            ("SELECT * FROM embeddings WHERE id IN (SELECT id FROM metrics)", "metrics"),
        ] {
            match query(&session, text).await.unwrap_err() {
                SqlError::UnknownTable { table, known } => {
                    assert_eq!(table, name);
                    let views = ["near_duplicates", "outliers"];
                    let known: Vec<&str> =
                        known.iter().map(String::as_str).filter(|name| !views.contains(name)).collect();
                    assert_eq!(known, ["embeddings", r#""a run".embeddings"#, r#""a run_2".embeddings"#]);
                }
                other => panic!("{other:?}"),
            }
        }
        let error = query(&session, "SELECT nothing FROM embeddings").await.unwrap_err();
        assert!(matches!(error, SqlError::Query(_)) && error.to_string().contains("nothing"), "{error}");
    }
}
