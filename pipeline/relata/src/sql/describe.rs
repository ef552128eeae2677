//! Table listing: the tables of a session with their columns.

use std::fmt::Write;

use datafusion::common::TableReference;
use relata_data::Session;
use relata_schemas::reference::{column_docs, table_docs};

use super::error::SqlError;

/// Longer names of types push what their column means to the right.
const TYPE_WIDTH: usize = 24;

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

/// A text with a line for every table and an indented line for every column, each with its type and what it means, as far
/// as it is a column of Relata's and not of the user's data.
///
/// ```no_run
/// use relata::prelude::*;
/// use relata::sql::{describe, session};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// println!("{}", describe(&session(&[Run::open("runs/digits")?]).await?).await?);
/// # Ok(())
/// # }
/// ```
pub async fn describe(session: &Session) -> Result<String, SqlError> {
    let mut text = String::new();
    for name in table_names(session) {
        let provider = session.table_provider(name.clone()).await?;
        let schema = provider.schema();
        let longest = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or(0);
        let width = longest(&mut schema.fields().iter().map(|field| field.name().chars().count()));
        let types: Vec<String> = schema.fields().iter().map(|field| field.data_type().to_string()).collect();
        let type_width = longest(&mut types.iter().map(|name| name.len())).min(TYPE_WIDTH);
        let about = table_docs(name.table()).map(|docs| format!("  -- {docs}")).unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}{about}", name.to_quoted_string());
        for (field, data_type) in schema.fields().iter().zip(types) {
            let docs = column_docs(name.table(), field.name()).unwrap_or_default();
            let line = format!("    {:width$}  {data_type:type_width$}  {docs}", field.name());
            let _ = writeln!(text, "{}", line.trim_end());
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
        assert!(lines[0].starts_with("embeddings  -- one row for each sample"), "{text}");
        assert!(lines[1].starts_with("    id         UInt64") && lines[1].ends_with("the sample"), "{text}");
        assert!(lines[2].starts_with("    embedding  FixedSizeList(2 x"), "{text}");
        assert!(lines[3].starts_with("near_duplicates") && lines[7].starts_with("outliers"), "{text}");
        assert!(lines[10].starts_with("digits.embeddings") && lines[13].starts_with("digits_2.embeddings"), "{text}");
        assert_eq!(lines.len(), 16);
    }

    #[tokio::test]
    async fn every_column_is_documented() {
        let (_folder, run) = fixture::asked(&[(1, 1, &[2])]);
        fixture::metrics(&run, &[(0, "knn.test", 0.5)]);
        let session = session(&[run]).await.unwrap();
        let names = table_names(&session);
        assert!(names.len() > 6, "{names:?}");
        for name in names.into_iter().filter(|name| name.schema().is_none()) {
            assert!(table_docs(name.table()).is_some(), "{name}");
            // The other columns of these are the user's, or depend on the data.
            if ["samples", "embeddings"].contains(&name.table()) {
                continue;
            }
            for field in session.table_provider(name.clone()).await.unwrap().schema().fields() {
                assert!(
                    name.table() == "standing" || column_docs(name.table(), field.name()).is_some(),
                    "{name}.{}",
                    field.name()
                );
            }
        }
    }
}
