//! Tests of whole pages of small runs.

use std::path::Path;

use relata_data::source::{csv, ingest, session};
use relata_oracle::Question;

use super::report;
use crate::fixture;
use crate::fixture::{answer, conflicts, metrics, question};
use crate::store::{Artifact, Run};

/// A run of a dataset whose texts try to break out of the page, with two rounds of questions.
async fn hostile(folder: &Path) -> Run {
    let run = fixture::run(&folder.join("a <run> & more"));
    let path = folder.join("t.csv");
    let rows: String = (0..8).map(|id| format!("{id},{id},{},<script>alert({id})</script>\n", id % 3)).collect();
    std::fs::write(&path, format!("id,x,y,\"the \"\"note\"\"\"\n{rows}")).unwrap();
    ingest(&csv(&path).feature_columns(["x", "y"]), &session(), run.folder(), &mut |_| {}).await.unwrap();
    fixture::embeddings(&run, &[(0, [0.0, 1.0]), (1, [1.0, 0.0]), (2, [1.0, 1.0])]);
    let later = Question { round: 2, strategy: "</style><script>x</script>".to_owned(), ..question(2, 1, &[4]) };
    let ledger = relata_active::ledger::Ledger::open(run.folder()).unwrap();
    ledger.ask(&[question(1, 0, &[1, 2]), later]).unwrap();
    let eve = "\"><img src=x onerror=alert(1)>";
    let said = [
        answer(1, 0, 1, Some(true), eve),
        answer(1, 0, 2, None, eve),
        answer(1, 0, 1, Some(false), "bob"),
        answer(2, 1, 4, Some(false), "bob"),
    ];
    ledger.record(&said).unwrap();
    conflicts(&run, &[(0, 1, "answer 1", "answer 3", 0.0), (0, 4, "<svg onload=alert(1)>", "closure", 1.0)]);
    let values = [
        (0, "knn.test", 0.5),
        (0, "loss", 3.0),
        (0, "loss", 2.0),
        (1, "ask.spent", 1.5),
        (1, "knn.test", 0.7),
        (2, "ask.spent", 2.0),
        (2, "knn.test", 0.8),
    ];
    metrics(&run, &values);
    let progress = r#"{"answers":4,"yes":1,"predicted":1,"implied":0,"passed":1,"contradictions":0}"#;
    let record = format!(
        r#"{{"round":1,"questions":2,"spent":2,"progress":{progress},"implied":[1,0],"components":1,"stop":"budget",
            "bridges":[{{"answer":1,"src":0,"dst":1}}]}}"#
    );
    std::fs::create_dir_all(run.round(1).folder()).unwrap();
    std::fs::write(run.round(1).path(Artifact::RoundRecord), record).unwrap();
    run
}

#[tokio::test]
async fn a_page_has_every_part_and_nothing_from_the_data_breaks_out_or_is_fetched() {
    let folder = tempfile::tempdir().unwrap();
    let page = report(&[hostile(folder.path()).await]).await.unwrap();
    for title in [
        "Summary",
        "Cost curves",
        "Rounds",
        "Who answered",
        "Questions",
        "Contradictions",
        "Bridges",
        "Training",
        "Plan",
    ] {
        assert!(page.contains(&format!("<h2>{title}</h2>")), "{title}");
    }
    assert!(page.contains("<h1>a &lt;run&gt; &amp; more</h1>"));
    assert!(page.contains("<h3>bridges</h3><b>1</b>") && page.contains("rounds: the budget is spent."));
    assert_eq!(page.matches("</style>").count(), 1);
    for danger in ["<script", "onerror=alert(1)>", "<svg onload", "http://", "https://", "src=\"x", "@import", "url("] {
        assert!(!page.contains(danger), "{danger}");
    }
    // Every tag that is opened is closed, in order.
    let mut open = Vec::new();
    let mut rest = page.as_str();
    while let Some((_, tag)) = rest.split_once('<') {
        let (tag, after) = tag.split_once('>').unwrap();
        rest = after;
        let name = tag.trim_end_matches('/').split([' ', '\n']).next().unwrap();
        if let Some(closed) = name.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(closed), "before {:.60}", after);
        } else if !tag.ends_with('/') && !["!DOCTYPE", "meta", "img", "br"].contains(&name) {
            open.push(name.to_owned());
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[tokio::test]
async fn the_same_run_gives_the_same_page() {
    let folder = tempfile::tempdir().unwrap();
    let run = hostile(folder.path()).await;
    assert_eq!(report(std::slice::from_ref(&run)).await.unwrap(), report(&[run]).await.unwrap());
}

#[tokio::test]
async fn a_run_without_questions_has_a_page_without_them() {
    let folder = tempfile::tempdir().unwrap();
    let run = fixture::run(folder.path());
    metrics(&run, &[(0, "loss", 3.0), (0, "loss", 2.0), (0, "raw.knn.test", 0.5), (0, "knn.test", 0.75)]);
    let page = report(&[run]).await.unwrap();
    for title in ["Cost curves", "Rounds", "Who answered", "Questions", "Contradictions", "Embeddings"] {
        assert!(!page.contains(title), "{title}");
    }
    assert!(page.contains("<h2>Training</h2>") && page.contains("+0.25 from 0.5 (raw features)"));
}

#[tokio::test]
async fn several_runs_are_compared() {
    let folder = tempfile::tempdir().unwrap();
    let runs = [hostile(&folder.path().join("1")).await, hostile(&folder.path().join("2")).await];
    let page = report(&runs).await.unwrap();
    assert!(
        page.contains("<h1>2 runs</h1>") && page.contains("<h2>Cost curves</h2>") && page.contains("<h2>Runs</h2>")
    );
    assert!(page.contains("(2 runs)") && !page.contains("<h2>Plan</h2>"));
}
