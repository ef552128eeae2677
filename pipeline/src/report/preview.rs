//! Temporary.
use super::report;
use crate::audit::fixture::{conflicts, memberships, metrics};
use crate::run::Run;
use arrow::array::AsArray;
use arrow::datatypes::UInt64Type;
use rand::RngExt;
use relata_operators::oracle::{Answer, Cost, Question};
use relata_operators::seed::stream;
use relata_question::ledger::Ledger;
use std::collections::BTreeMap;
use std::path::Path;

fn labels(run: &Run) -> BTreeMap<u64, String> {
    let mut found = BTreeMap::new();
    for batch in run.read("samples.parquet").unwrap() {
        let labels = arrow::compute::cast(&batch["label"], &arrow::datatypes::DataType::Utf8).unwrap();
        let ids = batch["id"].as_primitive::<UInt64Type>();
        for row in 0..batch.num_rows() {
            found.insert(ids.value(row), labels.as_string::<i32>().value(row).to_owned());
        }
    }
    found
}

fn make(to: &Path, strategy: &str, seed: u64, gain: f64, vector: bool) -> Run {
    let from = Path::new("/work/main/runs/digits");
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir_all(to).unwrap();
    for name in ["samples.parquet", "features.arrow", "embeddings.parquet", "metrics.parquet"] {
        std::fs::copy(from.join(name), to.join(name)).unwrap();
    }
    let mut plan: serde_json::Value = serde_json::from_slice(&std::fs::read(from.join("run.json")).unwrap()).unwrap();
    plan["stages"]["ask"] = serde_json::json!({"oracle": {"oracle": "crowd", "each": 3}, "cost": {"per_question": 0.0, "per_candidate": 1.0},
        "how": {"strategy": {"strategy": strategy, "m": 8}, "budget": 1000.0}});
    std::fs::write(to.join("run.json"), serde_json::to_vec(&plan).unwrap()).unwrap();
    let run = Run::open(to).unwrap();
    let labels = labels(&run);
    let ids: Vec<u64> = labels.keys().copied().collect();
    let ledger = Ledger::open(to).unwrap();
    let mut rng = stream(seed, &[]);
    let mut number = 0;
    let mut rows = vec![
        (0, "raw.knn.test", 0.93),
        (0, "raw.linear_probe.test", 0.91),
        (0, "raw.clustering.nmi", 0.74),
        (0, "raw.clustering.ari", 0.66),
        (0, "knn.test", 0.952),
        (0, "linear_probe.test", 0.936),
        (0, "clustering.nmi", 0.81),
        (0, "clustering.ari", 0.74),
        (0, "linear_probe.train", 0.99),
        (0, "linear_probe.loss", 0.2),
        (0, "geometry.effective_rank", 20.4),
    ];
    for step in 0..300 {
        rows.push((0, "loss", 4.0 * (-0.01 * f64::from(step)).exp() + 1.5 + 0.1 * rng.random::<f64>()));
    }
    for round in 1..=8u32 {
        let mut questions = Vec::new();
        for _ in 0..5 {
            number += 1;
            let anchor = ids[rng.random_range(0..ids.len())];
            let mut candidates: Vec<u64> = Vec::new();
            while candidates.len() < if strategy == "random_pairs" { 1 } else { 8 } {
                let other = ids[rng.random_range(0..ids.len())];
                if other != anchor
                    && !candidates.contains(&other)
                    && (labels[&other] == labels[&anchor] || rng.random_bool(0.1))
                {
                    candidates.push(other);
                }
            }
            questions.push(Question {
                question: number,
                round,
                anchor,
                candidates,
                strategy: strategy.to_owned(),
                priority: rng.random(),
            });
        }
        ledger.ask(&questions).unwrap();
        for question in &questions {
            for (at, (name, error)) in [("anna", 0.02), ("bjørn", 0.05), ("chen", 0.25)].into_iter().enumerate() {
                if round > 6 && at == 1 {
                    continue;
                }
                let answers: Vec<Answer> = question
                    .candidates
                    .iter()
                    .map(|&c| {
                        let truth = labels[&c] == labels[&question.anchor];
                        let said = if rng.random_bool(0.04) { None } else { Some(truth != rng.random_bool(error)) };
                        let mut answer = Answer::now(question, c, said, "crowd", Cost::default());
                        answer.annotator = name.to_owned();
                        answer.answered_at = 1_790_000_000_000_000 + number as i64;
                        answer
                    })
                    .collect();
                ledger.record(&answers).unwrap();
                if rng.random_bool(0.05) {
                    ledger.undo(question.question, name).unwrap();
                    ledger.record(&answers).unwrap();
                }
            }
        }
        let share = 1.0 - (-0.35 * gain * f64::from(round)).exp();
        let mut noise = || 0.006 * (rng.random::<f64>() - 0.5);
        rows.extend([
            (round, "ask.spent", ledger.spent().unwrap()),
            (round, "ask.answers", 100.0),
            (round, "ask.predicted", 70.0 + 3.0 * f64::from(round)),
            (round, "ask.contradictions", f64::from(round % 3)),
            (round, "ask.known_positives", 310.0 * f64::from(round * round)),
            (round, "ask.known_negatives", 1840.0 * f64::from(round * round)),
            (round, "ask.components", 30.0 - f64::from(round)),
            (round, "knn.test", 0.952 + 0.03 * share + noise()),
            (round, "linear_probe.test", 0.936 + 0.04 * share + noise()),
            (round, "clustering.nmi", 0.81 + 0.14 * share + noise()),
            (round, "clustering.ari", 0.74 + 0.2 * share + noise()),
            (round, "linear_probe.train", 0.99),
            (round, "linear_probe.loss", 0.1),
        ]);
    }
    metrics(&run, &rows);
    let chain: Vec<_> = ledger.since(0).unwrap();
    let pick = |question: u64, at: usize| {
        let q = ledger.question(question).unwrap().unwrap();
        (q.anchor, q.candidates[at % q.candidates.len()])
    };
    let seq = |a: u64, b: u64| {
        chain
            .iter()
            .filter(|r| r.answer.anchor == a && r.answer.candidate == b && r.undoes.is_none())
            .map(|r| r.sequence)
            .max()
            .unwrap()
    };
    let (a, b) = pick(3, 0);
    let (_, c) = pick(3, 5);
    let (d, e) = pick(9, 1);
    let (f, g) = pick(17, 3);
    let rows = [
        (
            b.min(c),
            b.max(c),
            format!("answers {} > {}", seq(a, b), seq(a, c)),
            format!("answer {}", seq(d, e)),
            -1.0f32,
        ),
        (d.min(e), d.max(e), format!("answer {}", seq(d, e)), format!("answer {}", seq(f, g)), 0.0),
        (
            f.min(g),
            f.max(g),
            "same_label(label)".to_owned(),
            format!("answers {} > {} > {} > {}", seq(a, b), seq(a, c), seq(d, e), u64::MAX),
            0.5,
        ),
    ];
    let rows: Vec<_> = rows.iter().map(|(a, b, p, n, k)| (*a, *b, p.as_str(), n.as_str(), *k)).collect();
    conflicts(&run, &rows);
    let mut groups = Vec::new();
    for (at, (id, label)) in labels.iter().enumerate() {
        if rng.random_bool(0.25) {
            groups.push((*id, label.parse::<u64>().unwrap() + if at % 7 == 0 { 10 } else { 0 }, "answers", false));
        }
        if rng.random_bool(0.5) {
            groups.push((*id, label.parse::<u64>().unwrap(), "same_label(label)", true));
        }
    }
    memberships(&run, &groups);
    std::fs::create_dir_all(run.path("rounds/1")).unwrap();
    std::fs::write(run.path("rounds/1/round.json"), r#"{"round":1,"questions":1,"spent":1,"progress":{"answers":1,"yes":1,"predicted":1,"implied":0,"passed":0,"contradictions":0},"implied":[1,0],"components":1,"stop":"budget"}"#).unwrap();
    let _ = vector;
    run
}

#[tokio::test]
async fn preview() {
    let root = Path::new("/tmp/preview");
    let run = make(&root.join("digits"), "representatives", 1, 1.0, false);
    let start = std::time::Instant::now();
    let page = report(&[run]).await.unwrap();
    println!("{:?} {} bytes", start.elapsed(), page.len());
    std::fs::write(root.join("one.html"), page).unwrap();
    let mut runs = Vec::new();
    for (at, strategy) in ["representatives", "random_pairs", "boundary", "explore_consolidate"].into_iter().enumerate()
    {
        for seed in 0..3 {
            runs.push(make(&root.join(format!("{strategy}-{seed}")), strategy, seed, 1.0 - 0.22 * at as f64, false));
        }
    }
    std::fs::write(root.join("many.html"), report(&runs).await.unwrap()).unwrap();
    std::fs::write(root.join("plain.html"), report(&[Run::open("/work/main/runs/digits").unwrap()]).await.unwrap())
        .unwrap();
}

#[tokio::test]
async fn vectors() {
    use relata_operators::source::{csv, ingest, session};
    let root = Path::new("/tmp/preview/texts");
    let _ = std::fs::remove_dir_all(root);
    let run = crate::sql::fixture::run(root);
    let path = Path::new("/tmp/preview/t.csv");
    let mut rng = stream(3, &[]);
    let mut text = "id,a,b,c,d,e,f,g,h,product,price\n".to_owned();
    for id in 0..60 {
        let v: Vec<String> = (0..8).map(|_| format!("{:.2}", rng.random::<f64>() * 2.0 - 0.7)).collect();
        text += &format!("{id},{},\"{} wireless headphones with a really long description, <b>bold</b> and more\",{}.99\n", v.join(","), ["Acme", "Globex", "Initech"][id % 3], id);
    }
    std::fs::write(path, text).unwrap();
    ingest(&csv(path).feature_columns(["a", "b", "c", "d", "e", "f", "g", "h"]), &session(), run.folder(), &mut |_| {}).await.unwrap();
    let ledger = Ledger::open(root).unwrap();
    for q in 1..=6u64 {
        let question = Question { question: q, round: 1 + q as u32 / 4, anchor: q, candidates: (q + 5..q + 9).collect(), strategy: "boundary".to_owned(), priority: 1.0 };
        ledger.ask(&[question.clone()]).unwrap();
        let mut answers = question.answers("person", Cost::default(), |c| (c % 4 != 0).then_some(c % 3 == q % 3));
        answers.iter_mut().for_each(|a| a.annotator = "Petra".to_owned());
        if q < 6 { ledger.record(&answers).unwrap(); }
    }
    conflicts(&run, &[(6, 7, "answer 1", "answers 2 > 5", 1.0)]);
    std::fs::write("/tmp/preview/texts.html", report(&[run]).await.unwrap()).unwrap();
}
