//! Computed tables: their rows are found when a query scans them, on a thread for blocking work.

use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::memory::MemorySourceConfig;
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;

use super::error::SqlError;

/// Rows that take work to find.
pub(super) trait Computation: Debug + Send + Sync + 'static {
    /// The schema of the rows.
    fn schema(&self) -> SchemaRef;

    /// All rows.
    fn compute(&self) -> Result<RecordBatch, SqlError>;
}

/// A computation as a table.
#[derive(Debug)]
pub(super) struct TableOnDemand<C>(Arc<C>);

impl<C: Computation> TableOnDemand<C> {
    /// The table of what a computation finds.
    pub fn new(computation: C) -> Self {
        Self(Arc::new(computation))
    }
}

#[async_trait]
impl<C: Computation> TableProvider for TableOnDemand<C> {
    fn schema(&self) -> SchemaRef {
        self.0.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Temporary
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        let computation = self.0.clone();
        let computed = tokio::task::spawn_blocking(move || computation.compute()).await;
        let batch = computed.map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))??;
        Ok(MemorySourceConfig::try_new_exec(&[vec![batch]], self.schema(), projection.cloned())?)
    }
}
