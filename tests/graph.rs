//! Oracles through the pipeline: what they state ends up in the run's tables and graph.

use std::collections::BTreeSet;
use std::path::Path;

use rand::RngExt;
use relata::data::index::Row;
use relata::dsl::{Pipeline, Related};
use relata::prelude::*;
use relata_data::seed;

use crate::data::{self, answer, number};

/// Runs an epoch, for the sake of the graph.
async fn run(folder: &Path, related: Pipeline<Related>) -> Run {
    related.train(mlp([3]), vicreg(), data::short_fit()).write(folder.join("run")).run_async().await.unwrap()
}

/// A run over points on a circle with four labels.
async fn circle(rows: usize, oracle: impl Oracle + 'static) -> (tempfile::TempDir, Run) {
    let folder = tempfile::tempdir().unwrap();
    let samples = data::text_file(folder.path(), "samples.csv", &data::circle(rows, 4));
    let run = run(folder.path(), Pipeline::read(csv(samples)).relate(oracle)).await;
    (folder, run)
}

/// All edges as (src, dst).
async fn pairs(run: &Run) -> BTreeSet<(u64, u64)> {
    let rows = answer(run, "SELECT src, dst FROM edges").await;
    let pair = |row: &String| {
        let (src, dst) = row.split_once('\t').unwrap();
        (src.parse().unwrap(), dst.parse().unwrap())
    };
    rows.iter().map(pair).collect()
}

#[tokio::test]
async fn labels_of_some_rows_become_groups() {
    let (_folder, run) = circle(200, same_label("label").rows(30)).await;
    assert_eq!(number(&run, "SELECT count(*) FROM memberships").await, 30.0);
    let wrong = r#"SELECT count(*) FROM memberships m JOIN samples s ON s.id = m.id WHERE m."group" <> s.label"#;
    assert_eq!(number(&run, wrong).await, 0.0);

    let (_folder, run) = circle(200, same_label("label").per_class(5)).await;
    let per_group = r#"SELECT count(*), exclusive FROM memberships GROUP BY "group", exclusive"#;
    assert_eq!(answer(&run, per_group).await, ["5\tfalse"; 4]);
    let (_folder, run) = circle(200, same_label("label").per_class(50).rows(120)).await;
    assert_eq!(number(&run, "SELECT count(*) FROM memberships").await, 120.0);
}

#[tokio::test]
async fn signed_labels_tell_classes_apart_and_unknown_rows_stay_unknown() {
    let (_folder, run) = circle(40, same_label("label").rows(30).signed()).await;
    let known: BTreeSet<u32> =
        answer(&run, "SELECT id FROM memberships").await.iter().map(|id| id.parse().unwrap()).collect();
    let graph = run.graph(&run.samples().unwrap()).unwrap();
    for a in 0..40 {
        for b in a + 1..40 {
            let expected = match known.contains(&a) && known.contains(&b) {
                true if a % 4 == b % 4 => 1.0,
                true => -1.0,
                false => 0.0,
            };
            assert_eq!(graph.relation(Row(a), Row(b)), expected, "{a} and {b}");
        }
    }
}

#[tokio::test]
async fn values_of_an_expression_are_groups_and_null_is_unknown() {
    let oracle = same_value("CASE WHEN id < 30 THEN label % 2 END");
    let (_folder, run) = circle(40, oracle).await;
    let sizes = answer(&run, r#"SELECT count(*) FROM memberships GROUP BY "group""#).await;
    assert_eq!(sizes, ["15", "15"]);
}

#[tokio::test]
async fn a_mix_shares_the_weight() {
    let folder = tempfile::tempdir().unwrap();
    let samples = data::text_file(folder.path(), "samples.csv", &data::circle(40, 4));
    let read = Pipeline::read(csv(samples)).views(2, noise(0.1));
    let run = run(folder.path(), read.relate(mix(same_sample(), same_label("label"), 0.25))).await;
    let graph = run.graph(&run.samples().unwrap()).unwrap();
    assert_eq!(graph.settings().views, 0.75);
    // Two views of a labelled sample share its label too.
    assert_eq!([4, 1, 0].map(|other| graph.relation(Row(0), Row(other))), [0.25, 0.0, 1.0]);

    let folder = tempfile::tempdir().unwrap();
    let a = data::text_file(folder.path(), "a.csv", "src,dst\n0,1\n0,2\n");
    let b = data::text_file(folder.path(), "b.csv", "src,dst,weight\n1,0,0.5\n3,1,-1\n");
    let (_folder, run) = circle(40, mix(edges(a), edges(b).weighted(0.5), 0.25)).await;
    let rows = answer(&run, "SELECT src, dst, weight, rel FROM edges ORDER BY src, dst").await;
    assert_eq!(rows, ["0\t1\t0.8125\ta,b", "0\t2\t0.75\ta", "1\t3\t-0.125\tb"]);
}

#[tokio::test]
async fn noise_has_its_rate_and_is_the_same_again() {
    let folder = tempfile::tempdir().unwrap();
    let lines: String = (0..3000).map(|at| format!("{},{}\n", at % 100, 100 + at / 30 % 100 + at % 2 * 100)).collect();
    let file = data::text_file(folder.path(), "e.csv", &format!("src,dst\n{lines}"));
    let flipped = async || {
        let (_folder, run) = circle(400, noisy(edges(&file), 0.2)).await;
        answer(&run, "SELECT src, dst FROM edges WHERE weight < 0 ORDER BY src, dst").await
    };
    let first = flipped().await;
    let (_folder, run) = circle(400, edges(&file)).await;
    let share = first.len() as f64 / number(&run, "SELECT count(*) FROM edges WHERE weight > 0").await;
    assert!((share - 0.2).abs() < 0.03, "{share}");
    assert_eq!(flipped().await, first);

    // A group is redrawn among all four, so that a quarter of the mistakes are none.
    let (_folder, run) = circle(4000, noisy(same_label("label"), 0.4)).await;
    let wrong = r#"SELECT count(*) FROM memberships m JOIN samples s ON s.id = m.id WHERE m."group" <> s.label"#;
    let share = number(&run, wrong).await / 4000.0;
    assert!((share - 0.3).abs() < 0.03, "{share}");
}

#[tokio::test]
async fn a_rule_finds_the_pairs_of_a_customer_within_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = seed::stream(4, &[]);
    let visits: Vec<(u32, u32)> = (0..120).map(|_| (random.random_range(0..6), random.random_range(0..700))).collect();
    let line = |(id, (customer, hour)): (usize, &(u32, u32))| {
        format!("{id},c{customer},2026-01-{:02}T{:02}:00:00,{}\n", 1 + hour / 24, hour % 24, id as f64 / 7.0)
    };
    let lines: String = visits.iter().enumerate().map(line).collect();
    let file = data::text_file(folder.path(), "visits.csv", &format!("id,customer,at,x\n{lines}"));
    let predicate = "a.customer = b.customer AND abs(date_part('epoch', a.at) - date_part('epoch', b.at)) <= 86400";
    let oracle = rule("same customer within a day", predicate);
    let run = run(folder.path(), Pipeline::read(csv(file)).relate(oracle)).await;
    let near = |a: usize, b: usize| visits[a].0 == visits[b].0 && visits[a].1.abs_diff(visits[b].1) <= 24;
    let all = (0..120).flat_map(|a| (a + 1..120).map(move |b| (a, b)));
    let expected: BTreeSet<(u64, u64)> = all.filter(|&(a, b)| near(a, b)).map(|(a, b)| (a as u64, b as u64)).collect();
    assert!(expected.len() > 50);
    assert_eq!(pairs(&run).await, expected);
    assert_eq!(answer(&run, "SELECT DISTINCT rel, weight FROM edges").await, ["same customer within a day\t1.0"]);
}

/// Pairs that are mutually among each other's five nearest by cosine, by comparing all with all.
fn naive_nearest(points: &[Vec<f64>]) -> BTreeSet<(u64, u64)> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let cosine = |a: usize, b: usize| {
        let (a, b) = (&points[a], &points[b]);
        dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
    };
    let nearest = |a: usize| -> Vec<usize> {
        let mut others: Vec<usize> = (0..points.len()).filter(|&b| b != a).collect();
        others.sort_by(|&b, &c| cosine(a, c).total_cmp(&cosine(a, b)));
        others.truncate(5);
        others
    };
    let lists: Vec<Vec<usize>> = (0..points.len()).map(nearest).collect();
    let mutual = |&(a, b): &(usize, usize)| a < b && lists[b].contains(&a);
    let found = lists.iter().enumerate().flat_map(|(a, list)| list.iter().map(move |&b| (a, b)));
    found.filter(mutual).map(|(a, b)| (a as u64, b as u64)).collect()
}

#[tokio::test]
async fn nearest_neighbours_are_those_of_a_naive_search_and_the_index_finds_nearly_all() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = seed::stream(6, &[]);
    let values: Vec<f32> = (0..800 * 8).map(|_| random.random_range(-1.0..1.0)).collect();
    let points: Vec<Vec<f64>> = values.chunks(8).map(|row| row.iter().map(|&v| v.into()).collect()).collect();
    let file = folder.path().join("points.parquet");
    data::write_parquet(&file, vec![("id", data::ids(800)), ("v", data::vectors(values, 8))]);
    let found = async |name: &str, oracle| {
        let run = run(&folder.path().join(name), Pipeline::read(parquet(&file)).relate(oracle)).await;
        pairs(&run).await
    };
    let expected = naive_nearest(&points);
    let exact = found("exact", nearest(5)).await;
    assert!(exact == expected, "{} pairs instead of {}", exact.len(), expected.len());
    let approximate = found("approximate", nearest(5).exact_up_to(10)).await;
    let recall = approximate.intersection(&exact).count() as f64 / exact.len() as f64;
    assert!(recall > 0.95, "{recall}");
}

#[tokio::test]
async fn nearest_neighbours_come_from_an_earlier_run_too() {
    let (_first, earlier) = circle(60, same_label("label")).await;
    let (_folder, run) = circle(60, nearest(3).l2().either_way().embeddings(earlier.embeddings())).await;
    let count = number(&run, "SELECT count(*) FROM edges").await;
    assert!((90.0..=180.0).contains(&count), "{count}");
    let nearest = answer(&earlier, "SELECT id FROM nearest(embeddings, 7, 3, l2)").await;
    let of_seven: BTreeSet<u64> =
        pairs(&run).await.into_iter().filter(|p| p.0 == 7 || p.1 == 7).map(|p| p.0 + p.1 - 7).collect();
    assert!(nearest.iter().all(|id| of_seven.contains(&id.parse().unwrap())), "{nearest:?} not in {of_seven:?}");
}

#[tokio::test]
async fn the_latest_round_of_an_edge_file_decides() {
    let folder = tempfile::tempdir().unwrap();
    let lines = "1,2,1,0,false\n1,2,-0.5,3,false\n4,5,1,2,true\n6,7,0.5,0,true\n7,6,0.25,1,false\n";
    let file = data::text_file(folder.path(), "e.csv", &format!("src,dst,weight,round,inferred\n{lines}"));
    let (_folder, run) = circle(10, edges(&file)).await;
    let rows = answer(&run, "SELECT src, dst, weight, round, inferred FROM edges ORDER BY src").await;
    assert_eq!(rows, ["1\t2\t-0.5\t3\tfalse", "4\t5\t1.0\t2\ttrue", "6\t7\t0.75\t1\tfalse"]);
    // The edges of a run are a file of edges that says the same again.
    let (_folder, again) = circle(10, edges(run.path("edges.parquet"))).await;
    assert_eq!(answer(&again, "SELECT src, dst, weight, round, inferred FROM edges ORDER BY src").await, rows);
}

#[tokio::test]
async fn embeddings_join_back_to_the_users_own_text_ids() {
    let folder = tempfile::tempdir().unwrap();
    let text = "key,x,y,label\nann,0,1,a\n007,1,0,b\nbob,0.1,1,a\n7,1,0.1,b\n";
    let samples = data::text_file(folder.path(), "samples.csv", text);
    let file = data::text_file(folder.path(), "e.csv", "src,dst\nbob,ann\n7,007\n");
    let run = run(folder.path(), Pipeline::read(csv(&samples).id("key")).relate(edges(&file))).await;
    let rows = answer(&run, "SELECT source_id, label FROM embeddings ORDER BY id").await;
    assert_eq!(rows, ["ann\ta", "007\tb", "bob\ta", "7\tb"]);
    let joined = "SELECT a.source_id, b.source_id FROM edges e JOIN embeddings a ON a.id = e.src
        JOIN embeddings b ON b.id = e.dst ORDER BY e.src";
    assert_eq!(answer(&run, joined).await, ["ann\tbob", "007\t7"]);
    let nearest = "SELECT e.source_id FROM nearest(embeddings, '007', 1) n JOIN embeddings e ON e.id = n.id";
    assert_eq!(answer(&run, nearest).await, ["7"]);
    let neighbours = "SELECT s.source_id FROM neighbours('bob') n JOIN samples s ON s.id = n.id";
    assert_eq!(answer(&run, neighbours).await, ["ann"]);
    let error = run.sql("SELECT * FROM neighbours('008')").await.unwrap().collect().await.unwrap_err().to_string();
    assert!(error.contains("no sample with the id 008"), "{error}");

    let loss = vicreg().with_var(0.0).with_cov(0.0);
    let scored = relata::score::score_files(&run.embeddings(), &edges(&file), &loss, DeviceChoice::Cpu).await.unwrap();
    assert!(scored.score.value > 0.0);
    assert_eq!(scored.texts, ["ann", "007", "bob", "7"]);
}

#[tokio::test]
async fn statistics_count_what_groups_relate() {
    let (_folder, run) = circle(40, same_label("label").rows(30).signed()).await;
    let found = run.graph_statistics().unwrap();
    assert_eq!(found.related_share, 0.75);
    assert_eq!(found.degrees[0], (0, 0, 10));
    assert_eq!(found.degrees.iter().map(|bin| bin.2).sum::<u64>(), 40);
    let text = found.to_string();
    assert!(text.contains("rows with a relation 75.0%"), "{text}");
}

#[tokio::test]
async fn edge_files_of_every_convention_become_canonical_edges() {
    let cases = [
        ("e.tsv", "source\ttarget\tweight\n5\t2\t-0.5\n1\t2\t1\n", ["1\t2\t1.0\te", "2\t5\t-0.5\te"]),
        (
            "e.csv",
            "unique_id_l,unique_id_r,match_probability\n1,2,0.75\n3,1,0.5\n2,9,1\n",
            ["1\t2\t0.5\te", "2\t9\t1.0\te"],
        ),
        ("e.csv", "anchor,positive,negative,weight\n4,1,0,0.5\n", ["0\t4\t-0.5\te", "1\t4\t0.5\te"]),
        ("e.csv", "anchor,positive,negative\n4,1,0\n", ["0\t4\t-1.0\te", "1\t4\t1.0\te"]),
        (
            "e.jsonl",
            "{\"lhs\": 8, \"rhs\": 1, \"rel\": \"kin\"}\n{\"lhs\": 0, \"rhs\": 1, \"rel\": \"friend\"}\n",
            ["0\t1\t1.0\tfriend", "1\t8\t1.0\tkin"],
        ),
        ("e.csv", "src,dst,label\n4,1,match\n4,0,distinct\n5,6,unsure\n", ["0\t4\t-1.0\te", "1\t4\t1.0\te"]),
        ("e.csv", "anchor,positive,negative_1,negative_2\n4,1,,0\n", ["0\t4\t-1.0\te", "1\t4\t1.0\te"]),
        (
            "e.json",
            "{\"match\": [[{\"id\": 1}, {\"id\": 4}]], \"distinct\": [[{\"id\": 4}, {\"id\": 0}]]}",
            ["0\t4\t-1.0\te", "1\t4\t1.0\te"],
        ),
    ];
    for (name, content, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        let file = data::text_file(folder.path(), name, content);
        let (_folder, run) = circle(10, edges(file)).await;
        let rows = answer(&run, "SELECT src, dst, weight, rel FROM edges ORDER BY src, dst").await;
        assert_eq!(rows, expected, "{content}");
    }
}
