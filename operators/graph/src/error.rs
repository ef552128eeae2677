//! Errors of the graph: an edge or a group that cannot be one, or a table that cannot be read or written.

use arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use relata_data::{DataError, data_errors};
use relata_schemas::SchemaError;

/// The result of an operation on the graph.
pub type Result<T, E = GraphError> = std::result::Result<T, E>;

/// What can go wrong between a statement and an edge.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// Reading or writing a table failed, or it breaks its contract.
    #[error(transparent)]
    Data(#[from] DataError),
    /// An edge or a group names a sample that the dataset does not have, or a group that is not there.
    #[error(
        "row {row} of {table}, column `{column}`: the id {id} is not in the dataset. Drop the edge, read the dataset with the id column that the edges use, or skip such pairs of a file of edges: `.skip_unknown()`."
    )]
    UnknownId {
        /// The edge list.
        table: String,
        /// The column.
        column: String,
        /// The row, counted from 0.
        row: u64,
        /// The id.
        id: String,
    },
    /// A file of edges without rows.
    #[error("the edge file `{file}` has no rows. {hint}")]
    EmptyEdges {
        /// The file.
        file: String,
        /// What to do about it.
        hint: &'static str,
    },
}

data_errors!(GraphError, SchemaError, ArrowError, DataFusionError);
