//! Edge file oracle: relations that somebody wrote down.

use std::path::PathBuf;

use async_trait::async_trait;
use futures::StreamExt;
use relata_data::source::IdLookup;
use relata_graph::Relations;
use relata_graph::edge_file::read_edges;
use relata_registry::{Description, Settings};
use serde::{Deserialize, Serialize};

use crate::error::{OracleError, Result};
use crate::oracle::{Context, Oracle};

/// See [`edges`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EdgeFile {
    file: PathBuf,
}

impl Settings for EdgeFile {
    const NAME: &'static str = "edges";
    const SUMMARY: &'static str = "the edges of a Parquet, CSV, TSV or JSON-lines file";
}

/// The edges of a Parquet, CSV, TSV or JSON-lines file in any of the conventions of
/// [`read_edges`](relata_graph::edge_file::read_edges).
///
/// ```
/// use relata_oracle::{Oracle, edges};
///
/// assert_eq!(edges("pairs.csv").describe().to_string(), "edges file=pairs.csv");
/// ```
pub fn edges(path: impl Into<PathBuf>) -> EdgeFile {
    EdgeFile { file: path.into() }
}

#[async_trait]
impl Oracle for EdgeFile {
    fn describe(&self) -> Description {
        Description::of(self)
    }

    fn files(&self) -> Vec<PathBuf> {
        vec![self.file.clone()]
    }

    fn check_answer(&self) -> Result<()> {
        Err(OracleError::cannot_answer(self.describe().name))
    }

    async fn relate(&self, context: &Context<'_>, out: &mut Relations) -> Result<()> {
        let lookup = IdLookup::new(context.samples)?;
        let mut batches = read_edges(&self.file, context.session, Some(&lookup)).await?;
        while let Some(batch) = batches.next().await {
            out.edges(&batch?)?;
        }
        Ok(())
    }
}
