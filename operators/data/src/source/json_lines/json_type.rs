//! JSON types: what all values of a column of JSON objects can be read as.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields};
use serde_json::{Map, Value};

use crate::source::csv::moment_type;

/// What all values so far can be.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum JsonType {
    /// Nothing but nulls.
    #[default]
    Null,
    Boolean,
    Int,
    /// A whole number, some of them below 0.
    Negative,
    /// A whole number beyond 64 bits with a sign.
    UInt,
    Float,
    /// Texts that are all dates, or all moments.
    Time(DataType),
    Text,
    List(Box<JsonType>),
    /// Keys: those of the first object by name, then those that later ones add.
    Object(Vec<(String, JsonType)>),
    /// Objects or lists beside something else: the text of the JSON.
    Mixed,
}

impl JsonType {
    /// Takes one more value into account.
    pub fn add(&mut self, value: &Value) {
        let other = match value {
            Value::Null => return,
            Value::Bool(_) => Self::Boolean,
            Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(0..), _) => Self::Int,
                (Some(_), _) => Self::Negative,
                (None, Some(_)) => Self::UInt,
                (None, None) => Self::Float,
            },
            Value::String(text) => moment_type(text).map_or(Self::Text, Self::Time),
            Value::Array(items) => {
                if *self == Self::Null {
                    *self = Self::List(Box::default());
                }
                match self {
                    Self::List(item) => items.iter().for_each(|value| item.add(value)),
                    other => *other = Self::Mixed,
                }
                return;
            }
            Value::Object(object) => {
                if *self == Self::Null {
                    *self = Self::Object(vec![]);
                }
                match self {
                    Self::Object(fields) => add_object(fields, object),
                    other => *other = Self::Mixed,
                }
                return;
            }
        };
        *self = std::mem::take(self).with(other);
    }

    /// What values of both types can be, the second of which holds no others.
    fn with(self, other: Self) -> Self {
        use JsonType::{Float, Int, List, Mixed, Negative, Null, Object, Text, Time, UInt};
        match (self, other) {
            (a, b) if a == b => a,
            (Null, other) => other,
            (Mixed | List(_) | Object(_), _) => Mixed,
            (Int | Negative, Int | Negative) => Negative,
            (Int | UInt, Int | UInt) => UInt,
            // Numbers of both signs beyond 63 bits have no type of their own.
            (Negative | UInt, Negative | UInt) => Text,
            (Int | Negative | UInt | Float, Int | Negative | UInt | Float) => Float,
            (Time(a), Time(b)) => Time(if a == DataType::Date32 { b } else { a }),
            _ => Text,
        }
    }

    /// The type of the column that is decoded; dates are texts by then.
    pub fn decoded_type(&self) -> DataType {
        match self {
            Self::Boolean => DataType::Boolean,
            Self::Int | Self::Negative => DataType::Int64,
            Self::UInt => DataType::UInt64,
            Self::Float => DataType::Float64,
            Self::Null | Self::Time(_) | Self::Text | Self::Mixed => DataType::Utf8,
            Self::List(item) => DataType::List(Arc::new(Field::new("item", item.decoded_type(), true))),
            Self::Object(fields) => {
                let fields = fields.iter().map(|(key, of)| Field::new(key, of.decoded_type(), true));
                DataType::Struct(fields.collect::<Fields>())
            }
        }
    }

    /// Whether values are of kinds that no type holds, here or within.
    pub fn is_mixed(&self) -> bool {
        match self {
            Self::Mixed => true,
            Self::List(item) => item.is_mixed(),
            // A struct needs a field.
            Self::Object(fields) => fields.is_empty() || fields.iter().any(|(_, of)| of.is_mixed()),
            _ => false,
        }
    }
}

/// Widens the types of keys by an object's values; keys that are new come last.
pub(super) fn add_object(fields: &mut Vec<(String, JsonType)>, object: &Map<String, Value>) {
    // Most objects have their keys in the same order: where the last one was found, the next one follows.
    let mut next = 0;
    for (key, value) in object {
        let at = match fields.get(next) {
            Some((known, _)) if known == key => next,
            _ => fields.iter().position(|(known, _)| known == key).unwrap_or(fields.len()),
        };
        if at == fields.len() {
            fields.push((key.clone(), JsonType::Null));
        }
        fields[at].1.add(value);
        next = at + 1;
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::TimeUnit;
    use serde_json::json;

    use super::*;

    fn of(values: &[Value]) -> JsonType {
        let mut found = JsonType::Null;
        values.iter().for_each(|value| found.add(value));
        found
    }

    #[test]
    fn values_have_the_type_that_holds_all() {
        let moment = DataType::Timestamp(TimeUnit::Microsecond, None);
        for (values, expected) in [
            (vec![json!(1), json!(null), json!(2)], JsonType::Int),
            (vec![json!(1), json!(2.5)], JsonType::Float),
            (vec![json!(-1), json!(7)], JsonType::Negative),
            (vec![json!(u64::MAX), json!(7)], JsonType::UInt),
            (vec![json!(u64::MAX), json!(-7)], JsonType::Text),
            (vec![json!(1), json!("007")], JsonType::Text),
            (vec![json!(true), json!(1)], JsonType::Text),
            (vec![json!("2024-02-29")], JsonType::Time(DataType::Date32)),
            (vec![json!("2024-02-29"), json!("2024-02-29T12:30:00Z")], JsonType::Time(moment)),
            (vec![json!("2024-02-29"), json!("soon")], JsonType::Text),
            (vec![json!([]), json!([1, 2.5])], JsonType::List(Box::new(JsonType::Float))),
            (vec![json!([1]), json!(1)], JsonType::Mixed),
            (vec![json!(1), json!({"a": 1})], JsonType::Mixed),
        ] {
            assert_eq!(of(&values), expected, "{values:?}");
        }
        let object = of(&[json!({"a": 1}), json!({"b": "x", "a": 2.5})]);
        assert_eq!(object, JsonType::Object(vec![("a".into(), JsonType::Float), ("b".into(), JsonType::Text)]));
        assert!(!object.is_mixed() && of(&[json!([[1], {"a": 1}])]).is_mixed() && of(&[json!({})]).is_mixed());
    }
}
