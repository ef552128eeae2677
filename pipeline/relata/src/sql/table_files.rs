//! Table files: `FROM 'file.parquet'` and the other formats that Relata reads.

use std::path::Path;

use datafusion::common::TableReference;
use relata_data::Session;
use relata_data::source::{Dataset, csv, json_lines, parquet, tsv};

use super::error::SqlError;

/// Gives a file its path as a name in a session; says whether the path is that of a file that can be read as a table.
pub(super) async fn register(session: &Session, path: &str) -> Result<bool, SqlError> {
    let Some(dataset) = dataset(Path::new(path)) else { return Ok(false) };
    let table = dataset.table(session).await?;
    session.register_table(TableReference::bare(path), table.into_view())?;
    Ok(true)
}

/// Takes the name of a file away; plans that were made with it keep the table.
pub(super) fn deregister(session: &Session, path: &str) -> Result<(), SqlError> {
    session.deregister_table(TableReference::bare(path))?;
    Ok(())
}

fn dataset(path: &Path) -> Option<Dataset> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    if !path.is_file() {
        return None;
    }
    match extension.as_str() {
        "parquet" | "pq" => Some(parquet(path)),
        "csv" => Some(csv(path)),
        "tsv" => Some(tsv(path)),
        "jsonl" | "ndjson" => Some(json_lines(path)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use arrow::datatypes::Int64Type;

    use super::super::query::query;
    use super::super::session::session;
    use super::*;
    use crate::fixture;

    #[tokio::test]
    async fn files_are_tables_for_one_query_and_are_only_read() {
        let folder = tempfile::tempdir().unwrap();
        let run = fixture::run(folder.path());
        fixture::embeddings(&run, &[(3, [1.0]), (4, [2.0])]);
        let text = folder.path().join("More.Notes.csv");
        std::fs::write(&text, "id,note\n3,a\n5,b\n").unwrap();
        let session = session(std::slice::from_ref(&run)).await.unwrap();
        let joined = format!(
            "SELECT count(*) FROM '{}' n JOIN '{}' e ON n.id = e.id JOIN embeddings o ON o.id = e.id",
            text.display(),
            run.embeddings().display()
        );
        for _ in 0..2 {
            let batches = query(&session, &joined).await.unwrap().collect().await.unwrap();
            assert_eq!(batches[0].column(0).as_primitive::<Int64Type>().value(0), 1);
        }
        let tables = super::super::describe::table_names(&session);
        assert!(!tables.iter().any(|table| table.table().contains("csv")), "{tables:?}");
        let insert = format!("INSERT INTO '{}' VALUES (7, 'c')", text.display());
        let written = match query(&session, &insert).await {
            Ok(frame) => frame.collect().await.map(|_| ()).map_err(SqlError::from),
            Err(error) => Err(error),
        };
        assert!(written.is_err() && std::fs::read_to_string(&text).unwrap().lines().count() == 3);
        let missing = query(&session, "SELECT * FROM 'nowhere.parquet'").await.unwrap_err();
        assert!(matches!(&missing, SqlError::UnknownTable { table, .. } if table == "nowhere.parquet"), "{missing}");
        assert!(query(&session, "SELECT * FROM 'Cargo.toml'").await.is_err());
    }
}
