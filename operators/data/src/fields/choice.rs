//! Choice of fields: which columns of a table become features, how, and which are left out and why.

use std::fmt;

use arrow::datatypes::{DataType, Schema};
use relata_schemas::SchemaError;
use relata_schemas::samples::{ID, LABEL, SPLIT};

use super::field::{Field, FieldKind, category, date, number, text};
use crate::Result;

/// Names of columns that number the rows, as pandas and others write them.
const ROW_NUMBERS: [&str; 3] = ["__index_level_0__", "Unnamed: 0", "row_name"];
/// The same where they are whole numbers; else they are values.
const INDICES: [&str; 2] = ["index", "level_0"];

/// The fields of a table, and the columns that are none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FieldChoice {
    /// The features, in the order of the table, or as they were asked for.
    pub fields: Vec<Field>,
    /// The other columns.
    pub left_out: Vec<LeftOut>,
}

/// A column that is no feature.
#[derive(Debug, Clone, PartialEq)]
pub struct LeftOut {
    /// The column.
    pub column: String,
    /// Why.
    pub reason: String,
}

impl fmt::Display for FieldChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |items: Vec<String>| items.join(", ");
        write!(f, "features: {}", list(self.fields.iter().map(Field::to_string).collect()))?;
        if self.left_out.is_empty() {
            return Ok(());
        }
        let left_out = self.left_out.iter().map(|one| format!("{} ({})", one.column, one.reason));
        write!(f, "; left out: {}", list(left_out.collect()))
    }
}

/// Chooses a field for every column by its type: text, number (whole ones with their digits), category (dictionaries),
/// date. Left out are the id, `label`, `split`, columns that number the rows, columns `used` elsewhere (each with its
/// reason), and types that are no feature.
pub fn choose_fields(
    table: &str,
    schema: &Schema,
    id: Option<usize>,
    used: &[(String, String)],
) -> Result<FieldChoice> {
    let mut choice = FieldChoice::default();
    for (at, field) in schema.fields().iter().enumerate() {
        let name = field.name();
        let used = used.iter().find(|(column, _)| column == name).map(|(_, reason)| reason.clone());
        let by_type = by_type(name, field.data_type());
        let reason = match name.as_str() {
            _ if Some(at) == id => Some("the id".to_owned()),
            _ if used.is_some() => used,
            // An answer is no feature, however its column is written.
            name if [LABEL, SPLIT].iter().any(|known| name.eq_ignore_ascii_case(known)) => {
                Some(format!("called `{name}`"))
            }
            name if name.eq_ignore_ascii_case(ID) => {
                Some(format!("called `{name}`; `.id(\"{name}\")` makes it the id"))
            }
            name if is_row_number(at, name, field.data_type()) => Some("numbers the rows".to_owned()),
            _ if by_type.is_none() => Some(format!("of type {}", field.data_type())),
            _ => None,
        };
        match (reason, by_type) {
            (None, Some(field)) => choice.fields.push(field),
            (reason, _) => {
                choice.left_out.push(LeftOut { column: name.clone(), reason: reason.unwrap_or_default() });
            }
        }
    }
    match choice.fields.is_empty() {
        false => Ok(choice),
        true => {
            let names: Vec<_> = schema.fields().iter().map(|field| field.name().as_str()).collect();
            let expected = "a column of text, numbers, dates or vectors besides the id, `label` and `split`";
            let hint = "Add the features, or name them with `.fields([..])` or `.features(..)`.";
            Err(SchemaError::column(table, "features", expected, format!("only {}", names.join(", ")), hint).into())
        }
    }
}

/// Checks that the columns asked for are there; all others are left out.
pub(crate) fn asked_fields(table: &str, schema: &Schema, asked: &[Field]) -> Result<FieldChoice> {
    for (at, field) in asked.iter().enumerate() {
        crate::feature_columns::position(table, schema, &field.column)?;
        if asked[..at].iter().any(|before| before.column == field.column) {
            let hint = "Name every column once.";
            let expected = "one field for the column";
            return Err(SchemaError::column(table, &field.column, expected, "two fields", hint).into());
        }
    }
    let left_out = schema.fields().iter().filter(|field| asked.iter().all(|asked| asked.column != *field.name()));
    let left_out =
        left_out.map(|field| LeftOut { column: field.name().clone(), reason: "not asked for".to_owned() }).collect();
    Ok(FieldChoice { fields: asked.to_vec(), left_out })
}

/// The row numbers of a data frame that was written with them: the names that pandas gives, or a first column without
/// a name.
fn is_row_number(at: usize, name: &str, data_type: &DataType) -> bool {
    let is_index = INDICES.contains(&name) && data_type.is_integer();
    is_index || ROW_NUMBERS.contains(&name) || (at == 0 && name.trim().is_empty())
}

fn by_type(name: &str, data_type: &DataType) -> Option<Field> {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Some(text(name)),
        DataType::Dictionary(_, values) => match by_type(name, values)?.kind {
            FieldKind::Text {} => Some(category(name)),
            _ => by_type(name, values),
        },
        integer if integer.is_integer() => Some(number(name).with_digits()),
        other if other.is_numeric() || other == &DataType::Boolean => Some(number(name)),
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => Some(date(name)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{Field as ArrowField, TimeUnit};

    use super::*;

    fn schema() -> Schema {
        let dictionary = DataType::Dictionary(DataType::Int8.into(), DataType::Utf8.into());
        let columns = [
            ("", DataType::Int64),
            ("key", DataType::Utf8),
            ("name", DataType::Utf8View),
            ("born", DataType::Timestamp(TimeUnit::Millisecond, None)),
            ("city", dictionary),
            ("year", DataType::Int16),
            ("income", DataType::Float32),
            ("alive", DataType::Boolean),
            ("label", DataType::Int64),
            ("entity", DataType::Int64),
            ("photo", DataType::Binary),
        ];
        Schema::new(columns.map(|(name, of)| ArrowField::new(name, of, true)).to_vec())
    }

    #[test]
    fn columns_are_fields_by_their_type_and_the_rest_is_left_out_with_its_reason() {
        let used = [("entity".to_owned(), "read by `knn`".to_owned())];
        let choice = choose_fields("t", &schema(), Some(1), &used).unwrap();
        assert_eq!(
            choice.to_string(),
            "features: text(name), date(born), category(city), number(year, digits), number(income), number(alive); \
             left out:  (numbers the rows), key (the id), label (called `label`), entity (read by `knn`), \
             photo (of type Binary)"
        );
        let capitals = ["ID", "Label", "SPLIT", "name"].map(|name| ArrowField::new(name, DataType::Utf8, true));
        let choice = choose_fields("t", &Schema::new(capitals.to_vec()), None, &[]).unwrap();
        assert_eq!(
            choice.to_string(),
            "features: text(name); left out: ID (called `ID`; `.id(\"ID\")` makes it the id), Label (called `Label`), \
             SPLIT (called `SPLIT`)"
        );
        let only = Schema::new(vec![ArrowField::new("label", DataType::Int64, true)]);
        assert!(choose_fields("t", &only, None, &[]).unwrap_err().to_string().contains("only label"));
    }

    #[test]
    fn columns_that_are_asked_for_are_there_once() {
        let choice = asked_fields("t", &schema(), &[text("city"), number("year")]).unwrap();
        assert_eq!((choice.fields.len(), choice.left_out.len()), (2, 9));
        assert!(asked_fields("t", &schema(), &[text("town")]).unwrap_err().to_string().contains("town"));
        assert!(
            asked_fields("t", &schema(), &[text("city"), category("city")]).unwrap_err().to_string().contains("two")
        );
    }
}
