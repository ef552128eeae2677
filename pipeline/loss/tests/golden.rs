//! The golden cases: values, terms and gradients that an independent program computed in 64 bits.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use burn::tensor::Device;
use relata_loss::{LOSSES, Score, score};
use relata_schemas::InducedEdges;
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

    fn score(&self, device: &Device) -> Score {
        let edges = InducedEdges {
            nodes: self.z.len(),
            src: self.edges.iter().map(|e| e.0).collect(),
            dst: self.edges.iter().map(|e| e.1).collect(),
            weight: self.edges.iter().map(|e| e.2).collect(),
        };
        let loss = LOSSES.parse(&self.loss, &self.settings()).unwrap();
        score(&*loss, self.z.concat(), self.z[0].len(), &edges, device)
    }
}

/// Relative, with a floor for values that are 0.
fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-4 * expected.abs() + 1e-6
}

fn cases() -> Vec<Case> {
    let golden: Golden = serde_json::from_str(include_str!("golden/losses.json")).unwrap();
    assert_eq!(golden.cases.len(), 81);
    golden.cases
}

fn check(case: &Case, device: &Device) {
    let (name, found) = (case.name(), case.score(device));
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

#[test]
fn every_golden_case_is_reached_on_the_cpu() {
    cases().iter().for_each(|case| check(case, &Device::flex()));
}

/// On whatever Vulkan, Metal or DX12 finds, be it in software: every loss and setting.
#[cfg(feature = "gpu")]
#[test]
fn every_golden_case_is_reached_on_a_gpu() {
    let devices = Device::enumerate(burn::tensor::DeviceType::Wgpu).into_vec();
    let device = devices.first().expect("a GPU, or a software Vulkan named by VK_DRIVER_FILES");
    for case in &cases() {
        let start = std::time::Instant::now();
        check(case, device);
        println!("{} took {:.1?}", case.name(), start.elapsed());
    }
}
