//! Edge file oracle: relations that somebody wrote down.

use std::path::PathBuf;

use async_trait::async_trait;
use futures::StreamExt;
use relata_data::source::IdLookup;
use relata_graph::Relations;
use relata_graph::edge_file::read_placed_edges;
use relata_registry::{Description, Settings};

use crate::error::{OracleError, Result};
use crate::oracle::{Context, Oracle};

pub use relata_graph::edge_file::{EdgeFile, edges};

#[async_trait]
impl Oracle for EdgeFile {
    fn describe(&self) -> Description {
        Description::of(self)
    }

    fn files(&self) -> Vec<PathBuf> {
        vec![self.path().to_path_buf()]
    }

    fn check(&self) -> Result<()> {
        Ok(EdgeFile::check(self)?)
    }

    fn check_answer(&self) -> Result<()> {
        Err(OracleError::cannot_answer(EdgeFile::NAME))
    }

    async fn relate(&self, context: &Context<'_>, out: &mut Relations) -> Result<()> {
        let lookup = IdLookup::new(context.samples)?;
        let mut batches = read_placed_edges(self, context.session, Some(&lookup)).await?;
        while let Some(placed) = batches.next().await {
            let placed = placed?;
            out.skipped(placed.skipped);
            out.edges(&placed.edges)?;
        }
        Ok(())
    }
}
