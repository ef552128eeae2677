//! AskConfig through the pipeline: budgets, stopping, the ledger, and runs that are stopped between answers.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use relata::dsl::{Pipeline, Ready};
use relata::prelude::*;
use relata_active::ledger::Ledger;
use relata_oracle::OracleError;

use crate::data::{self, answer, number};

fn read(folder: &Path) -> Pipeline<relata::dsl::Read> {
    let samples = folder.join("samples.csv");
    if !samples.exists() {
        data::text_file(folder, "samples.csv", &data::circle(60, 3));
    }
    Pipeline::read(csv(samples))
}

fn solved(related: Pipeline<relata::dsl::Related>, folder: &Path) -> Pipeline<Ready> {
    related.solve(closed_form(Kernel::Rbf { width: 1.0 }, 3)).evaluate(knn("label")).write(folder.join("run"))
}

#[tokio::test]
async fn the_budget_is_spent_and_never_exceeded() {
    let folder = tempfile::tempdir().unwrap();
    let asking = representatives(4).budget(30.5).per_round(12);
    let run = solved(read(folder.path()).ask(labels("label").priced(1.0, 0.5), asking), folder.path());
    let run = run.run_async().await.unwrap();
    let spent = number(&run, "SELECT sum(cost) FROM answers").await;
    assert!(spent <= 30.5 && spent > 28.0, "{spent}");
    let wrong = "SELECT count(*) FROM answers w JOIN samples a ON a.id = w.anchor JOIN samples c ON c.id = w.candidate
                 WHERE w.related <> (a.label = c.label)";
    assert_eq!(number(&run, wrong).await, 0.0);
    // What follows from the answers is in the graph, and nothing that contradicts the labels.
    let mixed = "SELECT count(*) FROM (SELECT m.\"group\" FROM memberships m JOIN samples s ON s.id = m.id
                 GROUP BY m.\"group\" HAVING count(DISTINCT s.label) > 1)";
    assert_eq!(number(&run, mixed).await, 0.0);
    assert!(number(&run, "SELECT count(*) FROM separations").await > 0.0);
}

#[tokio::test]
async fn asking_ends_when_no_question_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let asking = explore_consolidate().budget(1e6).per_round(400);
    let run = solved(read(folder.path()).ask(labels("label"), asking), folder.path()).run_async().await.unwrap();
    // Three classes of twenty rows: everything is known by closure.
    assert_eq!(number(&run, "SELECT max(value) FROM metrics WHERE name = 'ask.known_positives'").await, 570.0);
    assert_eq!(number(&run, "SELECT max(value) FROM metrics WHERE name = 'ask.known_negatives'").await, 1200.0);
    assert!(number(&run, "SELECT count(*) FROM answers").await < 500.0);
}

/// Answers like the labels, but fails after some answers of every call, as a service that goes away does.
struct Fails {
    inner: Box<dyn Oracle>,
    calls: AtomicU64,
}

#[async_trait]
impl Oracle for Fails {
    fn describe(&self) -> Description {
        Description::new("fails")
    }

    async fn answer(
        &self,
        context: &Context<'_>,
        questions: &[Question],
        out: &dyn Record,
    ) -> relata_oracle::Result<()> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let some = &questions[..questions.len().div_ceil(4)];
        self.inner.answer(context, some, out).await?;
        Err(OracleError::Answer {
            oracle: "fails".to_owned(),
            question: questions[0].question,
            expected: "an answer".to_owned(),
            found: "a closed connection".to_owned(),
            hint: "Run it again.".to_owned(),
        })
    }
}

#[tokio::test]
async fn answers_before_a_failure_are_kept_and_the_run_goes_on_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let pipeline = || {
        let oracle = Fails { inner: Box::new(labels("label")), calls: AtomicU64::new(0) };
        solved(read(folder.path()).ask(oracle, random_pairs().budget(40.0).per_round(20)), folder.path())
    };
    let mut kept = 0;
    let mut attempts = 0;
    let run = loop {
        attempts += 1;
        assert!(attempts < 30, "no progress after {kept} answers");
        match pipeline().run_async().await {
            Ok(run) => break run,
            Err(error) => assert!(error.to_string().contains("closed connection"), "{error}"),
        }
        let answers = Ledger::open(&folder.path().join("run")).unwrap().since(0).unwrap().len();
        assert!(answers > kept, "{answers} answers after {kept}");
        kept = answers;
    };
    assert!(attempts > 2);
    assert_eq!(number(&run, "SELECT count(*) FROM answers").await, 40.0);
    let twice = "SELECT count(*) FROM (SELECT question, candidate FROM answers GROUP BY 1, 2 HAVING count(*) > 1)";
    assert_eq!(number(&run, twice).await, 0.0);

    // The same questions answered in one go give the same edges.
    let other = tempfile::tempdir().unwrap();
    std::fs::copy(folder.path().join("samples.csv"), other.path().join("samples.csv")).unwrap();
    let asking = random_pairs().budget(40.0).per_round(20);
    let whole = solved(read(other.path()).ask(labels("label"), asking), other.path()).run_async().await.unwrap();
    for query in ["SELECT * FROM memberships ORDER BY id, rel", "SELECT a, b FROM separations ORDER BY a, b"] {
        assert_eq!(answer(&run, query).await, answer(&whole, query).await);
    }
    assert_eq!(data::embedding_bits(run.folder()), data::embedding_bits(whole.folder()));
}

#[tokio::test]
async fn an_oracle_that_cannot_answer_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let asking = random_pairs().budget(5.0);
    let error = solved(read(folder.path()).ask(same_sample(), asking), folder.path()).run_async().await.unwrap_err();
    assert!(error.to_string().contains("same_sample") && error.to_string().contains(".relate("), "{error}");
    let error =
        solved(read(folder.path()).ask(labels("label"), random_pairs().budget(0.0)), folder.path()).run_async().await;
    assert!(error.unwrap_err().to_string().contains("`budget` must be above 0"));
}

#[tokio::test]
async fn a_pipeline_asks_once() {
    let folder = tempfile::tempdir().unwrap();
    let twice = || {
        let once = read(folder.path()).ask(labels("label"), random_pairs().budget(5.0));
        solved(once.ask(rule("further right", "a.x > b.x"), random_pairs().budget(5.0)), folder.path())
    };
    for error in [twice().explain().map(drop), twice().run_async().await.map(drop)] {
        let text = error.unwrap_err().to_string();
        assert!(
            text.contains("labels(label), further right") && text.contains("crowd([..])") && text.contains("cascade("),
            "{text}"
        );
    }
    assert!(!folder.path().join("run").exists(), "nothing was asked");
}

#[tokio::test]
async fn strategies_have_a_seed_where_training_has_none() {
    let folder = tempfile::tempdir().unwrap();
    let mut asked = Vec::new();
    for (name, seed) in [("a", None), ("b", Some(0)), ("c", Some(1))] {
        let related = read(folder.path()).ask(labels("label"), random_pairs().budget(9.0));
        let related = match seed {
            Some(seed) => related.seed(seed),
            None => related,
        };
        let pipeline = solved(related, &folder.path().join(name));
        assert_eq!(pipeline.explain().unwrap().contains("seed      "), seed.is_some());
        let run = pipeline.run_async().await.unwrap();
        let planned = run.plan().unwrap().seed;
        assert_eq!(planned, seed, "plans of before are as they were");
        asked.push(answer(&run, "SELECT anchor, candidate FROM answers ORDER BY sequence").await);
    }
    assert_eq!(asked[0], asked[1]);
    assert_ne!(asked[0], asked[2]);
}

#[tokio::test]
async fn why_asking_stopped_and_what_is_doubted_can_be_asked() {
    let folder = tempfile::tempdir().unwrap();
    // Chains: every "yes" joins what was apart before, so all those in the middle are bridges.
    let asking = explore_consolidate().budget(60.0).per_round(20).bridges_from(3);
    let run = solved(read(folder.path()).ask(labels("label"), asking), folder.path()).run_async().await.unwrap();
    let rounds = run.rounds().unwrap();
    assert_eq!(rounds.len(), 3);
    assert_eq!(run.stopped().unwrap().map(|reason| reason.to_string()).as_deref(), Some("the budget is spent"));
    let stops = answer(&run, "SELECT round, stop, spent FROM rounds ORDER BY round").await;
    assert_eq!(stops, ["1\tnull\t20.0", "2\tnull\t40.0", "3\tbudget\t60.0"]);

    let bridges: Vec<usize> = rounds.iter().map(|record| record.bridges.len()).collect();
    assert!(bridges.iter().sum::<usize>() > 0, "{bridges:?}");
    for query in [
        "SELECT value FROM metrics WHERE name = 'ask.bridges' ORDER BY round",
        "SELECT bridges FROM rounds ORDER BY round",
    ] {
        let found: Vec<f64> = answer(&run, query).await.iter().map(|count| count.parse().unwrap()).collect();
        assert_eq!(found, bridges.iter().map(|&count| count as f64).collect::<Vec<_>>(), "{query}");
    }
    // A bridge is an answer "yes" about its two samples.
    let wrong = "SELECT count(*) FROM bridges b JOIN answers a ON a.sequence = b.answer
                 WHERE NOT a.related OR least(a.anchor, a.candidate) <> least(b.src, b.dst)
                    OR greatest(a.anchor, a.candidate) <> greatest(b.src, b.dst)";
    assert_eq!(number(&run, wrong).await, 0.0);
}

#[tokio::test]
async fn a_probe_of_what_follows_from_answers_learns_the_classes() {
    let folder = tempfile::tempdir().unwrap();
    let asking = explore_consolidate().budget(150.0).per_round(50);
    let read = Pipeline::read(parquet(data::digits()).features("image")).train_on("split = 'train' AND id % 3 = 0");
    let prior = nearest(7).l2().either_way().tuned().weighted(1.0 / 3.0);
    let asked = read.relate(prior).ask(labels("label"), asking.shared()).resolve(Policy::NegativesCut);
    let asked = asked.solve(closed_form(Kernel::Laplace { width: 0.5 }, 20).normalised());
    let run = asked.evaluate(known_probe("label")).write(folder.path().join("run")).run_async().await.unwrap();
    let last =
        |name: &str| format!("SELECT value FROM metrics WHERE name = 'known_probe.{name}' ORDER BY round DESC LIMIT 1");
    let rows = number(&run, &last("rows")).await;
    assert!((10.0..=151.0).contains(&rows), "{rows}");
    let test = number(&run, &last("test")).await;
    assert!(test > 0.3 && test < 1.0, "{test}");
    let before = "SELECT sum(value) FROM metrics WHERE name LIKE 'known_probe%' AND round = 0";
    assert_eq!(number(&run, before).await, 0.0);
}

#[tokio::test]
async fn training_may_start_from_the_weights_of_another_run() {
    let folder = tempfile::tempdir().unwrap();
    let pipeline = |name: &str, fit: Fit| {
        let related = read(folder.path()).views(2, noise(0.1)).relate(same_sample());
        related.train(mlp([8, 4]), vicreg(), fit).evaluate(knn("label")).write(folder.path().join(name))
    };
    let fit = || Fit::epochs(3).batch(16);
    let first = pipeline("first", fit()).run_async().await.unwrap();
    // Nothing is learned at a learning rate of almost nothing: the second run ends where the first did.
    let still = fit().optimiser(sgd(1e-30)).seed(9).from_run(first.folder());
    let second = pipeline("second", still).run_async().await.unwrap();
    let (a, b) = (embeddings(first.folder()), embeddings(second.folder()));
    assert!(a.iter().zip(&b).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max) < 0.2, "{:?} {:?}", &a[..4], &b[..4]);
    let fresh = pipeline("fresh", fit().optimiser(sgd(1e-30)).seed(9)).run_async().await.unwrap();
    let c = embeddings(fresh.folder());
    assert!(a.iter().zip(&c).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max) > 0.2);
    let error =
        pipeline("third", fit().from_run(folder.path().join("nowhere"))).run_async().await.unwrap_err().to_string();
    assert!(error.contains("nowhere/checkpoints/latest.json"), "{error}");
}

fn embeddings(folder: &Path) -> Vec<f32> {
    data::embedding_bits(folder).into_iter().map(f32::from_bits).collect()
}
