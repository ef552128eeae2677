//! Settings of a plan by their paths: what differs between two plans, and a plan with some of them changed.

use std::collections::BTreeSet;

use serde_json::Value;

use super::error::{Result, StoreError};
use super::plan::Plan;

impl Plan {
    /// The settings in which `self` (on disk) and `new` differ, a line each.
    ///
    /// ```
    /// use relata::prelude::*;
    ///
    /// let related = |k| Pipeline::read(csv("digits.csv")).relate(nearest(k)).plan();
    /// assert_eq!(related(5).difference(&related(9)), ["  relate.0.k: 5 -> 9"]);
    /// ```
    pub fn difference(&self, new: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        compare("", &json(self), &json(new), &mut lines);
        lines
    }

    /// The same plan with other settings: each is a path and a value, such as `("train.fit.epochs", "50")`. A value that is
    /// no JSON is a text. Paths are those that [`difference`](Self::difference) shows.
    ///
    /// ```no_run
    /// let plan = relata::Run::open("runs/digits")?.plan()?;
    /// let longer = plan.with_settings(&[("train.fit.epochs".into(), "50".into())])?;
    /// # Ok::<(), relata::PipelineError>(())
    /// ```
    pub fn with_settings(&self, settings: &[(String, String)]) -> Result<Self> {
        let mut plan = json(self);
        for (path, text) in settings {
            let place = place(&mut plan, path)?;
            *place = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone()));
        }
        let names: Vec<&str> = settings.iter().map(|(path, _)| path.as_str()).collect();
        let wrong = |found: String| StoreError::Setting { setting: names.join(", "), found };
        Self::from_json(plan).map_err(|error| wrong(error.to_string()))
    }
}

/// Plans are plain data, which serde_json always writes.
fn json(plan: &Plan) -> Value {
    serde_json::to_value(plan).unwrap_or_default()
}

/// The place of a setting that the plan has.
fn place<'a>(plan: &'a mut Value, path: &str) -> Result<&'a mut Value> {
    let mut at = plan;
    for part in path.split('.') {
        let known = match &*at {
            Value::Object(settings) => settings.keys().cloned().collect::<Vec<_>>(),
            Value::Array(items) => (0..items.len()).map(|at| at.to_string()).collect(),
            _ => vec![],
        };
        let next = match at {
            Value::Object(settings) => settings.get_mut(part),
            Value::Array(items) => part.parse().ok().and_then(|at: usize| items.get_mut(at)),
            _ => None,
        };
        at = next.ok_or_else(|| StoreError::Setting {
            setting: path.to_owned(),
            found: format!(
                "no setting `{part}`; there is {}",
                if known.is_empty() { "none".into() } else { known.join(", ") }
            ),
        })?;
    }
    Ok(at)
}

fn compare(path: &str, old: &Value, new: &Value, lines: &mut Vec<String>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (old, new) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeSet<_> = a.keys().chain(b.keys()).collect();
            for key in keys {
                compare(&below(key), a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null), lines);
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            for at in 0..a.len().max(b.len()) {
                let item = |list: &[Value]| list.get(at).cloned().unwrap_or_default();
                compare(&below(&at.to_string()), &item(a), &item(b), lines);
            }
        }
        _ if old != new => lines.push(format!("  {path}: {old} -> {new}")),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::plan;

    #[test]
    fn a_difference_names_the_setting_with_both_values() {
        let (five, nine) = (plan(5), plan(9));
        assert_eq!(five.difference(&nine), ["  train.fit.epochs: 5 -> 9"]);
        assert!(five.difference(&plan(5)).is_empty());
    }

    #[test]
    fn settings_are_changed_by_their_paths() {
        let set = |path: &str, value: &str| plan(5).with_settings(&[(path.to_owned(), value.to_owned())]);
        assert_eq!(set("train.fit.epochs", "9").unwrap(), plan(9));
        assert_eq!(set("relate.0.name", "nearest").unwrap().relate[0].name, "nearest");
        let error = |path: &str, value: &str| set(path, value).unwrap_err().to_string();
        assert!(
            error("train.fit.epoch", "9").contains("no setting `epoch`; there is"),
            "{}",
            error("train.fit.epoch", "9")
        );
        let large = error("train.fit.clip", "1e300");
        assert!(large.contains("the number 1e+300 is too large"), "{large}");
        assert!(
            error("train.fit.epochs", "many").contains("train.fit.epochs"),
            "{}",
            error("train.fit.epochs", "many")
        );
    }
}
