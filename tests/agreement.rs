//! Oracles that are weighed by their agreement: those that are often wrong count for less.

use std::path::Path;

use rand::RngExt;
use relata::dsl::{Pipeline, Related};
use relata::prelude::*;
use relata_data::seed;

use crate::data::{self, answer, number};

/// Points on a circle, with four labels.
const ROWS: usize = 120;

/// Relates the samples by a file of edges for each `(name, share of mistakes)`: seven of ten out of a fifth of all pairs,
/// positives where the labels are equal, up to mistakes.
fn related(folder: &Path, oracles: &[(&str, f64)]) -> Pipeline<Related> {
    let samples = data::text_file(folder, "samples.csv", &data::circle(ROWS, 4));
    let mut random = seed::stream(11, &[]);
    let mut files = vec![String::from("src,dst,weight\n"); oracles.len()];
    for (a, b) in (0..ROWS).flat_map(|a| (a + 1..ROWS).map(move |b| (a, b))) {
        let kept = random.random_bool(0.2);
        for (file, &(_, mistakes)) in files.iter_mut().zip(oracles) {
            let (speaks, wrong) = (random.random_bool(0.7), random.random_bool(mistakes));
            if kept && speaks {
                let sign = if (a % 4 == b % 4) == wrong { -1 } else { 1 };
                *file += &format!("{a},{b},{sign}\n");
            }
        }
    }
    let edges = files.iter().zip(oracles).map(|(text, (name, _))| {
        let path = data::text_file(folder, &format!("{name}.csv"), text);
        edges(path)
    });
    let mut edges = edges.collect::<Vec<_>>().into_iter();
    let first = Pipeline::read(csv(samples)).relate(edges.next().unwrap());
    edges.fold(first, |pipeline, oracle| pipeline.relate(oracle))
}

async fn solved(folder: &Path, related: Pipeline<Related>) -> Run {
    related.solve(closed_form(Kernel::Rbf { width: 1.0 }, 3)).write(folder.join("run")).run_async().await.unwrap()
}

/// Contradictions that were not decided as the labels say.
const WRONG: &str = "SELECT count(*) FROM conflicts c JOIN samples a ON a.id = c.src JOIN samples b ON b.id = c.dst
                     WHERE c.kept = 0 OR (c.kept > 0) <> (a.label = b.label)";

#[tokio::test]
async fn a_bad_oracle_is_weighed_down() {
    let oracles = [("ann", 0.04), ("bob", 0.08), ("cat", 0.4), ("dan", 0.45)];
    let (plain_folder, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let plain = solved(plain_folder.path(), related(plain_folder.path(), &oracles)).await;
    let weighed = solved(folder.path(), related(folder.path(), &oracles).weigh_by_agreement()).await;

    let estimates = "SELECT oracle, pairs, round(accuracy, 6) FROM oracle_accuracy ORDER BY oracle";
    assert_eq!(answer(&plain, estimates).await, answer(&weighed, estimates).await);
    assert_eq!(answer(&plain, "SELECT DISTINCT weight FROM oracle_accuracy").await, ["1.0"]);
    for (oracle, mistakes) in oracles {
        let accuracy =
            number(&weighed, &format!("SELECT accuracy FROM oracle_accuracy WHERE oracle = '{oracle}'")).await;
        assert!((accuracy - (1.0 - mistakes)).abs() < 0.06, "{oracle}: {accuracy}");
    }
    let weight = async |oracle: &str| {
        number(&weighed, &format!("SELECT weight FROM oracle_accuracy WHERE oracle = '{oracle}'")).await
    };
    assert!(weight("ann").await.max(weight("bob").await) == 1.0 && weight("bob").await > 0.6);
    assert!(weight("cat").await < 0.3 && weight("dan").await < 0.3);
    // What an oracle states alone has its weight in the graph.
    let alone = "SELECT DISTINCT abs(e.weight - o.weight) < 0.000001 FROM edges e
                 LEFT ANTI JOIN conflicts c ON c.src = e.src AND c.dst = e.dst
                 CROSS JOIN oracle_accuracy o WHERE o.oracle = 'cat' AND e.rel = 'cat' AND e.weight > 0";
    assert_eq!(answer(&weighed, alone).await, ["true"]);
    let (before, after) = (number(&plain, WRONG).await, number(&weighed, WRONG).await);
    assert!(2.0 * after < before, "{after} instead of {before}");
}

#[tokio::test]
async fn two_oracles_are_told_apart_by_answers_only() {
    let oracles = [("ann", 0.05), ("bob", 0.3)];
    let accuracies = "SELECT oracle, accuracy, weight FROM oracle_accuracy ORDER BY oracle";
    let folder = tempfile::tempdir().unwrap();
    let run = solved(folder.path(), related(folder.path(), &oracles).weigh_by_agreement()).await;
    assert_eq!(answer(&run, accuracies).await, ["ann\t0.75\t1.0", "bob\t0.75\t1.0"]);

    let folder = tempfile::tempdir().unwrap();
    let asking = explore_consolidate().budget(1e6).per_round(2000);
    let asked = related(folder.path(), &oracles).weigh_by_agreement().ask(labels("label"), asking);
    let run = solved(folder.path(), asked).await;
    assert_eq!(number(&run, "SELECT count(*) FROM oracle_accuracy").await, 2.0);
    let accuracy = async |oracle: &str| {
        number(&run, &format!("SELECT accuracy FROM oracle_accuracy WHERE oracle = '{oracle}'")).await
    };
    assert!((accuracy("ann").await - 0.95).abs() < 0.03 && (accuracy("bob").await - 0.7).abs() < 0.05);
    assert!(number(&run, "SELECT weight FROM oracle_accuracy WHERE oracle = 'bob'").await < 0.5);
}
