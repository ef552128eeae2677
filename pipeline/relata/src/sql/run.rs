//! Queries over one run.

use datafusion::prelude::DataFrame;

use super::error::SqlError;
use super::format::Format;
use super::query::query;
use super::session::session;
use super::statements::statements;
use super::write::write_result;
use crate::blocking::block_on;
use crate::store::Run;

impl Run {
    /// A query over the run's tables, which are listed at [`session`](super::session()).
    ///
    /// ```no_run
    /// use relata::prelude::*;
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let scores = Run::open("runs/digits")?.sql("SELECT name, value FROM scores").await?;
    /// println!("{} measures", scores.count().await?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn sql(&self, text: &str) -> Result<DataFrame, SqlError> {
        query(&session(std::slice::from_ref(self)).await?, text).await
    }

    /// Prints the answer to a query as a table: its first 1000 rows, and how many more there are. Of several statements
    /// with a semicolon between them, one table after the other.
    ///
    /// Like [`Pipeline::run`](crate::dsl::Pipeline::run), it needs no async runtime, and may be called inside of one.
    ///
    /// ```no_run
    /// use relata::prelude::*;
    ///
    /// let run = Run::open("runs/digits")?;
    /// run.show("SELECT name, raw, value FROM scores")?;
    /// # Ok::<(), relata::PipelineError>(())
    /// ```
    pub fn show(&self, text: &str) -> Result<(), SqlError> {
        block_on(|| async {
            let session = session(std::slice::from_ref(self)).await?;
            for statement in statements(text) {
                write_result(query(&session, &statement).await?, Format::Table, std::io::stdout()).await?;
            }
            Ok(())
        })?
    }
}
