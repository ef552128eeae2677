//! Tests of stratified audits: allocation, coverage of the intervals, input that is refused.

use rand::RngExt;

use super::*;

/// Pairs as blocking leaves them: many improbable ones, a few in doubt, some probable.
fn pairs(rng: &mut Xoshiro256PlusPlus) -> (Vec<f64>, Vec<bool>) {
    let mut probabilities = Vec::new();
    for (count, low, high) in [(4000, 0.0, 0.02), (600, 0.02, 0.9), (1400, 0.9, 1.0)] {
        probabilities.extend((0..count).map(|_| rng.random_range(low..high)));
    }
    let truth = probabilities.iter().map(|&p| rng.random_bool(p)).collect();
    (probabilities, truth)
}

#[test]
fn intervals_hold_the_truth_often_enough() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let (probabilities, truth) = pairs(&mut rng);
    let decided: Vec<bool> = probabilities.iter().map(|&p| p >= 0.4).collect();
    let count = |of: &dyn Fn(usize) -> bool| (0..truth.len()).filter(|&pair| of(pair)).count() as f64;
    let both = count(&|pair| decided[pair] && truth[pair]);
    let expected = [both / count(&|pair| decided[pair]), both / count(&|pair| truth[pair])];
    let (mut held, mut width) = ([0; 2], [0.0; 2]);
    for seed in 0..300 {
        let settings = AuditSettings { questions: 300, seed, ..AuditSettings::default() };
        let audit = StratifiedAudit::plan(&probabilities, &decided, &settings).unwrap();
        assert_eq!(audit.questions().len(), 300);
        let answers: Vec<_> = audit.questions().iter().map(|&pair| Some(truth[pair])).collect();
        let found = audit.estimate(&decided, &answers).unwrap();
        for (at, found) in [found.precision, found.recall].into_iter().flatten().enumerate() {
            held[at] += u32::from(found.lower <= expected[at] && expected[at] <= found.upper);
            width[at] += (found.upper - found.lower) / 300.0;
        }
    }
    assert!(held.iter().all(|&held| held >= 279), "{held:?}");
    assert!(width[0] < 0.15 && width[1] < 0.25, "{width:?}");
}

#[test]
fn decisions_that_came_later_are_estimated_too() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
    let (probabilities, truth) = pairs(&mut rng);
    let planned: Vec<bool> = probabilities.iter().map(|&p| p >= 0.5).collect();
    let decided: Vec<bool> = probabilities.iter().map(|&p| p >= 0.97).collect();
    let count = |of: &dyn Fn(usize) -> bool| (0..truth.len()).filter(|&pair| of(pair)).count() as f64;
    let both = count(&|pair| decided[pair] && truth[pair]);
    let expected = [both / count(&|pair| decided[pair]), both / count(&|pair| truth[pair])];
    let mut held = [0; 2];
    for seed in 0..200 {
        let settings = AuditSettings { questions: 200, seed, ..AuditSettings::default() };
        let audit = StratifiedAudit::plan(&probabilities, &planned, &settings).unwrap();
        let answers: Vec<_> = audit.questions().iter().map(|&pair| Some(truth[pair])).collect();
        let found = audit.estimate(&decided, &answers).unwrap();
        for (at, found) in [found.precision, found.recall].into_iter().flatten().enumerate() {
            held[at] += u32::from(found.lower <= expected[at] && expected[at] <= found.upper);
        }
        // Weights stand for all pairs.
        let weights = audit.weights(&answers).unwrap();
        assert!((weights.iter().sum::<f64>() - 6000.0).abs() < 1e-6);
    }
    assert!(held.iter().all(|&held| held >= 184), "{held:?}");
}

#[test]
fn questions_go_where_the_doubt_is() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
    let (probabilities, _) = pairs(&mut rng);
    let decided: Vec<bool> = probabilities.iter().map(|&p| p >= 0.5).collect();
    let plan = |settings: &AuditSettings| StratifiedAudit::plan(&probabilities, &decided, settings).unwrap();
    let audit = plan(&AuditSettings::default());
    assert!(audit.strata().iter().all(|stratum| stratum.questions >= 5));
    let rate = |at: f64| {
        let inside = |stratum: &&AuditStratum| stratum.lower <= at && at < stratum.upper;
        let stratum = audit.strata().iter().find(inside).unwrap();
        stratum.questions as f64 / stratum.pairs as f64
    };
    assert!(rate(0.3) > 3.0 * rate(0.005) && rate(0.7) > 3.0 * rate(0.995));
    let mut drawn = audit.questions().to_vec();
    drawn.sort_unstable();
    drawn.dedup();
    assert_eq!(drawn.len(), 200);
    assert_eq!(audit, plan(&AuditSettings::default()));
    assert_ne!(audit.questions(), plan(&AuditSettings { seed: 1, ..AuditSettings::default() }).questions());
}

#[test]
fn more_questions_than_pairs_ask_about_all() {
    let decided = [false, true, true];
    let audit = StratifiedAudit::plan(&[0.3, 0.6, 0.7], &decided, &AuditSettings::default()).unwrap();
    let answers: Vec<_> = audit.questions().iter().map(|&pair| Some(pair != 1)).collect();
    let found = audit.estimate(&decided, &answers).unwrap();
    let exactly = |share| Some(Interval { estimate: share, lower: share, upper: share });
    assert_eq!((found.precision, found.recall), (exactly(0.5), exactly(0.5)));
}

#[test]
fn few_questions_are_shared_evenly() {
    let probabilities: Vec<f64> = (0..100).map(|at| f64::from(at) / 100.0).collect();
    let decided: Vec<bool> = probabilities.iter().map(|&p| p > 0.5).collect();
    let settings = |questions| AuditSettings { questions, cuts: vec![0.5], ..AuditSettings::default() };
    // 0.5 itself is in the upper half and was not decided.
    let audit = StratifiedAudit::plan(&probabilities, &decided, &settings(5)).unwrap();
    assert_eq!(audit.strata().iter().map(|stratum| stratum.questions).collect::<Vec<_>>(), [2, 1, 2]);
    assert!(StratifiedAudit::plan(&probabilities, &decided, &settings(2)).is_err());
}

#[test]
fn degenerate_input() {
    let settings = AuditSettings::default();
    let none = StratifiedAudit::plan(&[], &[], &settings).unwrap();
    let found = none.estimate(&[], &[]).unwrap();
    assert_eq!((found.precision, found.recall), (None, None));
    assert!(StratifiedAudit::plan(&[f64::NAN], &[true], &settings).is_err());
    assert!(StratifiedAudit::plan(&[1.5], &[true], &settings).is_err());
    assert!(StratifiedAudit::plan(&[0.5], &[], &settings).is_err());
    for cuts in [vec![0.5, 0.5], vec![f64::NAN], vec![0.7, 0.1], vec![2.0]] {
        assert!(StratifiedAudit::plan(&[0.5], &[true], &AuditSettings { cuts, ..settings.clone() }).is_err());
    }
    let one = StratifiedAudit::plan(&[1.0, 0.0], &[true, false], &settings).unwrap();
    assert!(one.estimate(&[true, false], &[Some(true)]).is_err());
    assert!(one.estimate(&[true], &[None, None]).is_err());
    let unanswered = one.estimate(&[true, false], &[None, None]);
    assert!(matches!(unanswered, Err(DecideError::UnansweredStratum { stratum: 0, pairs: 1 })));
}
