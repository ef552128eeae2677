//! The layout of weights: names and shapes as `src/encoder/WEIGHTS.md` gives them, and an embedding computed from them
//! alone.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::Arc;

use relata_schemas::{Element, FeatureShape, InducedEdges};
use relata_train::DeviceChoice;
use relata_train::encoder::{Architecture, EncoderSpec, IntoArchitecture, convnet, linear, mlp, resnet18};
use relata_train::fit::Fit;
use relata_train::learner::{Head, Learner};
use relata_train::loss::vicreg;
use safetensors::SafeTensors;

/// Shape and numbers of each tensor.
type Weights = BTreeMap<String, (Vec<usize>, Vec<f64>)>;

fn learner(encoder: &dyn Architecture, input: &FeatureShape) -> Box<dyn Learner> {
    encoder.learner(input, Arc::new(vicreg()), &Fit::epochs(1).device(DeviceChoice::Cpu)).unwrap()
}

fn weights(learner: &dyn Learner) -> Weights {
    let bytes = learner.save().unwrap().weights;
    let float = |b: &[u8]| f64::from(f32::from_le_bytes(b.try_into().unwrap()));
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let tensors = file.tensors().into_iter();
    tensors.map(|(name, t)| (name, (t.shape().to_vec(), t.data().chunks_exact(4).map(float).collect()))).collect()
}

fn names_and_shapes(encoder: Box<dyn Architecture>, input: &FeatureShape) -> Vec<(String, Vec<usize>)> {
    let weights = weights(learner(encoder.as_ref(), input).as_ref());
    weights.into_iter().map(|(name, (shape, _))| (name, shape)).collect()
}

fn batch_norm(name: &str, channels: usize) -> Vec<(String, Vec<usize>)> {
    ["gamma", "beta", "running_mean", "running_var"].map(|part| (format!("{name}.{part}"), vec![channels])).to_vec()
}

#[test]
fn names_and_shapes_are_the_documented_ones() {
    let one = |name: &str, shape: &[usize]| vec![(name.to_owned(), shape.to_vec())];
    let sorted = |parts: Vec<Vec<(String, Vec<usize>)>>| {
        let mut all = parts.concat();
        all.sort();
        all
    };
    let (vector, image) = (FeatureShape::vector(3), FeatureShape::image(2, 8, 8, Element::U8));
    assert_eq!(names_and_shapes(linear(5).into_architecture(), &vector), one("encoder.linear.weight", &[3, 5]));
    let expected = vec![
        one("encoder.hidden.0.weight", &[3, 4]),
        batch_norm("encoder.norms.0", 4),
        one("encoder.last.weight", &[4, 5]),
        one("encoder.last.bias", &[5]),
        one("projector.hidden.0.weight", &[5, 6]),
        batch_norm("projector.norms.0", 6),
        one("projector.last.weight", &[6, 7]),
        one("projector.last.bias", &[7]),
    ];
    assert_eq!(names_and_shapes(mlp([4, 5]).project([6, 7]).into_architecture(), &vector), sorted(expected));
    let expected = vec![
        one("encoder.convolutions.0.weight", &[4, 2, 3, 3]),
        batch_norm("encoder.norms.0", 4),
        one("encoder.convolutions.1.weight", &[6, 4, 3, 3]),
        batch_norm("encoder.norms.1", 6),
    ];
    assert_eq!(names_and_shapes(convnet().with_channels([4, 6]).into_architecture(), &image), sorted(expected));
    let resnet = names_and_shapes(resnet18().with_width(2).into_architecture(), &image);
    for (name, shape) in [
        ("encoder.stem.weight", vec![2, 2, 3, 3]),
        ("encoder.stem_norm.gamma", vec![2]),
        ("encoder.blocks.0.first.weight", vec![2, 2, 3, 3]),
        ("encoder.blocks.2.first.weight", vec![4, 2, 3, 3]),
        ("encoder.blocks.2.second.weight", vec![4, 4, 3, 3]),
        ("encoder.blocks.2.shortcut.weight", vec![4, 2, 1, 1]),
        ("encoder.blocks.7.second_norm.running_var", vec![16]),
    ] {
        assert!(resnet.contains(&(name.to_owned(), shape)), "{name} in {resnet:?}");
    }
    assert_eq!(resnet.iter().filter(|(name, _)| name.contains("shortcut.")).count(), 3);
}

/// `x W`, row by row.
fn product(x: &[Vec<f64>], (shape, weight): &(Vec<usize>, Vec<f64>)) -> Vec<Vec<f64>> {
    let [inputs, outputs] = shape[..] else { panic!("a matrix") };
    let entry = |row: &[f64], o: usize| (0..inputs).map(|i| row[i] * weight[i * outputs + o]).sum();
    x.iter().map(|row| (0..outputs).map(|o| entry(row, o)).collect()).collect()
}

#[test]
fn the_embedding_of_an_mlp_follows_from_the_file() {
    let (rows, features) = (6, 3);
    let samples: Vec<f32> = (0..rows * features).map(|i| (i as f32 * 0.7).sin()).collect();
    let mut learner = learner(mlp([4, 2]).into_architecture().as_ref(), &FeatureShape::vector(features));
    let edges = InducedEdges { nodes: rows, src: vec![0, 2], dst: vec![1, 3], weight: vec![1.0, 1.0] };
    for _ in 0..3 {
        learner.step(samples.clone().into(), &edges, 0.01, false);
    }
    let weights = weights(learner.as_ref());
    let x: Vec<Vec<f64>> = samples.chunks(features).map(|row| row.iter().map(|&v| v.into()).collect()).collect();
    let norm = |part: &str, channel: usize| weights[&format!("encoder.norms.0.{part}")].1[channel];
    let normed = |channel: usize, y: f64| {
        let deviation = (norm("running_var", channel) + 1e-5).sqrt();
        norm("gamma", channel) * (y - norm("running_mean", channel)) / deviation + norm("beta", channel)
    };
    let hidden = product(&x, &weights["encoder.hidden.0.weight"]).into_iter();
    let hidden: Vec<Vec<f64>> =
        hidden.map(|row| row.into_iter().enumerate().map(|(c, y)| normed(c, y).max(0.0)).collect()).collect();
    let last = product(&hidden, &weights["encoder.last.weight"]).concat();
    let bias = &weights["encoder.last.bias"].1;
    let found = learner.embed(samples.into(), rows, Head::Encoder);
    for (at, (found, expected)) in found.iter().zip(last).enumerate() {
        let expected = expected + bias[at % 2];
        assert!((f64::from(*found) - expected).abs() < 1e-5, "{at}: {found} instead of {expected}");
    }
}
