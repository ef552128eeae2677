//! Tests of the nearest-neighbour oracle where rows are exact duplicates.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use arrow::array::AsArray;
use arrow::datatypes::{Float32Type, UInt64Type};
use rand::RngExt;
use relata_data::index::Row;
use relata_data::{ParquetFile, seed};
use relata_graph::{Groups, Relations};
use relata_schemas::edges::{DST, SRC, WEIGHT};
use relata_schemas::run_file;

use crate::fixture::Fixture;
use crate::nearest::{Nearest, nearest};
use crate::oracle::Oracle;

/// The pairs that it states, with their weights, and its groups.
async fn stated(fixture: &Fixture, oracle: &Nearest) -> (Vec<(u64, u64, f32)>, Groups) {
    let folder = tempfile::tempdir().unwrap();
    let mut relations = Relations::create(folder.path()).unwrap();
    oracle.relate(&fixture.context(), &mut relations).await.unwrap();
    let groups = relations.finish().unwrap().groups.build(&fixture.context().samples.ids).unwrap();
    let edges = ParquetFile::open(&folder.path().join(run_file::STATEMENTS)).unwrap().whole().unwrap();
    let rows = edges.iter().flat_map(|batch| {
        let [src, dst] = [SRC, DST].map(|name| batch[name].as_primitive::<UInt64Type>().values());
        let weights = batch[WEIGHT].as_primitive::<Float32Type>().values();
        src.iter().zip(dst).zip(weights).map(|((src, dst), weight)| (*src, *dst, *weight)).collect::<Vec<_>>()
    });
    (rows.collect(), groups)
}

/// Rows whose number is their id.
async fn fixture(rows: &[Vec<f32>]) -> Fixture {
    let mut text = "id,x,y,z\n".to_owned();
    for (id, row) in rows.iter().enumerate() {
        writeln!(text, "{id},{:?},{:?},{:?}", row[0], row[1], row[2]).unwrap();
    }
    Fixture::vectors(&text, &["x", "y", "z"]).await
}

/// The vectors that each different vector has for neighbours, by comparing all with all. Vectors are numbered in the
/// order of the rows.
fn naive(vectors: &[Vec<f32>], k: usize, cosine: bool) -> Vec<Vec<usize>> {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    let distance = |a: &[f32], b: &[f32]| match dot(a, a).sqrt() * dot(b, b).sqrt() {
        norms if cosine && norms > 0.0 => -dot(a, b) / norms,
        _ if cosine => 0.0,
        _ => a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum(),
    };
    let list = |a: usize| {
        let mut others: Vec<usize> = (0..vectors.len()).filter(|&b| b != a).collect();
        others.sort_by(|&b, &c| {
            distance(&vectors[a], &vectors[b]).total_cmp(&distance(&vectors[a], &vectors[c])).then(b.cmp(&c))
        });
        others.truncate(k);
        others
    };
    (0..vectors.len()).map(list).collect()
}

#[tokio::test]
async fn more_duplicates_than_neighbours_are_all_related_and_leave_room_for_others() {
    // Thirty equal rows, and four others on their ray and beside it.
    let mut rows = vec![vec![1.0, 1.0, 0.0]; 30];
    rows.extend([[2.0, 2.0, 0.1], [1.0, 1.5, 0.0], [1.0, -1.0, 0.0], [1.0, -1.1, 0.0]].map(Vec::from));
    let fixture = fixture(&rows).await;
    for oracle in [nearest(2), nearest(2).l2(), nearest(2).exact_up_to(1), nearest(2).l2().exact_up_to(1)] {
        let (edges, groups) = stated(&fixture, &oracle).await;
        assert_eq!(groups.iter().len(), 1, "{oracle:?}");
        assert_eq!(groups.iter()[0].members, (0..30).map(Row).collect::<Vec<_>>());
        assert_eq!(groups.weight(Row(0), Row(29)), 1.0);
        // Each of the thirty, and both of its neighbours; 30 and 31 list each other, as do 32 and 33.
        let pairs: BTreeSet<(u64, u64)> = edges.iter().map(|edge| (edge.0, edge.1)).collect();
        let expected: BTreeSet<(u64, u64)> =
            (0..30).flat_map(|row| [(row, 30), (row, 31)]).chain([(30, 31), (32, 33)]).collect();
        assert_eq!((edges.len(), &pairs), (expected.len(), &expected), "{oracle:?}");
        let questions = [Fixture::question(1, 29, &[0, 28, 30, 31, 32]), Fixture::question(2, 32, &[33, 0])];
        let expected = [true, true, true, true, false, true, false].map(Some);
        assert_eq!(fixture.said(&oracle, &questions).await, expected, "{oracle:?}");
    }
}

#[tokio::test]
async fn tuned_weights_of_duplicates_are_one_and_their_scale_is_that_of_other_vectors() {
    let rows = [0.0, 0.0, 0.0, 1.0, 1.0, 3.0].map(|x| vec![x, 0.0, 0.0]);
    let (edges, groups) = stated(&fixture(&rows).await, &nearest(2).l2().tuned()).await;
    assert_eq!([(0, 2), (3, 4)].map(|(a, b)| groups.weight(Row(a), Row(b))), [1.0, 1.0]);
    assert_eq!(groups.weight(Row(5), Row(0)), 0.0);
    // As where each vector is there once: they reach 3, 2 and 3 far for two neighbours.
    let mut weights: BTreeMap<(u64, u64), f32> = edges.iter().map(|&(a, b, weight)| ((a, b), weight)).collect();
    for (pairs, exponent) in [
        (vec![(0, 3), (1, 4), (2, 3)], -1.0 / 6.0),
        (vec![(3, 5), (4, 5)], -4.0 / 6.0),
        (vec![(0, 5), (1, 5), (2, 5)], -1.0),
    ] {
        for pair in pairs {
            let found = weights.remove(&pair).unwrap();
            assert!((found - f32::exp(exponent)).abs() < 1e-4, "{pair:?}: {found}");
        }
    }
    assert_eq!(weights, BTreeMap::new());
}

#[tokio::test]
async fn zero_vectors_are_duplicates_whatever_their_signs() {
    let rows = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [-0.0, 0.0, -0.0], [1.0, 0.1, 0.0]].map(Vec::from);
    let fixture = fixture(&rows).await;
    for oracle in [nearest(1), nearest(1).l2()] {
        let (edges, groups) = stated(&fixture, &oracle).await;
        assert_eq!(groups.iter()[0].members, [Row(0), Row(2)]);
        assert_eq!(edges, [(1, 3, 1.0)]);
        let said = fixture.said(&oracle, &[Fixture::question(1, 0, &[1, 2])]).await;
        assert_eq!(said, [Some(false), Some(true)]);
    }
}

#[tokio::test]
async fn vectors_of_one_direction_are_no_duplicates() {
    let rows = [[1.0, 0.0, 0.0], [2.0, 0.0, 0.0], [3.0, 0.0, 0.0]].map(Vec::from);
    let (edges, groups) = stated(&fixture(&rows).await, &nearest(1)).await;
    assert_eq!((edges, groups.iter().len()), (vec![(0, 1, 1.0)], 0));
}

#[tokio::test]
async fn relations_and_answers_are_those_of_a_naive_definition() {
    for seed in 0..8 {
        let mut random = seed::stream(seed, &[]);
        let different = random.random_range(2..20);
        let k = random.random_range(1..6);
        let drawn: Vec<Vec<f32>> =
            (0..different).map(|_| (0..3).map(|_| random.random_range(-1.0..1.0)).collect()).collect();
        // The first vectors are drawn more often, so that some classes are large and some vectors are there once.
        let of_row: Vec<usize> = (0..60)
            .map(|_| random.random_range(0..different) * random.random_range(0..different) / different)
            .collect();
        let mut first: Vec<usize> = Vec::new();
        of_row.iter().for_each(|vector| {
            if !first.contains(vector) {
                first.push(*vector)
            }
        });
        let number: Vec<usize> = of_row.iter().map(|of| first.iter().position(|known| known == of).unwrap()).collect();
        let fixture = fixture(&of_row.iter().map(|&of| drawn[of].clone()).collect::<Vec<_>>()).await;
        let vectors: Vec<Vec<f32>> = first.iter().map(|&of| drawn[of].clone()).collect();
        for (cosine, mutual, exact_up_to) in [
            (true, true, 100),
            (true, false, 100),
            (false, true, 100),
            (false, false, 100),
            (true, true, 1),
            (true, false, 1),
            (false, true, 1),
            (false, false, 1),
        ] {
            let mut oracle = nearest(k).exact_up_to(exact_up_to);
            oracle = if cosine { oracle } else { oracle.l2() };
            oracle = if mutual { oracle } else { oracle.either_way() };
            let near = naive(&vectors, k, cosine);
            check(&fixture, &oracle, &near, &number, mutual, k).await;
        }
    }
}

/// How many edges there are between the rows of two vectors, and which rows of each are in one.
type Told = (usize, [BTreeSet<u64>; 2]);

/// Compares an oracle with the neighbours of each vector, given the vector of each row.
async fn check(fixture: &Fixture, oracle: &Nearest, near: &[Vec<usize>], number: &[usize], mutual: bool, k: usize) {
    let rows = number.len() as u64;
    let lists = |a: usize, b: usize| near[a].contains(&b);
    let related = |a: usize, b: usize| {
        let both = lists(a, b) && lists(b, a);
        both || !mutual && (lists(a, b) || lists(b, a))
    };
    let questions: Vec<_> = (0..rows)
        .map(|anchor| Fixture::question(anchor, anchor, &(0..rows).filter(|&id| id != anchor).collect::<Vec<_>>()))
        .collect();
    let said = fixture.said(oracle, &questions).await;
    let pairs = questions.iter().flat_map(|q| q.candidates.iter().map(|candidate| (q.anchor, *candidate)));
    for ((a, b), said) in pairs.zip(said) {
        let (a, b) = (number[a.0 as usize], number[b.0 as usize]);
        assert_eq!(said, Some(a == b || related(a, b)), "{oracle:?}: {a} {b}");
    }

    let (edges, groups) = stated(fixture, oracle).await;
    assert!(edges.len() <= number.len() * k, "{} edges", edges.len());
    assert_eq!(edges.iter().map(|edge| (edge.0, edge.1)).collect::<BTreeSet<_>>().len(), edges.len());
    for a in 0..number.len() {
        for b in 0..a {
            let expected = if number[a] == number[b] { 1.0 } else { 0.0 };
            assert_eq!(groups.weight(Row(a as u32), Row(b as u32)), expected);
        }
    }
    let mut told: BTreeMap<(usize, usize), Told> = BTreeMap::new();
    for &(a, b, _) in &edges {
        let (of_a, of_b) = (number[a as usize], number[b as usize]);
        assert!(of_a != of_b && related(of_a, of_b), "{oracle:?}: {a} {b}");
        let ((u, a), (v, b)) = if of_a < of_b { ((of_a, a), (of_b, b)) } else { ((of_b, b), (of_a, a)) };
        let (count, [of_u, of_v]) = told.entry((u, v)).or_default();
        *count += 1;
        of_u.insert(a);
        of_v.insert(b);
    }
    let size = |vector: usize| number.iter().filter(|&&of| of == vector).count();
    for v in 0..near.len() {
        for u in (0..v).filter(|&u| related(u, v)) {
            let (count, [of_u, of_v]) = told.remove(&(u, v)).unwrap_or_default();
            let expected = match (lists(u, v), lists(v, u)) {
                (true, true) => size(u).max(size(v)),
                (true, false) => size(u),
                _ => size(v),
            };
            assert_eq!(count, expected, "{oracle:?}: {u} {v}");
            assert!(!lists(u, v) || of_u.len() == size(u), "{oracle:?}: {u} {v}");
            assert!(!lists(v, u) || of_v.len() == size(v), "{oracle:?}: {u} {v}");
        }
    }
    assert!(told.is_empty());
}

#[tokio::test]
async fn a_large_class_costs_its_rows() {
    let rows = "SELECT value AS id, CASE WHEN value < 100000 THEN 1.0 ELSE value + 0.0 END AS x, 0.5 AS y
                FROM generate_series(0, 100009)";
    let fixture = Fixture::query(rows).await;
    let (edges, groups) = stated(&fixture, &nearest(3).l2()).await;
    assert_eq!(groups.iter().iter().map(|group| group.members.len()).collect::<Vec<_>>(), [100_000]);
    // Others have three that are nearer than the class.
    assert!(edges.len() < 30, "{}", edges.len());
    let (edges, _) = stated(&fixture, &nearest(3).l2().either_way()).await;
    assert!((300_000..300_030).contains(&edges.len()), "{}", edges.len());
    let said = fixture.said(&nearest(3).l2(), &[Fixture::question(1, 99_999, &[0, 50_000, 100_009])]).await;
    assert_eq!(said, [Some(true), Some(true), Some(false)]);
}
