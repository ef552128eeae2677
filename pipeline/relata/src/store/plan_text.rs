//! Plan of a run in words.

use std::fmt;

use serde_json::Value;

use super::plan::Plan;

/// The stages in the order in which they happen, as the plan calls them.
const STAGES: [&str; 10] =
    ["read", "train_on", "seed", "views", "relate", "resolve", "ask", "train", "embed", "evaluate"];

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "plan of Relata {}", self.version)?;
        for name in STAGES {
            for (at, line) in lines(name, &self.stages[name]).iter().enumerate() {
                let name = if at == 0 { name.replace('_', " ") } else { String::new() };
                writeln!(f, "  {name:<9} {line}")?;
            }
        }
        for (at, input) in self.inputs.iter().enumerate() {
            let name = if at == 0 { "inputs" } else { "" };
            writeln!(f, "  {name:<9} {} ({} bytes, xxh64 {})", input.path.display(), input.bytes, input.hash)?;
        }
        Ok(())
    }
}

/// A line an oracle and an evaluation; encoder, loss and fit of a training have one each.
fn lines(stage: &str, about: &Value) -> Vec<String> {
    match about {
        Value::Null => vec![],
        Value::Array(parts) => parts.iter().map(settings).collect(),
        Value::Object(_) if stage == "train" && about["encoder"].is_object() => {
            ["encoder", "loss", "fit"].map(|part| settings(&about[part])).to_vec()
        }
        Value::Object(_) if stage == "ask" => ["oracle", "how"].map(|part| settings(&about[part])).to_vec(),
        whole => vec![settings(whole)],
    }
}

/// `{"oracle": "nearest", "k": 5}` as `nearest k=5`: the first text names the component, nulls are left out.
pub(crate) fn settings(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let kinds = ["source", "oracle", "strategy", "loss", "encoder", "view", "optimiser", "trainer", "name"];
            let name = kinds.iter().find_map(|kind| map.get(*kind).filter(|v| v.is_string()).map(|v| (*kind, v)));
            let mut words: Vec<String> = name.iter().map(|(_, v)| v.as_str().unwrap_or_default().to_owned()).collect();
            for (key, value) in map.iter().filter(|(key, value)| !value.is_null() && name.is_none_or(|n| n.0 != *key)) {
                let nested = matches!(value, Value::Object(_));
                words.push(if nested {
                    format!("{key}=({})", settings(value))
                } else {
                    format!("{key}={}", settings(value))
                });
            }
            words.join(" ")
        }
        Value::Array(items) => format!("[{}]", items.iter().map(settings).collect::<Vec<_>>().join(", ")),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use serde_json::json;

    use super::*;

    #[test]
    fn a_plan_is_one_line_a_component() {
        let stages = json!({
            "read": { "source": "parquet", "path": "digits.parquet" },
            "train_on": null,
            "relate": [{ "oracle": "same_sample" }, { "oracle": "same_label", "column": "label" }],
            "ask": { "oracle": { "oracle": "labels" }, "how": { "budget": 5.0 } },
            "train": {
                "encoder": { "encoder": "linear", "width": 8 },
                "loss": { "loss": "vicreg", "sim": 25.0 },
                "fit": { "epochs": 5 },
            },
        });
        let plan = Plan::new(stages, vec![(PathBuf::from("digits.parquet"), 12, 255)]);
        let text = plan.to_string();
        let expected = "
  read      parquet path=digits.parquet
  relate    same_sample
            same_label column=label
  ask       labels
            budget=5.0
  train     linear width=8
            vicreg sim=25.0
            epochs=5
  inputs    digits.parquet (12 bytes, xxh64 00000000000000ff)
";
        assert!(text.ends_with(expected), "{text}");
    }
}
