//! Conformance of encoders.

use std::sync::Arc;

use relata_data::sample_batch::{SampleBatch, SampleContent};
use relata_loss::vicreg;
use relata_schemas::{Element, FeatureShape, FieldShape, InducedEdges, TokenBags};
use relata_train::DeviceChoice;
use relata_train::encoder::IntoArchitecture;
use relata_train::fit::Fit;
use relata_train::learner::{Head, Learner, LearnerState};

use crate::check_description;

const ROWS: usize = 6;

/// Checks an encoder on rows of tables, vectors and images, as far as it takes them: embeddings of the width that it says, the same
/// weights for the same seed, an embedding that depends on its own sample only, weights that training changes and that a
/// checkpoint brings back.
pub fn check_encoder(encoder: impl IntoArchitecture) {
    let architecture = encoder.into_architecture();
    check_description(&|| architecture.describe());
    let name = FieldShape { name: "name".to_owned(), numbers: 0, hashed: 8, bag: true, image: None };
    let age = FieldShape { name: "age".to_owned(), numbers: 4, hashed: 0, bag: true, image: None };
    let photo = FieldShape { name: "photo".to_owned(), numbers: 50, hashed: 0, bag: false, image: Some((1, 7, 7)) };
    let shapes = [
        FeatureShape::table(vec![age.clone(), photo, name.clone()]),
        FeatureShape::table(vec![name, age]),
        FeatureShape::vector(12),
        FeatureShape::image(1, 8, 8, Element::F32),
        FeatureShape::image(3, 8, 8, Element::F32),
    ];
    let taken: Vec<&FeatureShape> = shapes.iter().filter(|shape| architecture.widths(shape).is_ok()).collect();
    assert!(
        !taken.is_empty(),
        "widths: neither rows of tables nor vectors nor images are taken: {:?}",
        architecture.widths(&shapes[3]).err()
    );
    for shape in taken {
        let fit = Fit::epochs(1).seed(3).device(DeviceChoice::Cpu);
        let learner = || -> Box<dyn Learner> {
            architecture.learner(shape, Arc::new(vicreg()), &fit).unwrap_or_else(|error| panic!("init: {error}"))
        };
        let (width, projected) = architecture.widths(shape).unwrap_or_default();
        let samples = samples(shape, architecture.content());
        let first = first(&samples, shape);
        let mut trained = learner();
        let fresh = trained.embed(samples.clone(), ROWS, Head::Encoder);
        assert_eq!(fresh.len(), ROWS * width, "forward: not {width} numbers for each of {ROWS} samples of {shape}");
        assert_eq!(
            trained.embed(samples.clone(), ROWS, Head::Projector).len(),
            ROWS * projected,
            "forward: the projector"
        );
        assert_eq!(learner().embed(samples.clone(), ROWS, Head::Encoder), fresh, "init: the same seed, other weights");
        let alone = trained.embed(first, 1, Head::Encoder);
        let close = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-4 * (1.0 + a.abs()));
        assert!(close(&alone, &fresh[..width]), "forward: an embedding depends on the samples beside it");
        let mut edges = InducedEdges { nodes: ROWS, ..InducedEdges::default() };
        (0..ROWS / 2).for_each(|at| edges.push(at, at + ROWS / 2, 1.0));
        let step = trained.step(samples.clone(), &edges, 1e-2, false);
        assert!(step.loss.is_finite() && trained.is_finite(), "step: the loss is {}", step.loss);
        let changed = trained.embed(samples.clone(), ROWS, Head::Encoder);
        assert_ne!(changed, fresh, "step: training changes nothing");
        let LearnerState { weights, optimiser } = trained.save().unwrap_or_else(|error| panic!("save: {error}"));
        let mut loaded = learner();
        loaded.load(weights, Some(optimiser)).unwrap_or_else(|error| panic!("load: {error}"));
        assert_eq!(loaded.embed(samples.clone(), ROWS, Head::Encoder), changed, "load: other embeddings than before");
    }
}

fn samples(shape: &FeatureShape, content: SampleContent) -> SampleBatch {
    let values = (0..ROWS * shape.len()).map(|at| 0.5 + 0.5 * (at as f32 * 0.37).sin()).collect();
    let mut bags = TokenBags::default();
    if content == SampleContent::Bags {
        bags.per_sample = shape.bags();
        (0..(ROWS * shape.bags()) as u32)
            .for_each(|bag| bags.push(&[bag, 7 * bag % 11, 20], |token| 1.0 + token as f32));
    }
    SampleBatch { values, bags }
}

fn first(samples: &SampleBatch, shape: &FeatureShape) -> SampleBatch {
    let bags = if samples.bags.is_empty() { TokenBags::default() } else { samples.bags.slice(0, 1) };
    SampleBatch { values: samples.values[..shape.len()].to_vec(), bags }
}
