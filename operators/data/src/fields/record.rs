//! Record: the raw values of one sample, which views change.

/// A raw value.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// No value.
    #[default]
    Null,
    /// A text, or a category.
    Text(String),
    /// A number.
    Number(f64),
    /// Milliseconds since 1970 in UTC.
    Date(i64),
    /// Numbers of a list.
    Vector(Vec<f32>),
    /// The pixels of a picture, channels x height x width numbers in [0, 1].
    Image(Vec<f32>),
}

/// The raw values of one sample, one a field.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Record {
    /// The values, in the order of the fields.
    pub values: Vec<Value>,
}

impl Value {
    /// Makes it a text, in the room of the one that it was.
    pub(crate) fn set_text(&mut self, text: &str) {
        match self {
            Self::Text(own) => {
                own.clear();
                own.push_str(text);
            }
            other => *other = Self::Text(text.to_owned()),
        }
    }

    /// Whether there is no value.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

/// The digits of a number, as a person would write it.
pub(crate) fn digits(number: f64) -> String {
    number.to_string()
}
