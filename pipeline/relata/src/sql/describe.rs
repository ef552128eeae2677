//! Table listing: the tables of a session with their columns.

use std::fmt::Write;

use datafusion::common::TableReference;
use relata_data::Session;

use super::error::SqlError;

/// All tables as queries name them: those without a schema first, then by schema.
pub(super) fn table_names(session: &Session) -> Vec<TableReference> {
    let config = session.copied_config();
    let default = &config.options().catalog;
    let Some(catalog) = session.catalog(&default.default_catalog) else { return vec![] };
    let mut schemas = catalog.schema_names();
    schemas.retain(|name| name != "information_schema");
    schemas.sort_by_key(|name| (name != &default.default_schema, name.clone()));
    let mut names = Vec::new();
    for schema in schemas {
        let mut tables = catalog.schema(&schema).map(|schema| schema.table_names()).unwrap_or_default();
        tables.sort();
        names.extend(tables.into_iter().map(|table| match schema == default.default_schema {
            true => TableReference::bare(table),
            false => TableReference::partial(schema.as_str(), table),
        }));
    }
    names
}

/// A text with a line for every table and an indented line for every column.
pub(super) async fn describe(session: &Session) -> Result<String, SqlError> {
    let mut text = String::new();
    for name in table_names(session) {
        let provider = session.table_provider(name.clone()).await?;
        let schema = provider.schema();
        let width = schema.fields().iter().map(|field| field.name().chars().count()).max().unwrap_or(0);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", name.to_quoted_string());
        for field in schema.fields() {
            let _ = writeln!(text, "    {:width$}  {}", field.name(), field.data_type());
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::super::session::session;
    use super::*;
    use crate::fixture;

    #[tokio::test]
    async fn tables_are_listed_with_their_columns() {
        let folder = tempfile::tempdir().unwrap();
        let run = fixture::run(&folder.path().join("digits"));
        fixture::embeddings(&run, &[(0, [1.0, 2.0])]);
        let session = session(&[run.clone(), run]).await.unwrap();
        let text = describe(&session).await.unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..2], ["embeddings", "    id         UInt64"]);
        assert!(lines[2].starts_with("    embedding  FixedSizeList(2 x"), "{text}");
        assert_eq!((lines[3], lines[6], lines.len()), ("digits.embeddings", "digits_2.embeddings", 9));
    }
}
