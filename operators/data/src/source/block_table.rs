//! Block tables, which are read in blocks on a thread of their own, so that memory is bounded by a few blocks.

use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::streaming::PartitionStream;
use datafusion::prelude::DataFrame;

use crate::{Result, Session};

/// A reader of blocks from front to back.
pub(super) trait BlockReader: Debug + Send + Sync + 'static {
    /// The schema of every block.
    fn schema(&self) -> &SchemaRef;

    /// Calls `emit` with block after block, to the end or until it returns false: then nobody reads any more.
    fn read(&self, emit: &mut dyn FnMut(RecordBatch) -> bool) -> Result<()>;
}

/// The blocks as a table of one partition, in order.
pub(super) fn block_table(session: &Session, blocks: impl BlockReader) -> Result<DataFrame> {
    let schema = blocks.schema().clone();
    let table = StreamingTable::try_new(schema, vec![Arc::new(Partition(Arc::new(blocks)))])?;
    Ok(session.read_table(Arc::new(table))?)
}

#[derive(Debug)]
struct Partition<B>(Arc<B>);

impl<B: BlockReader> PartitionStream for Partition<B> {
    fn schema(&self) -> &SchemaRef {
        self.0.schema()
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        // One block waits while the next is decoded.
        let mut builder = RecordBatchReceiverStreamBuilder::new(self.0.schema().clone(), 1);
        let sender = builder.tx();
        let blocks = self.0.clone();
        builder.spawn_blocking(move || {
            let done = blocks.read(&mut |block| sender.blocking_send(Ok(block)).is_ok());
            done.map_err(|error| DataFusionError::External(Box::new(error)))
        });
        builder.build()
    }
}
