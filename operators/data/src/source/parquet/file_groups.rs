//! File groups: the files of a Parquet dataset whose columns differ, brought to one table. A column is found by its
//! name; integers in one part and decimals in the next become decimals; what a path says of its file is a column.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::logical_expr::{Expr, cast, ident, lit};
use datafusion::prelude::{DataFrame, ParquetReadOptions};
use relata_schemas::SchemaError;

use super::path_columns::PathColumns;
use crate::object_store::parquet_schemas;
use crate::source::blocking::off_thread;
use crate::source::paths::urls;
use crate::source::read_error::read_error;
use crate::{ParquetFile, Result, Session, query};

/// Files in a row that have the same columns and say the same by their paths.
struct Group {
    schema: SchemaRef,
    columns: PathColumns,
    files: Vec<PathBuf>,
}

/// The rows of all files, in their order; `root` is what was asked for.
pub(super) async fn read(session: &Session, root: &Path, files: Vec<PathBuf>) -> Result<DataFrame> {
    let name = root.display().to_string();
    let below = root.to_path_buf();
    let groups = off_thread(root, move || groups(&below, &files)).await?;
    let schema = unified(&groups)?;
    let mut whole: Option<DataFrame> = None;
    for group in &groups {
        let options = ParquetReadOptions::new().file_extension("").skip_metadata(groups.len() > 1);
        // Plans that join tables compare the metadata of their schemas, which is not the same in any two of ours.
        let columns = (groups.len() == 1).then(|| Arc::new(Schema::new(group.schema.fields().clone())));
        let rows = query::read_parquet(session, urls(session, &group.files)?, options, columns).await;
        let mut rows = rows.map_err(|error| read_error(&name, error))?;
        if groups.len() > 1 || !group.columns.is_empty() {
            let columns = schema.fields().iter().map(|field| group.column(field));
            rows = rows.select(columns.collect::<Vec<_>>()).map_err(|error| read_error(&name, error))?;
        }
        whole = Some(match whole {
            Some(before) => before.union(rows).map_err(|error| read_error(&name, error))?,
            None => rows,
        });
    }
    whole.ok_or_else(|| unreachable!("a dataset without files is refused where they are looked for"))
}

fn groups(root: &Path, files: &[PathBuf]) -> Result<Vec<Group>> {
    let paths = PathColumns::of_all(root, files);
    let mut groups: Vec<Group> = Vec::new();
    // Finds a damaged file before any work starts, and by its own name where there are many.
    let objects = parquet_schemas(files)?;
    for ((file, columns), object) in files.iter().zip(paths).zip(objects) {
        let schema = object.map_or_else(|| ParquetFile::open(file).map(|file| file.schema().clone()), Ok)?;
        refuse_unreadable(file, &schema)?;
        match groups.last_mut() {
            Some(last) if last.columns == columns && same_columns(&last.schema, &schema) => {
                last.files.push(file.clone())
            }
            _ => groups.push(Group { schema, columns, files: vec![file.clone()] }),
        }
    }
    Ok(groups)
}

/// Refuses columns of one name, of which one would be lost, and dictionaries that the decoder does not read.
fn refuse_unreadable(file: &Path, schema: &Schema) -> Result<()> {
    let table = file.display().to_string();
    for (at, field) in schema.fields().iter().enumerate() {
        if schema.fields()[..at].iter().any(|before| before.name() == field.name()) {
            let hint = "Rename one of them.";
            return Err(SchemaError::column(&table, field.name(), "one column of this name", "two", hint).into());
        }
        if let DataType::Dictionary(_, values) = field.data_type()
            && **values == DataType::Boolean
        {
            let hint = "Write it as plain booleans; pandas has `.astype(bool)`.";
            let found = field.data_type().to_string();
            return Err(
                SchemaError::column(&table, field.name(), "a type that Parquet's decoder reads", found, hint).into()
            );
        }
    }
    Ok(())
}

/// Whether names and types are the same, whatever the metadata of the files.
fn same_columns(a: &Schema, b: &Schema) -> bool {
    let same = |a: &Field, b: &Field| a.name() == b.name() && a.data_type() == b.data_type();
    a.fields().len() == b.fields().len() && a.fields().iter().zip(b.fields()).all(|(a, b)| same(a, b))
}

/// The columns of all groups, in the order in which they come.
fn unified(groups: &[Group]) -> Result<SchemaRef> {
    let mut fields: Vec<Field> = Vec::new();
    for group in groups {
        for field in group.schema.fields() {
            match fields.iter_mut().find(|known| known.name() == field.name()) {
                None => fields.push(field.as_ref().clone().with_nullable(true)),
                Some(known) => {
                    let of_both = widest(known.data_type(), field.data_type()).ok_or_else(|| {
                        let table = group.files[0].display().to_string();
                        let expected = format!("{}, as in the files before it", known.data_type());
                        let hint = "Write the files with one type, or read them one by one in a query with `sql(..)`.";
                        SchemaError::column(&table, field.name(), expected, field.data_type().to_string(), hint)
                    })?;
                    known.set_data_type(of_both);
                }
            }
        }
        for (name, _) in group.columns.iter() {
            if fields.iter().all(|known| known.name() != name) {
                fields.push(Field::new(name, DataType::Utf8, true));
            }
        }
    }
    Ok(Arc::new(Schema::new(fields)))
}

impl Group {
    /// A column of the whole table as it is in this group: null where the group has none.
    fn column(&self, field: &Field) -> Expr {
        let value = match (self.schema.field_with_name(field.name()), self.columns.get(field.name())) {
            (Ok(own), _) if own.data_type() == field.data_type() => ident(field.name()),
            (Ok(_), _) => cast(ident(field.name()), field.data_type().clone()),
            (Err(_), Some(value)) => lit(value),
            (Err(_), None) => cast(lit(datafusion::scalar::ScalarValue::Null), field.data_type().clone()),
        };
        value.alias(field.name())
    }
}

/// The type that holds the values of both.
fn widest(a: &DataType, b: &DataType) -> Option<DataType> {
    let texts = |of: &DataType| matches!(of, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    let decimal = |of: &DataType| of.is_floating() || of.is_decimal();
    Some(match (a, b) {
        (a, b) if a == b => a.clone(),
        (DataType::Null, other) | (other, DataType::Null) => other.clone(),
        (a, b) if a.is_integer() && b.is_integer() => match (a, b) {
            // Numbers of both signs beyond 63 bits have no type of their own.
            (DataType::UInt64, other) | (other, DataType::UInt64) if other.is_signed_integer() => DataType::Float64,
            (a, b) if a.is_unsigned_integer() && b.is_unsigned_integer() => DataType::UInt64,
            _ => DataType::Int64,
        },
        (a, b) if a.is_numeric() && b.is_numeric() && (decimal(a) || decimal(b)) => DataType::Float64,
        (a, b) if texts(a) && texts(b) => DataType::Utf8,
        (DataType::Dictionary(_, a), DataType::Dictionary(_, b)) => widest(a, b)?,
        (DataType::Dictionary(_, values), other) | (other, DataType::Dictionary(_, values)) => widest(values, other)?,
        (DataType::Date32 | DataType::Timestamp(..), DataType::Date32 | DataType::Timestamp(..)) => {
            DataType::Timestamp(TimeUnit::Microsecond, None)
        }
        (
            DataType::List(a) | DataType::LargeList(a) | DataType::FixedSizeList(a, _),
            DataType::List(b) | DataType::LargeList(b) | DataType::FixedSizeList(b, _),
        ) => {
            let item = Field::new("item", widest(a.data_type(), b.data_type())?, true);
            DataType::List(item.into())
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wider_type_holds_both() {
        use DataType::{Boolean, Date32, Float32, Float64, Int8, Int64, LargeUtf8, Null, UInt8, UInt64, Utf8};
        for (a, b, expected) in [
            (Int8, Int64, Some(Int64)),
            (UInt8, Int8, Some(Int64)),
            (UInt64, Int8, Some(Float64)),
            (Int64, Float32, Some(Float64)),
            (Int64, DataType::Decimal128(10, 2), Some(Float64)),
            (Null, Boolean, Some(Boolean)),
            (Utf8, LargeUtf8, Some(Utf8)),
            (Date32, Int64, None),
            (Utf8, Int64, None),
        ] {
            assert_eq!((widest(&a, &b), widest(&b, &a)), (expected.clone(), expected), "{a} {b}");
        }
    }
}
