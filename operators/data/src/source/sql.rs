//! Any query over other datasets as a source.

use relata_registry::Description;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::MemoryCatalogProviderList;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::prelude::{DataFrame, SQLOptions, SessionContext};

use super::{Dataset, Source, read_error};
use crate::{Result, Session};

/// The rows of a query over the tables that [`Sql::table`] names. Rows are numbered in the order in which the query
/// gives them: add `ORDER BY` to joins and groups, so that every run numbers them alike.
pub fn sql(query: impl Into<String>) -> Sql {
    Sql { query: query.into(), tables: Vec::new() }
}

/// A query and its tables; see [`sql`].
pub struct Sql {
    query: String,
    tables: Vec<(String, Dataset)>,
}

impl Sql {
    /// A table of the query: the rows of a dataset, with its limit but with all of its columns.
    pub fn table(mut self, name: impl Into<String>, dataset: impl Into<Dataset>) -> Self {
        self.tables.push((name.into(), dataset.into()));
        self
    }
}

#[async_trait]
impl Source for Sql {
    fn describe(&self) -> Description {
        let tables: BTreeMap<_, _> = self.tables.iter().map(|(name, dataset)| (name, dataset.describe())).collect();
        Description::new("sql").with("query", &self.query).with("tables", tables)
    }

    fn files(&self) -> Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for (_, dataset) in &self.tables {
            files.extend(dataset.source().files()?);
        }
        Ok(files)
    }

    async fn table(&self, session: &Session) -> Result<DataFrame> {
        // A catalogue of its own: the query's names never meet those of the caller's session.
        let state = SessionStateBuilder::new_from_existing(session.state());
        let mut state = state.with_catalog_list(Arc::new(MemoryCatalogProviderList::new()));
        let config = state.config().get_or_insert_default();
        *config = config.clone().with_create_default_catalog_and_schema(true);
        let inner = Session::new(SessionContext::new_with_state(state.build()));
        for (name, dataset) in &self.tables {
            let table = dataset.table(&inner).await?;
            inner.register_table(name.as_str(), table.into_view())?;
        }
        let read_only = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        crate::query::plan_sql_with(&inner, &self.query, read_only).await.map_err(|error| read_error("sql", error))
    }

    fn fingerprint_content(&self) -> bool {
        self.tables.iter().all(|(_, dataset)| dataset.source().fingerprint_content())
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use arrow::datatypes::Int64Type;

    use crate::OperatorError;
    use crate::source::{csv, session};

    use super::*;

    #[tokio::test]
    async fn tables_join_and_leave_the_session_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a.csv"), folder.path().join("b.csv"));
        std::fs::write(&a, "k,x\n1,10\n2,20\n3,30\n").unwrap();
        std::fs::write(&b, "k,label\n3,c\n1,a\n").unwrap();
        let session = session();
        let query = "SELECT t.k, x, label FROM t JOIN labels USING (k) ORDER BY k DESC";
        let source = Dataset::from(sql(query).table("t", csv(&a)).table("labels", csv(&b)));
        let batches = source.table(&session).await.unwrap().collect().await.unwrap();
        assert_eq!(batches[0]["x"].as_primitive::<Int64Type>().values(), &[30, 10]);
        assert!(!session.table_exist("t").unwrap());
        assert_eq!(source.fingerprint().unwrap().len(), 2);
    }

    #[tokio::test]
    async fn only_queries_run() {
        for query in ["CREATE TABLE t AS SELECT 1", "SELECT nothing FROM nowhere"] {
            assert!(
                matches!(Dataset::from(sql(query)).table(&session()).await, Err(OperatorError::Query(_))),
                "{query}"
            );
        }
    }
}
