//! SQL over runs: every table of one or more run folders, nearest neighbours, the graph, and ways to print an answer.

mod arguments;
mod catalogue;
mod computed;
mod describe;
mod embedding_file;
mod error;
mod format;
mod functions;
mod hits;
mod implied;
mod known_pairs;
mod ledger;
mod list_formatter;
mod mean_vector;
mod nearest;
mod nearest_each;
mod neighbours;
mod query;
mod rounds;
mod run;
mod session;
mod similar_pairs;
mod statements;
mod table_files;
pub(crate) mod views;
mod write;

pub use describe::describe;
pub use error::SqlError;
pub use format::Format;
pub use functions::functions;
pub use query::query;
pub use session::session;
pub use statements::{Statements, statements};
pub use write::write_result;
