//! SQL source: the rows of a query over other datasets.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::MemoryCatalogProviderList;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::prelude::{DataFrame, SQLOptions, SessionContext};
use relata_registry::{Component, Description, ReadError, Registry};
use serde::{Deserialize, Serialize};

use super::dataset::{Dataset, DatasetPlan};
use super::read_error::read_error;
use super::source_trait::Source;
use crate::{Result, Session};

/// The rows of a query over the tables that [`Sql::table`] names. Rows are numbered in the order in which the query
/// gives them: add `ORDER BY` to joins and groups, so that every run numbers them alike.
///
/// ```
/// use relata_data::source::{Dataset, csv, session, sql};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let folder = tempfile::tempdir().expect("a folder");
/// let path = folder.path().join("t.csv");
/// std::fs::write(&path, "k,x\n1,10\n2,20\n").expect("room for a file");
/// let query = "SELECT k AS id, x FROM t WHERE x > 10 ORDER BY k";
/// let dataset = Dataset::from(sql(query).table("t", csv(&path)));
/// let rows = dataset.table(&session()).await?;
/// assert_eq!(rows.count().await?, 1);
/// # Ok::<_, relata_data::DataError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn sql(query: impl Into<String>) -> Sql {
    Sql { query: query.into(), tables: Vec::new() }
}

/// A query and its tables; see [`sql`].
#[derive(Debug, Clone)]
pub struct Sql {
    query: String,
    tables: Vec<(String, Dataset)>,
}

impl Sql {
    /// A table of the query: the rows of a dataset, with its limit but with all of its columns.
    ///
    /// ```
    /// use relata_data::source::{Dataset, csv, parquet, sql};
    ///
    /// let query = "SELECT p.id, n.x, p.label FROM people p JOIN notes n ON n.person = p.id ORDER BY p.id";
    /// let rows = sql(query).table("people", csv("people.csv")).table("notes", parquet("notes.parquet"));
    /// assert_eq!(Dataset::from(rows).plan().source["tables"][1]["name"], "notes");
    /// ```
    pub fn table(mut self, name: impl Into<String>, dataset: impl Into<Dataset>) -> Self {
        self.tables.push((name.into(), dataset.into()));
        self
    }
}

/// A table of the query as a plan keeps it.
#[derive(Serialize, Deserialize)]
struct TablePlan {
    name: String,
    dataset: DatasetPlan,
}

impl Component<dyn Source> for Sql {
    const NAME: &'static str = "sql";
    const SUMMARY: &'static str = "the rows of a query over other datasets";

    fn defaults() -> Option<Description> {
        None
    }

    fn read(description: &Description, registry: &Registry<dyn Source>) -> Result<Self, ReadError> {
        description.known(&["query", "tables"])?;
        let tables: Vec<TablePlan> = description.setting("tables")?;
        let table = |table: TablePlan| Ok((table.name, Dataset::from_plan(&table.dataset, registry)?));
        Ok(Self {
            query: description.setting("query")?,
            tables: tables.into_iter().map(table).collect::<Result<_, ReadError>>()?,
        })
    }
}

#[async_trait]
impl Source for Sql {
    fn describe(&self) -> Description {
        let plan = |(name, dataset): &(String, Dataset)| TablePlan { name: name.clone(), dataset: dataset.plan() };
        let tables: Vec<_> = self.tables.iter().map(plan).collect();
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
        let planned = crate::query::plan_sql_if(&inner, &self.query, move |plan| read_only.verify_plan(plan)).await;
        planned.map_err(|error| read_error("sql", error))
    }

    fn fingerprint_content(&self) -> bool {
        self.tables.iter().all(|(_, dataset)| dataset.source().fingerprint_content())
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use arrow::datatypes::Int64Type;

    use crate::DataError;
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
        let plan = source.plan();
        let again = Dataset::from_plan(&plan, &crate::source::SOURCES).unwrap();
        assert_eq!(again.plan(), plan);
        assert_eq!(again.table(&session).await.unwrap().count().await.unwrap(), 2);
    }

    #[tokio::test]
    async fn only_queries_run() {
        for query in ["CREATE TABLE t AS SELECT 1", "SELECT nothing FROM nowhere"] {
            assert!(matches!(Dataset::from(sql(query)).table(&session()).await, Err(DataError::Query(_))), "{query}");
        }
    }
}
