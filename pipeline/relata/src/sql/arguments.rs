//! The arguments of table functions: names, ids, whole numbers and vectors, as identifiers or literals.

use std::fmt;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type, Float64Type, UInt64Type};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Expr;

use super::error::SqlError;

/// The id of a sample, as a query gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum IdArgument {
    /// A number.
    Number(u64),
    /// Text, such as the user's own id in `source_id`.
    Text(String),
}

impl fmt::Display for IdArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

/// The arguments of one call.
pub(super) struct Arguments<'a> {
    function: &'static str,
    exprs: &'a [Expr],
}

impl<'a> Arguments<'a> {
    /// Takes the arguments of `function` (its name with all arguments), of which there must be so many.
    pub fn new(function: &'static str, exprs: &'a [Expr], least: usize, most: usize) -> Result<Self, SqlError> {
        if (least..=most).contains(&exprs.len()) {
            return Ok(Self { function, exprs });
        }
        let expected = format!("{least} to {most} of them");
        Err(SqlError::Argument { function, argument: "arguments", expected, found: exprs.len().to_string() })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.exprs.len()
    }

    /// The error of an argument that is not what it should be.
    pub fn wrong(&self, at: usize, argument: &'static str, expected: &str) -> SqlError {
        let found = match &self.exprs[at] {
            Expr::Literal(value, _) => value.to_string(),
            other => other.to_string(),
        };
        SqlError::Argument { function: self.function, argument, expected: expected.to_owned(), found }
    }

    /// A name: an identifier, with dots or without, or a string.
    pub fn name(&self, at: usize, argument: &'static str) -> Result<String, SqlError> {
        let name = match &self.exprs[at] {
            Expr::Column(column) => Some(match &column.relation {
                Some(relation) => format!("{}.{}", relation.table(), column.name),
                None => column.name.clone(),
            }),
            Expr::Literal(value, _) => value.try_as_str().flatten().map(str::to_owned),
            _ => None,
        };
        name.ok_or_else(|| self.wrong(at, argument, "a name"))
    }

    /// A whole number from 0; none if the argument is something else.
    pub fn whole_number(&self, at: usize) -> Option<u64> {
        match &self.exprs[at] {
            Expr::Literal(value, _) if value.data_type().is_integer() => {
                let number = cast(&value.to_array().ok()?, &DataType::UInt64).ok()?;
                let number = number.as_primitive::<UInt64Type>();
                number.is_valid(0).then(|| number.value(0))
            }
            _ => None,
        }
    }

    /// A finite number; none if the argument is something else.
    pub fn number(&self, at: usize) -> Option<f64> {
        let negated = match &self.exprs[at] {
            Expr::Negative(inner) => Some(inner),
            _ => None,
        };
        let (expr, sign) = negated.map_or((&self.exprs[at], 1.0), |inner| (&**inner, -1.0));
        match expr {
            Expr::Literal(value, _) if value.data_type().is_numeric() => {
                let number = cast(&value.to_array().ok()?, &DataType::Float64).ok()?;
                let number = number.as_primitive::<Float64Type>();
                (number.is_valid(0) && number.value(0).is_finite()).then(|| sign * number.value(0))
            }
            _ => None,
        }
    }

    /// A string literal; none if the argument is something else.
    pub fn text(&self, at: usize) -> Option<&str> {
        match &self.exprs[at] {
            Expr::Literal(value, _) => value.try_as_str().flatten(),
            _ => None,
        }
    }

    /// The id of a sample, a whole number or a string; none if the argument is something else.
    pub fn id(&self, at: usize) -> Option<IdArgument> {
        let text = || self.text(at).map(|text| IdArgument::Text(text.to_owned()));
        self.whole_number(at).map(IdArgument::Number).or_else(text)
    }

    /// A vector of finite numbers; none if the argument is something else.
    pub fn vector(&self, at: usize) -> Option<Vec<f32>> {
        let Expr::Literal(value, _) = &self.exprs[at] else { return None };
        let list: ArrayRef = match value {
            ScalarValue::List(list) if list.is_valid(0) => list.value(0),
            ScalarValue::LargeList(list) if list.is_valid(0) => list.value(0),
            ScalarValue::FixedSizeList(list) if list.is_valid(0) => list.value(0),
            _ => return None,
        };
        if !list.data_type().is_numeric() {
            return None;
        }
        let numbers = cast(&list, &DataType::Float32).ok()?;
        let numbers = numbers.as_primitive::<Float32Type>();
        let whole = numbers.null_count() == 0 && numbers.values().iter().all(|number| number.is_finite());
        whole.then(|| numbers.values().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use datafusion::common::Column;
    use datafusion::prelude::lit;

    use super::*;

    fn list(values: &[ScalarValue], item: DataType) -> Expr {
        lit(ScalarValue::List(ScalarValue::new_list(values, &item, true)))
    }

    #[test]
    fn identifiers_and_strings_are_names() {
        let exprs = [Expr::Column(Column::new(Some("digits"), "embeddings")), lit("a/b.parquet"), lit(3i64)];
        let arguments = Arguments::new("f(..)", &exprs, 1, 3).unwrap();
        assert_eq!(arguments.name(0, "x").unwrap(), "digits.embeddings");
        assert_eq!(arguments.name(1, "x").unwrap(), "a/b.parquet");
        assert_eq!(arguments.name(2, "x").unwrap_err().to_string(), "f(..): `x` must be a name, but is 3");
        assert!(Arguments::new("f(..)", &exprs, 1, 2).is_err());
    }

    #[test]
    fn only_whole_numbers_from_zero_are_numbers() {
        let exprs = [lit(7i64), lit(u64::MAX), lit(-1i64), lit(1.0), lit("7"), lit(ScalarValue::Int64(None))];
        let arguments = Arguments::new("f(..)", &exprs, 0, 9).unwrap();
        let numbers: Vec<_> = (0..exprs.len()).map(|at| arguments.whole_number(at)).collect();
        assert_eq!(numbers, [Some(7), Some(u64::MAX), None, None, None, None]);
        let ids: Vec<_> = (0..exprs.len()).map(|at| arguments.id(at).map(|id| id.to_string())).collect();
        let expected = [Some("7".to_owned()), Some(u64::MAX.to_string()), None, None, Some("7".to_owned()), None];
        assert_eq!(ids, expected);
    }

    #[test]
    fn lists_of_finite_numbers_are_vectors() {
        let double = |value: f64| ScalarValue::Float64(Some(value));
        let exprs = [
            list(&[double(0.5), double(-2.0)], DataType::Float64),
            list(&[ScalarValue::Int64(Some(-3))], DataType::Int64),
            list(&[double(1.0), ScalarValue::Float64(None)], DataType::Float64),
            list(&[double(1e300)], DataType::Float64),
            list(&[ScalarValue::from("1")], DataType::Utf8),
            lit(1.0),
        ];
        let arguments = Arguments::new("f(..)", &exprs, 0, 9).unwrap();
        let vectors: Vec<_> = (0..exprs.len()).map(|at| arguments.vector(at)).collect();
        assert_eq!(vectors, [Some(vec![0.5, -2.0]), Some(vec![-3.0]), None, None, None, None]);
    }
}
