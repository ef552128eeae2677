//! Sample ids: a column of integers, a column of text that is numbered, or row numbers.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, UInt64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Schema, UInt64Type};
use arrow::util::display::array_value_to_string;
use relata_schemas::SchemaError;
use relata_schemas::samples::ID;

use crate::feature_columns::position;
use crate::id_index::IdIndex;
use crate::index::SampleId;
use crate::{DataError, Result};

/// Collects the ids of a table batch by batch.
pub(super) struct SampleIds {
    table: String,
    name: String,
    /// The column's position in the table; absent if ids are row numbers.
    pub(super) column: Option<usize>,
    kind: Kind,
}

enum Kind {
    RowNumbers(u64),
    /// Integers that were row numbers so far; so many of them. They take no memory.
    Counting(u64),
    Integers(Vec<SampleId>),
    /// Every text and its number, in order of appearance.
    Text(HashMap<String, u64>),
}

impl Kind {
    /// Takes in the integers of a batch.
    fn add(&mut self, ids: &[u64]) {
        if let Self::Counting(rows) = self {
            if ids.iter().zip(*rows..).all(|(&id, row)| id == row) {
                *rows += ids.len() as u64;
                return;
            }
            *self = Self::Integers((0..*rows).map(SampleId).collect());
        }
        if let Self::Integers(by_row) = self {
            by_row.extend_from_slice(SampleId::slice(ids));
        }
    }
}

impl SampleIds {
    /// Takes the column asked for, else `id` if there is one, else row numbers.
    pub(super) fn choose(table: &str, schema: &Schema, asked: Option<&str>) -> Result<Self> {
        let column = match asked {
            Some(name) => Some(position(table, schema, name)?),
            None => schema.index_of(ID).ok(),
        };
        let (name, kind) = match column.map(|at| schema.field(at)) {
            None => (ID, Kind::RowNumbers(0)),
            Some(field) => {
                let plain = match field.data_type() {
                    DataType::Dictionary(_, values) => values.as_ref(),
                    other => other,
                };
                let kind = match plain {
                    plain if plain.is_integer() => Kind::Counting(0),
                    DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Kind::Text(HashMap::new()),
                    DataType::FixedSizeBinary(_) => Kind::Text(HashMap::new()),
                    other => {
                        let hint = "Cast the column, or name another one with `.id(..)`.";
                        let expected = "integers from 0, or text";
                        let error = SchemaError::column(table, field.name(), expected, other.to_string(), hint);
                        return Err(error.into());
                    }
                };
                (field.name().as_str(), kind)
            }
        };
        Ok(Self { table: table.to_owned(), name: name.to_owned(), column, kind })
    }

    /// Whether the ids are text, which is kept beside the numbers.
    pub(super) fn are_text(&self) -> bool {
        matches!(self.kind, Kind::Text(_))
    }

    /// The ids of a batch as numbers, and as text if they are text.
    pub(super) fn convert(&mut self, batch: &RecordBatch, first_row: u64) -> Result<(ArrayRef, Option<ArrayRef>)> {
        let column = self.column.map(|at| batch.column(at));
        if let Some(column) = column
            && let Some(row) = (0..column.len()).find(|&row| column.is_null(row))
        {
            return Err(self.wrong(first_row + row as u64, "an id in every row", "null".to_owned()));
        }
        match (&mut self.kind, column) {
            (Kind::Counting(_) | Kind::Integers(_), Some(column)) => {
                let ids = cast(column, &DataType::UInt64)?;
                if let Some(row) = (0..ids.len()).find(|&row| ids.is_null(row)) {
                    let found = array_value_to_string(column, row)?;
                    return Err(self.wrong(first_row + row as u64, "an integer from 0", found));
                }
                self.kind.add(ids.as_primitive::<UInt64Type>().values());
                Ok((ids, None))
            }
            (Kind::Text(numbers), Some(column)) => {
                let texts = match column.data_type() {
                    DataType::FixedSizeBinary(_) => hexadecimal(column),
                    _ => cast(column, &DataType::Utf8)?,
                };
                let mut ids = Vec::with_capacity(texts.len());
                for (row, text) in texts.as_string::<i32>().iter().flatten().enumerate() {
                    let number = first_row + row as u64;
                    match numbers.entry(text.to_owned()) {
                        Entry::Vacant(entry) => ids.push(*entry.insert(number)),
                        Entry::Occupied(entry) => {
                            return Err(DataError::DuplicateId {
                                table: self.table.clone(),
                                column: self.name.clone(),
                                id: format!("`{text}`"),
                                first: *entry.get(),
                                second: number,
                            });
                        }
                    }
                }
                Ok((Arc::new(UInt64Array::from(ids)), Some(texts)))
            }
            (Kind::RowNumbers(rows), _) => {
                *rows += batch.num_rows() as u64;
                Ok((Arc::new(UInt64Array::from_iter_values(first_row..*rows)), None))
            }
            (Kind::Counting(_) | Kind::Integers(_) | Kind::Text(_), None) => {
                Err(self.wrong(first_row, "an id in every row", "no column".to_owned()))
            }
        }
    }

    /// The index of all ids; refuses ids that come twice.
    pub(super) fn finish(self) -> Result<IdIndex> {
        let rows = match self.kind {
            Kind::Integers(by_row) => return IdIndex::new(by_row, &self.table, &self.name),
            Kind::RowNumbers(rows) | Kind::Counting(rows) => rows,
            Kind::Text(numbers) => numbers.len() as u64,
        };
        match u32::try_from(rows) {
            Ok(_) => Ok(IdIndex::RowNumbers(rows)),
            Err(_) => Err(DataError::setting(self.table, "rows", "below 2^32", rows)),
        }
    }

    fn wrong(&self, row: u64, expected: &str, found: String) -> DataError {
        let hint = "Correct the row, or name another column with `.id(..)`.";
        SchemaError::column(&self.table, &self.name, expected, found, hint).at_row(row).into()
    }
}

/// Bytes as hexadecimal digits; 16 of them with the dashes of a UUID.
fn hexadecimal(column: &ArrayRef) -> ArrayRef {
    let text = |bytes: &[u8]| -> String {
        let dashes = if bytes.len() == 16 { &[4, 6, 8, 10][..] } else { &[] };
        let digits = bytes.iter().enumerate().map(|(at, byte)| {
            let dash = if dashes.contains(&at) { "-" } else { "" };
            format!("{dash}{byte:02x}")
        });
        digits.collect()
    };
    Arc::new(column.as_fixed_size_binary().iter().map(|bytes| bytes.map(text)).collect::<StringArray>())
}

#[cfg(test)]
mod tests {
    use arrow::array::{BooleanArray, FixedSizeBinaryArray, Int64Array};

    use super::*;
    use crate::index::Row;

    fn table(name: &str, column: impl Array + 'static) -> RecordBatch {
        RecordBatch::try_from_iter([(name, Arc::new(column) as ArrayRef)]).unwrap()
    }

    fn read(batches: &[RecordBatch], asked: Option<&str>) -> Result<(Vec<u64>, IdIndex)> {
        let mut ids = SampleIds::choose("t.csv", &batches[0].schema(), asked)?;
        let mut all = Vec::new();
        for batch in batches {
            let (numbers, _) = ids.convert(batch, all.len() as u64)?;
            all.extend_from_slice(numbers.as_primitive::<UInt64Type>().values());
        }
        Ok((all, ids.finish()?))
    }

    #[test]
    fn integers_stay_text_is_numbered_and_rows_count() {
        let integers = [table("id", Int64Array::from(vec![7, 3])), table("id", Int64Array::from(vec![5]))];
        let (ids, index) = read(&integers, None).unwrap();
        assert_eq!((ids, index.row(SampleId(5))), (vec![7, 3, 5], Some(Row(2))));
        let counting = [vec![0, 1], vec![2, 9], vec![3]].map(|ids| table("id", Int64Array::from(ids)));
        let (ids, index) = read(&counting, None).unwrap();
        assert_eq!(ids, [0, 1, 2, 9, 3]);
        assert_eq!([9, 3].map(|id| index.row(SampleId(id))), [Some(Row(3)), Some(Row(4))]);
        assert!(matches!(read(&counting[..1], None).unwrap().1, IdIndex::RowNumbers(2)));
        assert_eq!(read(&[table("x", Int64Array::from(vec![7, 3, 5]))], None).unwrap().0, [0, 1, 2]);
        let plain = StringArray::from(vec!["b", "a"]);
        let encoded = cast(&plain, &DataType::Dictionary(DataType::Int8.into(), DataType::Utf8.into())).unwrap();
        let batch = RecordBatch::try_from_iter([("key", encoded)]).unwrap();
        let mut ids = SampleIds::choose("t", &batch.schema(), Some("key")).unwrap();
        assert!(ids.are_text());
        let (numbers, texts) = ids.convert(&batch, 0).unwrap();
        assert_eq!(numbers.as_primitive::<UInt64Type>().values(), &[0, 1]);
        assert_eq!(texts.unwrap().as_string::<i32>(), &plain);
    }

    #[test]
    fn bytes_are_written_as_hexadecimal_digits() {
        let ids = |rows: &[&[u8]]| {
            let column = FixedSizeBinaryArray::try_from_iter(rows.iter()).unwrap();
            let batch = table("id", column);
            let mut ids = SampleIds::choose("t", &batch.schema(), None).unwrap();
            let (numbers, texts) = ids.convert(&batch, 0).unwrap();
            assert_eq!(numbers.len(), rows.len());
            texts.unwrap().as_string::<i32>().value(0).to_owned()
        };
        let uuid: Vec<u8> = (0..16).map(|byte| byte * 16 + 15).collect();
        assert_eq!(ids(&[&uuid]), "0f1f2f3f-4f5f-6f7f-8f9f-afbfcfdfefff");
        assert_eq!(ids(&[&[1, 0xab], &[2, 3]]), "01ab");
    }

    #[test]
    fn bad_ids_name_their_row() {
        let row = |batch: RecordBatch| match read(&[table("id", Int64Array::from(vec![0])), batch], None) {
            Err(DataError::Schema(error)) => error,
            _ => panic!("not refused"),
        };
        let negative = row(table("id", Int64Array::from(vec![1, -4])));
        assert_eq!((negative.row, negative.found.as_str()), (Some(2), "-4"));
        assert_eq!(row(table("id", Int64Array::from(vec![None]))).row, Some(1));
        let texts = [table("k", StringArray::from(vec!["x", "y"])), table("k", StringArray::from(vec!["x"]))];
        let error = read(&texts, Some("k")).unwrap_err();
        assert!(matches!(&error, DataError::DuplicateId { first: 0, second: 2, .. }), "{error}");
        assert!(error.to_string().contains("`x`"), "{error}");
        assert!(matches!(read(&[table("id", BooleanArray::from(vec![true]))], None), Err(DataError::Schema(_))));
        assert!(read(&texts, Some("no")).unwrap_err().to_string().contains("only the columns k"));
    }
}
