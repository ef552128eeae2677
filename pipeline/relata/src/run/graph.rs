//! What the graph of a run looks like.

use relata_graph::{GraphStatistics, statistics};

use super::Run;
use crate::Result;

impl Run {
    /// Sizes, degrees, components and conflicts of the resolved graph.
    pub fn graph_statistics(&self) -> Result<GraphStatistics> {
        let graph = self.graph(&self.samples()?)?;
        let conflicts: usize = self.read("conflicts.parquet")?.iter().map(|batch| batch.num_rows()).sum();
        Ok(statistics(&graph, conflicts as u64))
    }
}
