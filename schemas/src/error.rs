//! The one error of a table that is not as it should be.

/// A table, column or row that breaks its contract, with what to do about it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("table `{table}`, column `{column}`{}: expected {expected}, found {found}. {hint}", row_text(.row))]
pub struct SchemaError {
    /// The table's name, or the file that was read as that table.
    pub table: String,
    /// The offending column.
    pub column: String,
    /// The row, counted from 0 over the whole table; absent when the column itself is at fault.
    pub row: Option<u64>,
    /// What the contract asks for.
    pub expected: String,
    /// What is there.
    pub found: String,
    /// What the user can do about it.
    pub hint: String,
}

impl SchemaError {
    /// An error about a whole column.
    pub fn column(
        table: impl Into<String>,
        column: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            table: table.into(),
            column: column.into(),
            row: None,
            expected: expected.into(),
            found: found.into(),
            hint: hint.into(),
        }
    }

    /// The same error, at a row (counted from 0 over the whole table).
    pub fn at_row(mut self, row: u64) -> Self {
        self.row = Some(row);
        self
    }
}

fn row_text(row: &Option<u64>) -> String {
    row.map(|row| format!(", row {row}")).unwrap_or_default()
}
