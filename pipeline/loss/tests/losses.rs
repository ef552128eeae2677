//! Properties of the losses on random batches, among them the smallest ones and those without any edge.
#![allow(clippy::unwrap_used)]

mod reference;

use burn::tensor::Device;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use relata_loss::{LOSSES, Score, score};
use relata_schemas::InducedEdges;

use reference::ReferenceBatch;

/// A loss of ours beside its reference.
struct Subject {
    name: &'static str,
    settings: Vec<(String, String)>,
    reference: Box<dyn Fn(&ReferenceBatch) -> f64>,
}

fn subjects() -> Vec<Subject> {
    let plain = |name, reference: fn(&ReferenceBatch) -> f64| Subject {
        name,
        settings: vec![],
        reference: Box::new(reference),
    };
    let mut subjects = vec![
        plain("vicreg", reference::vicreg),
        plain("spectral_contrastive", reference::spectral_contrastive),
        plain("barlow_twins", reference::barlow_twins),
    ];
    for denominator in ["exclude_other_positives", "all_others", "known_negatives"] {
        for reduction in ["per_edge", "per_anchor"] {
            let settings = [("denominator", denominator), ("reduction", reduction)];
            subjects.push(Subject {
                name: "nt_xent",
                settings: settings.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec(),
                reference: Box::new(move |batch| reference::nt_xent(batch, denominator, reduction)),
            });
        }
    }
    subjects
}

impl Subject {
    fn score(&self, sample: &Sample) -> Score {
        let loss = LOSSES.parse(self.name, &self.settings).unwrap();
        let device = Device::flex();
        score(&*loss, sample.z.clone(), sample.width, &sample.edges, &device)
    }

    /// Central differences of the reference.
    fn differences(&self, batch: &mut ReferenceBatch) -> Vec<f64> {
        let step = 1e-6;
        let (rows, width) = (batch.z.len(), batch.z[0].len());
        let entries = (0..rows).flat_map(|i| (0..width).map(move |k| (i, k)));
        let mut difference = |(i, k): (usize, usize)| {
            let value = batch.z[i][k];
            let mut at = |value: f64| {
                batch.z[i][k] = value;
                (self.reference)(batch)
            };
            let slope = (at(value + step) - at(value - step)) / (2.0 * step);
            at(value);
            slope
        };
        entries.map(&mut difference).collect()
    }
}

#[derive(Debug, Clone)]
struct Sample {
    z: Vec<f32>,
    width: usize,
    edges: InducedEdges,
}

/// Batches of 2 to 9 rows and 1 to 5 columns; each pair is a positive, a negative or unknown. Numbers keep away from
/// 0, where a cosine has no gradient.
fn sample() -> impl Strategy<Value = Sample> {
    let signs = prop::sample::select(vec![vec![0.0f32], vec![0.0, -1.0], vec![0.0, 1.0], vec![-1.0, 0.0, 1.0]]);
    (2usize..10, 1usize..6, signs).prop_flat_map(|(rows, width, signs)| {
        let number = (0.1f32..2.0, any::<bool>()).prop_map(|(v, negative)| if negative { -v } else { v });
        let z = prop::collection::vec(number, rows * width);
        let sign = prop::sample::select(signs);
        let weights = prop::collection::vec((sign, 0.05f32..=1.0), rows * (rows - 1) / 2);
        (z, weights).prop_map(move |(z, weights)| {
            let mut edges = InducedEdges { nodes: rows, ..Default::default() };
            let pairs = (0..rows as u32).flat_map(|i| (i + 1..rows as u32).map(move |j| (i, j)));
            for ((i, j), (sign, size)) in pairs.zip(weights).filter(|entry| entry.1.0 != 0.0) {
                edges.src.push(i);
                edges.dst.push(j);
                edges.weight.push(sign * size);
            }
            Sample { z, width, edges }
        })
    })
}

/// The same cases in every run, so that a failure is never a matter of luck.
fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, rng_seed: RngSeed::Fixed(11), failure_persistence: None, ..ProptestConfig::default() }
}

fn largest(values: &[f32]) -> f32 {
    values.iter().fold(0.0, |most: f32, v| most.max(v.abs()))
}

proptest! {
    #![proptest_config(config(100))]

    #[test]
    fn values_and_gradients_are_those_of_the_twins(sample in sample()) {
        let mut batch = ReferenceBatch::new(&sample.z, sample.width, &sample.edges);
        for subject in subjects() {
            let (found, expected) = (subject.score(&sample), (subject.reference)(&batch));
            let about = format!("{} {:?}", subject.name, subject.settings);
            prop_assert!(
                (found.value - expected).abs() <= 1e-4 * expected.abs() + 1e-5,
                "{about}: {} instead of {expected}", found.value
            );
            let differences = subject.differences(&mut batch);
            let most = differences.iter().fold(0.0f64, |most, d| most.max(d.abs()));
            for (&g, d) in found.gradient.iter().zip(differences) {
                prop_assert!((f64::from(g) - d).abs() <= 1e-3 * most + 1e-5, "{about}: gradient {g} instead of {d}");
            }
        }
    }

    #[test]
    fn the_order_of_edges_and_of_their_ends_does_not_matter(
        sample in sample(), order in any::<u64>(), swaps in prop::collection::vec(any::<bool>(), 36),
    ) {
        let mut other = sample.clone();
        let edges = other.edges.len();
        for (at, swap) in swaps.into_iter().enumerate().take(edges) {
            if swap {
                std::mem::swap(&mut other.edges.src[at], &mut other.edges.dst[at]);
            }
            let with = at + (order >> (at % 32)) as usize % (edges - at);
            other.edges.src.swap(at, with);
            other.edges.dst.swap(at, with);
            other.edges.weight.swap(at, with);
        }
        for subject in subjects() {
            let (a, b) = (subject.score(&sample), subject.score(&other));
            prop_assert!((a.value - b.value).abs() <= 1e-5 * a.value.abs() + 1e-6, "{}", subject.name);
            let tolerance = 1e-5 * largest(&a.gradient) + 1e-6;
            for (x, y) in a.gradient.iter().zip(&b.gradient) {
                prop_assert!((x - y).abs() <= tolerance, "{}: gradient {x} or {y}", subject.name);
            }
        }
    }
}

#[test]
fn a_batch_without_positives_has_no_attraction_and_no_nan() {
    let edges = [vec![], vec![(0u32, 1u32, -0.5f32)]];
    for edges in edges {
        let edges = InducedEdges {
            nodes: 2,
            src: edges.iter().map(|e| e.0).collect(),
            dst: edges.iter().map(|e| e.1).collect(),
            weight: edges.iter().map(|e| e.2).collect(),
        };
        let sample = Sample { z: vec![0.5, -0.25], width: 1, edges };
        for subject in subjects() {
            let found = subject.score(&sample);
            assert!(found.value.is_finite() && found.gradient.iter().all(|g| g.is_finite()), "{}", subject.name);
            if subject.name == "nt_xent" || subject.name == "barlow_twins" {
                assert_eq!((found.value, found.gradient), (0.0, vec![0.0; 2]), "{}", subject.name);
            }
        }
    }
}
