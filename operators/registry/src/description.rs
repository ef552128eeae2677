//! Descriptions: the name of a component and its settings, as a plan keeps them.

use std::fmt;
use std::ops::Index;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::ReadError;
use crate::settings::Settings;

/// The name of a component and its settings: `{"name": "crop", "min_area": 0.8}` in JSON, `crop min_area=0.8` in words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// The component's name.
    pub name: String,
    /// Its settings, in the order of their names.
    #[serde(flatten)]
    pub values: Map<String, Value>,
}

impl Description {
    /// A component without settings; [`with`](Self::with) adds some.
    ///
    /// ```
    /// use relata_registry::Description;
    ///
    /// assert_eq!(Description::new("identity").to_string(), "identity");
    /// ```
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), values: Map::new() }
    }

    /// A built-in component with its settings.
    pub fn of<S: Settings>(component: &S) -> Self {
        Self::of_fields(S::NAME, component)
    }

    /// A component of this name whose settings are the fields of a struct.
    pub fn of_fields(name: impl Into<String>, fields: &impl Serialize) -> Self {
        let values = match serde_json::to_value(fields) {
            Ok(Value::Object(values)) => values,
            // A unit struct has no settings. Settings are plain data, which serde_json always writes.
            _ => Map::new(),
        };
        Self { name: name.into(), values }
    }

    /// The same with one more setting.
    ///
    /// ```
    /// use relata_registry::Description;
    ///
    /// assert_eq!(Description::new("noise").with("std", 0.05).to_string(), "noise std=0.05");
    /// ```
    pub fn with(mut self, setting: impl Into<String>, value: impl Serialize) -> Self {
        // Settings are plain data, which serde_json always writes.
        self.values.insert(setting.into(), serde_json::to_value(value).unwrap_or_default());
        self
    }

    /// One setting.
    pub fn get(&self, setting: &str) -> Option<&Value> {
        self.values.get(setting)
    }

    /// The settings as a struct. Settings that it does not have are errors if its serde denies unknown fields.
    pub fn settings<S: DeserializeOwned>(&self) -> Result<S, ReadError> {
        let wrong =
            |error: serde_json::Error| ReadError::Settings { name: self.name.clone(), found: error.to_string() };
        if self.values.is_empty() {
            // A unit struct is written as null.
            if let Ok(unit) = serde_json::from_value(Value::Null) {
                return Ok(unit);
            }
        }
        serde_json::from_value(Value::Object(self.values.clone())).map_err(wrong)
    }

    /// An error if there are settings beside these: what a component checks that reads its settings one by one.
    pub fn known(&self, settings: &[&str]) -> Result<(), ReadError> {
        match self.values.keys().find(|name| !settings.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => {
                let found = format!("unknown setting `{name}`; expected one of {}", settings.join(", "));
                Err(ReadError::Settings { name: self.name.clone(), found })
            }
        }
    }

    /// One setting as a value of its type.
    pub fn setting<S: DeserializeOwned>(&self, setting: &str) -> Result<S, ReadError> {
        let wrong =
            |found: String| ReadError::Settings { name: self.name.clone(), found: format!("`{setting}`: {found}") };
        let value = self.values.get(setting).ok_or_else(|| wrong("is missing".to_owned()))?;
        serde_json::from_value(value.clone()).map_err(|error| wrong(error.to_string()))
    }
}

impl Index<&str> for Description {
    type Output = Value;

    /// One setting; null if there is none of this name.
    fn index(&self, setting: &str) -> &Value {
        self.values.get(setting).unwrap_or(&Value::Null)
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        write_settings(f, &self.values, true)
    }
}

fn write_settings(f: &mut fmt::Formatter<'_>, values: &Map<String, Value>, mut space: bool) -> fmt::Result {
    for (setting, value) in values.iter().filter(|(_, value)| !value.is_null()) {
        f.write_str(if space { " " } else { "" })?;
        space = true;
        write!(f, "{setting}=")?;
        write_value(f, value)?;
    }
    Ok(())
}

fn write_value(f: &mut fmt::Formatter<'_>, value: &Value) -> fmt::Result {
    match value {
        Value::String(text) => f.write_str(text),
        Value::Array(items) => {
            f.write_str("[")?;
            for (at, item) in items.iter().enumerate() {
                f.write_str(if at > 0 { ", " } else { "" })?;
                write_value(f, item)?;
            }
            f.write_str("]")
        }
        Value::Object(values) => match serde_json::from_value::<Description>(value.clone()) {
            Ok(component) => write!(f, "({component})"),
            Err(_) => {
                f.write_str("(")?;
                write_settings(f, values, false)?;
                f.write_str(")")
            }
        },
        other => write!(f, "{other}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_description_reads_as_words() {
        let inner = Description::new("noise").with("std", 0.05);
        let outer = Description::new("sometimes").with("of", &inner).with("p", 0.5).with("seed", None::<u64>);
        assert_eq!(outer.to_string(), "sometimes of=(noise std=0.05) p=0.5");
        let list =
            Description::new("chain").with("views", [&inner, &inner]).with("range", json!({"low": 1, "high": 2}));
        assert_eq!(list.to_string(), "chain range=(high=2 low=1) views=[(noise std=0.05), (noise std=0.05)]");
    }

    #[test]
    fn json_is_flat_and_comes_back() {
        let description = Description::new("noise").with("std", 0.05);
        let text = serde_json::to_string(&description).unwrap();
        assert_eq!(text, r#"{"name":"noise","std":0.05}"#);
        assert_eq!(serde_json::from_str::<Description>(&text).unwrap(), description);
    }

    #[test]
    fn a_setting_that_is_missing_or_of_another_type_is_named() {
        let description = Description::new("noise").with("std", "loud");
        let error = description.setting::<f64>("std").unwrap_err().to_string();
        assert!(error.starts_with("noise: `std`: invalid type"), "{error}");
        assert_eq!(description.setting::<f64>("mean").unwrap_err().to_string(), "noise: `mean`: is missing");
    }
}
