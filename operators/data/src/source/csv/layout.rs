//! Layout of delimited files: their columns by name, and the type that each column has over all rows of all files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::csv::ByteRecord;
use arrow::datatypes::{Field, Schema, SchemaRef};

use super::column_type::{ColumnType, Numbers, is_null};
use super::dialect::Dialect;
use super::settings::Csv;
use crate::input_file;
use crate::object_store::Identity;
use crate::{DataError, Result};

/// What a first column without a name is called.
const ROW_NAME: &str = "row_name";

/// How the files are cut into columns.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub files: Vec<FileLayout>,
    pub schema: SchemaRef,
    pub types: Vec<ColumnType>,
    pub numbers: Numbers,
}

/// How one file is cut into columns.
#[derive(Debug, Clone)]
pub(super) struct FileLayout {
    pub path: PathBuf,
    /// What it was when it was looked at.
    pub identity: Identity,
    pub dialect: Dialect,
    /// Fields in a row.
    pub fields: usize,
    /// For each column of the table, its place in this file.
    pub places: Vec<usize>,
    /// The place from which on columns have no name, and must have no values.
    pub nameless: usize,
}

impl Layout {
    /// Looks at every row of every file.
    pub fn of(csv: &Csv, paths: &[PathBuf]) -> Result<Self> {
        let mut names: Option<Vec<String>> = None;
        let mut files = Vec::new();
        for path in paths.iter() {
            // A file without a byte has no rows, and no columns that could differ.
            let identity = input_file::identity(path)?;
            if identity.length == 0 {
                continue;
            }
            let dialect = Dialect::of(csv, path)?;
            let (found, fields) = columns(csv, path, &dialect)?;
            let nameless = found.last().map_or(0, |(_, place)| place + 1);
            let places = match &names {
                None => {
                    let places = found.iter().map(|(_, place)| *place).collect();
                    names = Some(found.into_iter().map(|(name, _)| name).collect());
                    places
                }
                Some(names) => same_columns(names, found, path, &paths[0])?,
            };
            files.push(FileLayout { path: path.clone(), identity, dialect, fields, places, nameless });
        }
        let names = names.unwrap_or_default();
        let numbers = Numbers { decimal_comma: false, thousands: csv.thousands };
        let numbers = Numbers { decimal_comma: csv.decimal_comma.unwrap_or(false), ..numbers };
        let looking = csv.decimal_comma.is_none() && files.iter().all(|file| file.dialect.delimiter == b';');
        // With decimal commas, points stand between thousands.
        let comma = Numbers { decimal_comma: true, thousands: numbers.thousands.or(Some('.')) };
        let (mut types, mut with_comma) =
            (vec![ColumnType::Unknown; names.len()], vec![ColumnType::Unknown; names.len()]);
        for file in &files {
            file.records(csv, &mut |_, record| {
                for ((at, &place), of) in file.places.iter().enumerate().zip(&mut types) {
                    let text = field(&file.path, record, place)?;
                    if is_null(&csv.nulls, text) {
                        continue;
                    }
                    if *of != ColumnType::Text {
                        *of = of.with(ColumnType::of(text, &numbers));
                    }
                    if looking && with_comma[at] != ColumnType::Text {
                        with_comma[at] = with_comma[at].with(ColumnType::of(text, &comma));
                    }
                }
                Ok(true)
            })?;
        }
        // Semicolons go with decimal commas: where a column is of numbers with them, and none has a decimal point.
        let gains = types.iter().zip(&with_comma).any(|(point, comma)| *point == ColumnType::Text && comma.is_number());
        let loses = types.iter().zip(&with_comma).any(|(point, comma)| point.is_number() && *comma == ColumnType::Text);
        let by_comma = looking && gains && !loses;
        let (types, numbers) = if by_comma { (with_comma, comma) } else { (types, numbers) };
        Ok(Self { files, schema: schema(&names, &types), types, numbers })
    }

    /// Makes columns text, whatever their values look like.
    pub fn make_text(&mut self, columns: &[String]) {
        let names: Vec<String> = self.schema.fields().iter().map(|field| field.name().clone()).collect();
        let chosen = names.iter().zip(&mut self.types).filter(|(name, _)| columns.contains(name));
        chosen.for_each(|(_, of)| *of = ColumnType::Text);
        self.schema = schema(&names, &self.types);
    }
}

impl FileLayout {
    /// Calls `take` with the number and the fields of each row, until it returns false; says whether it never did.
    pub fn records(&self, csv: &Csv, take: &mut dyn FnMut(u64, &ByteRecord) -> Result<bool>) -> Result<bool> {
        let mut reader = self.dialect.records(csv, &self.path)?;
        let mut record = ByteRecord::new();
        let mut header = self.dialect.header;
        let mut row = 0;
        while reader.read_byte_record(&mut record).map_err(|error| broken(&self.path, error))? {
            if std::mem::take(&mut header) {
                continue;
            }
            if record.len() != self.fields {
                let line = record.position().map_or(0, ::csv::Position::line);
                let found = format!("row {row} (line {line}) with {}", record.len());
                return Err(DataError::Unreadable {
                    path: self.path.clone(),
                    expected: format!("{} fields in every row", self.fields),
                    found,
                    hint: "A field with a delimiter or a line break in it must be quoted; `Csv` has options for other delimiters, quotes and comments.".to_owned(),
                });
            }
            if let Some(place) = (self.nameless..self.fields).find(|&place| record.get(place) != Some(b"")) {
                return Err(DataError::Unreadable {
                    path: self.path.clone(),
                    expected: "a name in the header for every column with values".to_owned(),
                    found: format!("a value in row {row}, column {place}, which has none"),
                    hint: "Name the column.".to_owned(),
                });
            }
            if !take(row, &record)? {
                return Ok(false);
            }
            row += 1;
        }
        input_file::refuse_change(&self.path, self.identity)?;
        Ok(true)
    }
}

/// A field as text.
pub(super) fn field<'a>(path: &Path, record: &'a ByteRecord, place: usize) -> Result<&'a str> {
    let bytes = record.get(place).unwrap_or_default();
    std::str::from_utf8(bytes).map_err(|_| {
        let line = record.position().map_or(0, ::csv::Position::line);
        DataError::Unreadable {
            path: path.to_path_buf(),
            expected: "text in UTF-8".to_owned(),
            found: format!("the bytes {} in field {place} of line {line}", bytes.escape_ascii()),
            hint: "If the file is in another encoding, name it: `Csv::new(..).with_encoding(\"latin-1\")`.".to_owned(),
        }
    })
}

fn schema(names: &[String], types: &[ColumnType]) -> SchemaRef {
    let fields = names.iter().zip(types).map(|(name, of)| Field::new(name, of.data_type(), true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// Names and places of a file's columns, and how many fields a row has.
fn columns(csv: &Csv, path: &Path, dialect: &Dialect) -> Result<(Vec<(String, usize)>, usize)> {
    let mut reader = dialect.records(csv, path)?;
    let mut record = ByteRecord::new();
    reader.read_byte_record(&mut record).map_err(|error| broken(path, error))?;
    let mut columns: Vec<(String, usize)> = Vec::new();
    for place in 0..record.len() {
        let name = match dialect.header {
            true => field(path, &record, place)?.trim().to_owned(),
            false => format!("column_{}", place + 1),
        };
        // The row numbers or names that pandas and R write as a first column without a name.
        let name = if place == 0 && record.len() > 1 && name.is_empty() { ROW_NAME.to_owned() } else { name };
        // Delimiters at the end of every row, as spreadsheets write them.
        if name.is_empty() && (place..record.len()).all(|rest| record.get(rest).is_some_and(<[u8]>::is_empty)) {
            break;
        }
        if let Some((_, first)) = columns.iter().find(|(known, _)| *known == name) {
            return Err(DataError::Unreadable {
                path: path.to_path_buf(),
                expected: "columns of different names".to_owned(),
                found: format!("`{name}` twice, as columns {first} and {place}"),
                hint: "Rename one of them.".to_owned(),
            });
        }
        columns.push((name, place));
    }
    Ok((columns, record.len()))
}

/// The places in a file of the columns of the first one: by name, in any order.
fn same_columns(names: &[String], found: Vec<(String, usize)>, path: &Path, first: &Path) -> Result<Vec<usize>> {
    let extra = found.iter().find(|(name, _)| !names.contains(name)).map(|(name, _)| name.clone());
    let places = names.iter().map(|name| found.iter().find(|(other, _)| other == name).map(|(_, place)| *place));
    let missing = places.clone().zip(names).find(|(place, _)| place.is_none()).map(|(_, name)| name.clone());
    let difference = match (missing, extra) {
        (None, None) => return Ok(places.flatten().collect()),
        (Some(missing), _) => format!("no column `{missing}`"),
        (None, Some(extra)) => format!("a column `{extra}` as well"),
    };
    Err(DataError::Unreadable {
        path: path.to_path_buf(),
        expected: format!("the columns of `{}`, in any order", first.display()),
        found: difference,
        hint: "Add or remove the column, or read the files one by one and join them by `sql(..)`.".to_owned(),
    })
}

fn broken(path: &Path, error: ::csv::Error) -> DataError {
    let found = format!("`{error}`");
    if let ::csv::ErrorKind::Io(error) = error.into_kind()
        && let Ok(own) = error.downcast::<DataError>()
    {
        return own;
    }
    DataError::Unreadable {
        path: path.to_path_buf(),
        expected: "delimited text".to_owned(),
        found,
        hint: "It may be truncated or of another format: look at the place, or copy it again.".to_owned(),
    }
}
