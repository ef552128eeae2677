//! The golden cases: values, terms and gradients that an independent program computed in 64 bits.

use std::collections::BTreeMap;

use relata_operators::edges::InducedEdges;
use relata_train::DeviceChoice;
use relata_train::loss::{Score, named, score};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    loss: String,
    config: BTreeMap<String, Value>,
    graph: String,
    z: Vec<Vec<f32>>,
    edges: Vec<(u32, u32, f32)>,
    value: f64,
    terms: BTreeMap<String, f64>,
    gradient: Vec<Vec<f64>>,
}

impl Case {
    fn name(&self) -> String {
        format!("{} {:?} on {} with {} rows", self.loss, self.config, self.graph, self.z.len())
    }

    /// The settings as the command line gives them; the file calls `lambda` by its Python name.
    fn settings(&self) -> Vec<(String, String)> {
        let key = |key: &str| if key == "lam" { "lambda".to_owned() } else { key.to_owned() };
        let value = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.config.iter().map(|(k, v)| (key(k), value(v))).collect()
    }

    fn score(&self) -> Score {
        let edges = InducedEdges {
            nodes: self.z.len(),
            src: self.edges.iter().map(|e| e.0).collect(),
            dst: self.edges.iter().map(|e| e.1).collect(),
            weight: self.edges.iter().map(|e| e.2).collect(),
        };
        let loss = named(&self.loss, &self.settings()).unwrap();
        score(&*loss, self.z.concat(), self.z[0].len(), &edges, &DeviceChoice::Cpu.open().unwrap())
    }
}

/// Relative, with a floor for values that are 0.
fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-4 * expected.abs() + 1e-6
}

#[test]
fn every_golden_case_is_reached_on_the_cpu() {
    let golden: Golden = serde_json::from_str(include_str!("golden/losses.json")).unwrap();
    assert_eq!(golden.cases.len(), 81);
    for case in &golden.cases {
        let (name, found) = (case.name(), case.score());
        assert!(close(found.value, case.value), "{name}: {} instead of {}", found.value, case.value);
        let names: Vec<&str> = found.terms.iter().map(|term| term.0).collect();
        assert!(case.terms.keys().all(|term| names.contains(&term.as_str())), "{name}: only the terms {names:?}");
        for (term, value) in found.terms {
            assert!(close(value, case.terms[term]), "{name}: {term} is {value} instead of {}", case.terms[term]);
        }
        let expected = case.gradient.concat();
        let largest = expected.iter().fold(0.0f64, |most, g| most.max(g.abs()));
        assert_eq!(found.gradient.len(), expected.len(), "{name}");
        for (at, (&g, e)) in found.gradient.iter().zip(&expected).enumerate() {
            let error = (f64::from(g) - e).abs();
            assert!(error <= 1e-3 * largest + 1e-7, "{name}: gradient {at} is {g} instead of {e}");
        }
    }
}
