//! Sources: which table each row is of, where records of different tables are linked.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, UInt64Type};
use relata_data::index::{Row, SampleId};
use relata_data::source::Samples;
use relata_data::{DataError, Session, query};

/// The source of every row, as numbers in the order of the sources' names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    of_row: Vec<u32>,
    names: Vec<String>,
}

impl Sources {
    /// Reads the sources from a column of `samples`. Refused: rows without one, and a single source.
    pub async fn read(session: &Session, samples: &Samples, column: &str) -> Result<Self, DataError> {
        let quoted = column.replace('"', "\"\"");
        let table = query::plan_sql(session, &format!("SELECT id, \"{quoted}\" AS source FROM samples")).await?;
        let mut found = vec![None; samples.ids.rows()];
        for batch in query::collect(table).await? {
            let ids = SampleId::slice(batch["id"].as_primitive::<UInt64Type>().values());
            let values = cast(&batch["source"], &DataType::Utf8)?;
            let values = values.as_string::<i32>();
            for (at, &id) in ids.iter().enumerate().filter(|(at, _)| values.is_valid(*at)) {
                if let Some(row) = samples.ids.row(id) {
                    found[row.index()] = Some(values.value(at).to_owned());
                }
            }
        }
        let refuse = |expected: &str, found: String| DataError::setting("link", "column", expected, found);
        if let Some(row) = found.iter().position(Option::is_none) {
            let id = samples.ids.id(Row(row as u32));
            return Err(refuse("a source for every row", format!("null in `{column}` of the sample {id}")));
        }
        let mut numbers: BTreeMap<String, u32> = found.iter().flatten().map(|name| (name.clone(), 0)).collect();
        numbers.values_mut().zip(0..).for_each(|(number, next)| *number = next);
        if numbers.len() < 2 {
            let only = numbers.keys().next().cloned().unwrap_or_default();
            return Err(refuse("a column of two or more sources", format!("`{column}`, which is `{only}` everywhere")));
        }
        let of_row = found.iter().flatten().map(|name| numbers[name]).collect();
        Ok(Self { of_row, names: numbers.into_keys().collect() })
    }

    /// How many sources there are.
    pub fn count(&self) -> usize {
        self.names.len()
    }

    /// The sources of all rows, as numbers from 0.
    pub fn of_rows(&self) -> &[u32] {
        &self.of_row
    }

    /// Whether two rows are of different sources.
    pub fn differ(&self, a: Row, b: Row) -> bool {
        self.of_row[a.index()] != self.of_row[b.index()]
    }
}
