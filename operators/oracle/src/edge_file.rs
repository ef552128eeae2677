//! Relations that somebody wrote down: a file of edges.

use relata_registry::Description;
use std::path::PathBuf;

use async_trait::async_trait;
use futures::StreamExt;

use crate::{Context, Oracle, Relations};
use relata_data::Result;
use relata_data::source::IdLookup;
use relata_graph::edge_file::read_edges;

/// See [`edges`].
#[derive(Debug, Clone)]
pub struct EdgeFile {
    path: PathBuf,
}

/// The edges of a Parquet, CSV, TSV or JSON-lines file in any of the conventions of
/// [`read_edges`](relata_graph::edge_file::read_edges).
pub fn edges(path: impl Into<PathBuf>) -> EdgeFile {
    EdgeFile { path: path.into() }
}

#[async_trait]
impl Oracle for EdgeFile {
    fn describe(&self) -> Description {
        Description::new("edges").with("file", &self.path)
    }

    fn files(&self) -> Vec<PathBuf> {
        vec![self.path.clone()]
    }

    async fn relate(&self, context: &Context<'_>, out: &mut Relations) -> Result<()> {
        let lookup = IdLookup::new(context.samples)?;
        let mut batches = read_edges(&self.path, context.session, Some(&lookup)).await?;
        while let Some(batch) = batches.next().await {
            out.edges(&batch?)?;
        }
        Ok(())
    }
}
