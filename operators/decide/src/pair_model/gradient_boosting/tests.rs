//! Tests of gradient boosting: what it learns, that it stops early, that it repeats.

use proptest::prelude::*;
use rand::RngExt;

use super::*;

/// Uniform values in [0, 1], rows x width.
fn uniform(rows: usize, width: usize, seed: u64) -> Vec<f64> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    (0..rows * width).map(|_| rng.random_range(0.0..1.0)).collect()
}

fn mean_loss(model: &GradientBoosting, observations: &Observations<'_>) -> f64 {
    let log_odds = model.log_odds(&observations.features(), None).unwrap();
    let losses = log_odds.iter().zip(observations.iter()).map(|(z, o)| logistic_loss(z + o.offset, o.target));
    losses.sum::<f64>() / log_odds.len() as f64
}

fn whole() -> GradientBoostingSettings {
    GradientBoostingSettings { validation_share: 0.0, ..GradientBoostingSettings::default() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_tree_reduces_the_loss(
        seed in any::<u64>(),
        targets in prop::collection::vec(0.0..1.0f64, 5..60),
        depth in 1usize..=3,
    ) {
        let values = uniform(targets.len(), 3, seed);
        let observations = Observations::new(Features::new(&values, targets.len(), 3).unwrap(), &targets).unwrap();
        let fit = |trees| {
            GradientBoosting::fit(&observations, GradientBoostingSettings { trees, depth, ..whole() }).unwrap()
        };
        let losses = [0, 1, 5, 20].map(|trees| mean_loss(&fit(trees), &observations));
        prop_assert!(losses.windows(2).all(|pair| pair[1] <= pair[0] + 1e-12), "{:?}", losses);
    }
}

#[test]
fn interactions_are_learned_and_the_same_seed_repeats() {
    let values = uniform(2000, 4, 5);
    let is_related = |row: &[f64]| (row[0] > 0.5) != (row[2] > 0.3);
    let targets: Vec<f64> = values.chunks(4).map(|row| f64::from(u8::from(is_related(row)))).collect();
    let observations = Observations::new(Features::new(&values, 2000, 4).unwrap(), &targets).unwrap();
    let settings = GradientBoostingSettings { subsample: 0.7, seed: 3, ..GradientBoostingSettings::default() };
    let model = GradientBoosting::fit(&observations, settings).unwrap();
    assert_eq!(model, GradientBoosting::fit(&observations, settings).unwrap());
    let other = GradientBoosting::fit(&observations, GradientBoostingSettings { seed: 4, ..settings }).unwrap();
    assert_ne!(model, other);

    let fresh = uniform(2000, 4, 6);
    let log_odds = model.log_odds(&Features::new(&fresh, 2000, 4).unwrap(), None).unwrap();
    let right = fresh.chunks(4).zip(&log_odds).filter(|(row, z)| (**z > 0.0) == is_related(row)).count();
    assert!(right > 1950, "{right} of 2000");
}

#[test]
fn noise_stops_it_early() {
    let values = uniform(600, 5, 1);
    let targets: Vec<f64> = uniform(600, 1, 2).iter().map(|&draw| f64::from(u8::from(draw < 0.3))).collect();
    let observations = Observations::new(Features::new(&values, 600, 5).unwrap(), &targets).unwrap();
    let model = GradientBoosting::fit(&observations, GradientBoostingSettings::default()).unwrap();
    assert!(model.trees() < 20, "{} trees", model.trees());
    assert_eq!(GradientBoosting::fit(&observations, whole()).unwrap().trees(), 200);
}

#[test]
fn offsets_leave_less_to_learn() {
    let values = uniform(300, 1, 1);
    let targets: Vec<f64> = values.iter().map(|value| probability(6.0 * value - 3.0)).collect();
    let offsets: Vec<f64> = values.iter().map(|value| 6.0 * value - 3.0).collect();
    let features = Features::new(&values, 300, 1).unwrap();
    let observations = Observations::new(features, &targets).unwrap().with_offsets(&offsets).unwrap();
    let model = GradientBoosting::fit(&observations, whole()).unwrap();
    assert!(model.log_odds(&features, None).unwrap().iter().all(|z| z.abs() < 1e-6));
    let found = model.log_odds(&features, Some(&offsets)).unwrap();
    assert!(found.iter().zip(&offsets).all(|(z, offset)| (z - offset).abs() < 1e-6));
}

#[test]
fn one_class_is_finite() {
    let values = uniform(50, 2, 1);
    let features = Features::new(&values, 50, 2).unwrap();
    let observations = Observations::new(features, &[1.0; 50]).unwrap();
    let model = GradientBoosting::fit(&observations, GradientBoostingSettings::default()).unwrap();
    assert!(model.log_odds(&features, None).unwrap().iter().all(|z| z.is_finite() && *z > 2.0));
}

#[test]
fn degenerate_input_is_refused() {
    let features = Features::new(&[0.1, 0.2], 2, 1).unwrap();
    let observations = Observations::new(features, &[1.0, 0.0]).unwrap();
    let bad = [
        GradientBoostingSettings { depth: 4, ..whole() },
        GradientBoostingSettings { learning_rate: f64::NAN, ..whole() },
        GradientBoostingSettings { ridge: 0.0, ..whole() },
        GradientBoostingSettings { subsample: 0.0, ..whole() },
        GradientBoostingSettings { validation_share: 1.0, ..whole() },
        GradientBoostingSettings { patience: 0, ..whole() },
        GradientBoostingSettings { min_child_weight: -1.0, ..whole() },
    ];
    assert!(bad.into_iter().all(|settings| GradientBoosting::fit(&observations, settings).is_err()));
    let empty = Observations::new(Features::new(&[], 0, 1).unwrap(), &[]).unwrap();
    assert_eq!(GradientBoosting::fit(&empty, whole()), Err(DecideError::NoObservations));
    let model = GradientBoosting::fit(&observations, whole()).unwrap();
    assert!(model.log_odds(&Features::new(&[0.1; 4], 2, 2).unwrap(), None).is_err());
}

#[test]
fn a_model_is_read_back_and_a_broken_one_refused() {
    let values = uniform(100, 2, 1);
    let targets: Vec<f64> = values.chunks(2).map(|row| f64::from(u8::from(row[1] > 0.5))).collect();
    let observations = Observations::new(Features::new(&values, 100, 2).unwrap(), &targets).unwrap();
    let model = GradientBoosting::fit(&observations, whole()).unwrap();
    let text = serde_json::to_string(&model).unwrap();
    assert_eq!(serde_json::from_str::<GradientBoosting>(&text).unwrap(), model);
    let broken = text.replace("\"feature\":1", "\"feature\":7");
    assert!(serde_json::from_str::<GradientBoosting>(&broken).is_err());
}

#[test]
fn trees_keep_to_their_directions() {
    let values = uniform(400, 2, 9);
    // Noise that pulls against the directions everywhere.
    let targets: Vec<f64> = values.chunks(2).map(|x| f64::from(u8::from((7.0 * x[0]).sin() > x[1] - 0.3))).collect();
    let features = Features::new(&values, 400, 2).unwrap();
    let observations = Observations::new(features, &targets).unwrap();
    let shape = Shape {
        directions: vec![Direction::Rising, Direction::Falling],
        split_points: Shape::quantiles(&features, 32),
    };
    let settings = GradientBoostingSettings { feature_share: 0.5, subsample: 0.8, base: false, ..whole() };
    let model = GradientBoosting::fit_shaped(&observations, settings, &shape).unwrap();
    let at = |x: f64, y: f64| model.log_odds(&Features::new(&[x, y], 1, 2).unwrap(), None).unwrap()[0];
    let steps: Vec<f64> = (0..=50).map(|step| f64::from(step) / 50.0).collect();
    for &fixed in &steps {
        assert!(steps.windows(2).all(|two| at(two[0], fixed) <= at(two[1], fixed) + 1e-12));
        assert!(steps.windows(2).all(|two| at(fixed, two[0]) >= at(fixed, two[1]) - 1e-12));
    }
    assert!(at(0.2, 0.1) > at(0.2, 0.9) + 0.5);
    let odd = Shape { directions: vec![Direction::Rising], ..Shape::default() };
    assert!(GradientBoosting::fit_shaped(&observations, settings, &odd).is_err());
}
