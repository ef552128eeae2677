//! Classes of points on a line.

use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::*;

/// Clusters of ten points, far from each other.
fn clusters(count: usize) -> NeighbourGraph {
    let points: Vec<f32> = (0..count * 10).map(|row| (row / 10) as f32 * 100.0 + (row % 10) as f32).collect();
    NeighbourGraph::of(&points, 1, 3)
}

fn groups(rows: usize, members: &[&[usize]], classes: &[Option<u32>], apart: &[(u32, u32)]) -> KnownGroups {
    let mut of_row = vec![None; rows];
    for (group, members) in (0..).zip(members) {
        members.iter().for_each(|&row| of_row[row] = Some(group));
    }
    KnownGroups { classes: classes.to_vec(), apart: apart.iter().copied().collect(), ..KnownGroups::new(of_row) }
}

#[test]
fn classes_spread_and_rows_that_nothing_reaches_are_of_none() {
    let known = groups(30, &[&[4, 5], &[17]], &[Some(0), Some(1)], &[]);
    let found = classify(&clusters(3), &known, 0.0).unwrap();
    let expected: Vec<_> = (0..30).map(|row| [Some(0), Some(1), None][row / 10]).collect();
    assert_eq!(found.class, expected);
    assert!(found.known[4] && !found.known[3] && found.probability[4] == 1.0 && found.probability[3] > 0.9);
    assert!(found.probability[25] < 0.5, "{}", found.probability[25]);
}

#[test]
fn what_is_apart_from_all_classes_is_none_of_them_and_keeps_its_neighbours() {
    let known = groups(30, &[&[4], &[17], &[24]], &[Some(0), Some(1), None], &[(0, 2), (1, 2)]);
    let found = classify(&clusters(3), &known, 0.0).unwrap();
    assert!(found.class[20..].iter().all(Option::is_none));
    assert!(found.known[24] && found.probability[21] > 0.9);
}

#[test]
fn rows_of_a_group_have_one_class_and_never_one_that_is_ruled_out() {
    // The group without a class lies in two clusters, and is not of the class of the first.
    let known = groups(30, &[&[4], &[17], &[1, 2, 11]], &[Some(0), Some(1), None], &[(0, 2)]);
    let found = classify(&clusters(3), &known, 0.0).unwrap();
    assert_eq!([1, 2, 11].map(|row| found.class[row]), [Some(1); 3]);
    assert_eq!(found.class[3], Some(0));
}

#[test]
fn doubtful_rows_are_of_none_by_option_and_nothing_known_is_refused() {
    let points: Vec<f32> = (0..21).map(|row| row as f32).collect();
    let graph = NeighbourGraph::of(&points, 1, 2);
    let known = groups(21, &[&[0], &[20]], &[Some(0), Some(1)], &[]);
    assert!(classify(&graph, &known, 0.0).unwrap().class[10].is_some());
    let careful = classify(&graph, &known, 0.9).unwrap();
    assert_eq!((careful.class[10], careful.class[1]), (None, Some(0)));
    assert_eq!(classify(&graph, &KnownGroups::new(vec![None; 21]), 0.0), Err(DecideError::NoClasses));
}

/// Two clouds that overlap: probabilities have to be as often right as they say.
#[test]
fn probabilities_are_calibrated_where_clouds_overlap() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
    let mut normal = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
    let truth: Vec<u32> = (0..1200).map(|row| row % 2).collect();
    let points: Vec<f32> =
        truth.iter().flat_map(|&class| [(normal() + 2.6 * f64::from(class)) as f32, normal() as f32]).collect();
    let graph = NeighbourGraph::of(&points, 2, 10);
    let members: Vec<Vec<usize>> =
        (0..2).map(|class| (0..120).filter(|&row| truth[row] == class as u32).collect()).collect();
    let known = groups(1200, &[&members[0], &members[1]], &[Some(0), Some(1)], &[]);
    let found = classify(&graph, &known, 0.0).unwrap();
    let rows: Vec<usize> = (120..1200).collect();
    let right = rows.iter().filter(|&&row| found.class[row] == Some(truth[row])).count() as f64 / 1080.0;
    let sure = rows.iter().map(|&row| found.probability[row]).sum::<f64>() / 1080.0;
    assert!(right > 0.85 && (right - sure).abs() < 0.05, "{right} {sure}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_known_is_kept(
        of_row in proptest::collection::vec(proptest::option::of(0u32..6), 40),
        classes in proptest::collection::vec(proptest::option::of(0u32..3), 6),
        apart in proptest::collection::hash_set((0u32..6, 0u32..6), 0..6),
    ) {
        let apart = apart.into_iter().filter(|(a, b)| a < b).collect();
        let known = KnownGroups { of_row, classes, apart };
        prop_assume!(known.class_count() > 0);
        let points: Vec<f32> = (0..40).map(|row| (row * row % 41) as f32).collect();
        let found = classify(&NeighbourGraph::of(&points, 1, 4), &known, 0.0).unwrap();
        for (row, group) in known.of_row.iter().enumerate() {
            prop_assert!((0.0..=1.0).contains(&found.probability[row]));
            let Some(group) = *group else { continue };
            match (known.classes[group as usize], found.class[row]) {
                (Some(class), kept) => prop_assert_eq!(kept, Some(class)),
                (None, Some(class)) => prop_assert!(!known.ruled_out()[group as usize].contains(&class)),
                (None, None) => {}
            }
        }
    }
}
