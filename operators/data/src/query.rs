//! SQL queries and tables: DataFusion's futures behind boxes. Their types are enormous, and every async function that
//! awaits one makes the compiler prove anew that it can be sent between threads; behind these functions it is proven
//! once.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::dataframe::DataFrame;
use datafusion::error::Result;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::ParquetReadOptions;
use futures::future::BoxFuture;

use crate::Session;
use crate::decoder_panic::{caught_query, caught_stream};

/// The table that a query describes.
pub fn plan_sql(session: &Session, query: &str) -> BoxFuture<'static, Result<DataFrame>> {
    plan_sql_if(session, query, |_| Ok(()))
}

/// The table that a query describes, if its plan is allowed; what is not allowed has no effect.
pub fn plan_sql_if(
    session: &Session,
    query: &str,
    allowed: impl FnOnce(&LogicalPlan) -> Result<()> + Send + 'static,
) -> BoxFuture<'static, Result<DataFrame>> {
    let (session, query) = (session.context().clone(), query.to_owned());
    Box::pin(async move {
        let plan = session.state().create_logical_plan(&query).await?;
        allowed(&plan)?;
        session.execute_logical_plan(plan).await
    })
}

/// All rows of a table.
pub fn collect(table: DataFrame) -> BoxFuture<'static, Result<Vec<RecordBatch>>> {
    Box::pin(caught_query(table.collect()))
}

/// The rows of a table as a stream.
pub fn stream(table: DataFrame) -> BoxFuture<'static, Result<SendableRecordBatchStream>> {
    Box::pin(caught_query(async move { table.execute_stream().await.map(caught_stream) }))
}

/// The rows of a table as one stream per partition.
pub fn stream_partitions(table: DataFrame) -> BoxFuture<'static, Result<Vec<SendableRecordBatchStream>>> {
    Box::pin(caught_query(async move {
        let parts = table.execute_stream_partitioned().await?;
        Ok(parts.into_iter().map(caught_stream).collect())
    }))
}

/// The number of rows of a table.
pub fn count(table: DataFrame) -> BoxFuture<'static, Result<usize>> {
    Box::pin(caught_query(table.count()))
}

/// Parquet files as a table; of this schema, if there is one.
pub fn read_parquet(
    session: &Session,
    paths: Vec<String>,
    options: ParquetReadOptions<'static>,
    schema: Option<SchemaRef>,
) -> BoxFuture<'static, Result<DataFrame>> {
    let session = session.context().clone();
    Box::pin(caught_query(async move {
        let options = ParquetReadOptions { schema: schema.as_deref(), ..options };
        session.read_parquet(paths, options).await
    }))
}

/// Gives Parquet files a name in a session.
pub fn register_parquet(session: &Session, name: &str, path: &str) -> BoxFuture<'static, Result<()>> {
    let (session, name, path) = (session.context().clone(), name.to_owned(), path.to_owned());
    Box::pin(async move { session.register_parquet(name, path, ParquetReadOptions::default()).await })
}
