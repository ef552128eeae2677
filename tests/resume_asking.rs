//! Runs that ask, and are killed or interrupted between any two answers.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use rand::RngExt;
use relata::dsl::{Pipeline, Ready};
use relata::prelude::*;
use relata_active::ledger::Ledger;
use relata_data::seed;

use crate::child::{Job, command, kill, signal};
use crate::data;

/// The columns of an answer that do not depend on when it was given.
const ANSWERS: &str = "SELECT sequence, question, anchor, candidate, related, confidence, annotator, cost
                       FROM answers ORDER BY sequence";

/// Three rounds of questions about the digits, with training between them.
pub fn pipeline(folder: &Path, oracle: impl Oracle + 'static) -> Pipeline<Ready> {
    with_budget(folder, oracle, 60.0)
}

fn with_budget(folder: &Path, oracle: impl Oracle + 'static, budget: f64) -> Pipeline<Ready> {
    let read = Pipeline::read(parquet(data::digits())).train_on("split = 'train' AND id % 4 = 0");
    let asking = explore_consolidate().budget(budget).per_round(20).epochs(2);
    let asked = read.views(2, noise(0.1)).relate(same_sample()).ask(oracle, asking);
    let fit = Fit::epochs(3).batch(64).seed(3).checkpoint_steps(4).device(DeviceChoice::Cpu);
    asked.train(mlp([32, 16]), vicreg(), fit).evaluate(knn("label")).write(folder)
}

/// Answers as the labels do, one question every 50 ms.
pub struct Slow(Box<dyn Oracle>);

impl Default for Slow {
    fn default() -> Self {
        Self(Box::new(labels("label")))
    }
}

#[async_trait]
impl Oracle for Slow {
    fn describe(&self) -> Description {
        self.0.describe()
    }

    async fn answer(
        &self,
        context: &Context<'_>,
        questions: &[Question],
        out: &dyn Record,
    ) -> relata_oracle::Result<()> {
        for question in questions {
            tokio::time::sleep(Duration::from_millis(50)).await;
            self.0.answer(context, std::slice::from_ref(question), out).await?;
        }
        Ok(())
    }
}

/// Runs a child until it ends by itself.
fn finish(folder: &Path) {
    let output = command(Job::Ask, folder).stderr(Stdio::piped()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The answers and the embeddings of a finished run.
async fn outcome(folder: &Path) -> (Vec<String>, Vec<u32>) {
    (data::answer(&Run::open(folder).unwrap(), ANSWERS).await, data::embedding_bits(folder))
}

#[tokio::test]
async fn a_run_that_asks_and_is_killed_at_random_moments_ends_with_the_same_answers_and_bits() {
    let whole = tempfile::tempdir().unwrap();
    let start = Instant::now();
    finish(whole.path());
    let time = start.elapsed();
    let expected = outcome(whole.path()).await;
    assert_eq!(expected.0.len(), 60);
    let (mut kills, mut while_asking) = (0, 0);
    for seed in 0..4 {
        let folder = tempfile::tempdir().unwrap();
        let mut random = seed::stream(seed, &[1]);
        for _ in 0..8 {
            let mut child = command(Job::Ask, folder.path()).spawn().unwrap();
            std::thread::sleep(time.mul_f64(random.random_range(0.02..0.4)));
            if child.try_wait().unwrap().is_some() {
                break;
            }
            kills += 1;
            kill(child);
            while_asking += usize::from(folder.path().join("rounds/0/metrics.parquet").exists());
        }
        finish(folder.path());
        let found = outcome(folder.path()).await;
        assert_eq!(found.0, expected.0, "seed {seed}: other answers");
        assert!(found.1 == expected.1, "seed {seed}: other embeddings");
    }
    assert!(kills >= 8 && while_asking >= 4, "{kills} processes were killed, {while_asking} after the first training");
}

#[tokio::test]
async fn a_run_that_has_spent_its_budget_goes_on_with_more_of_it_as_if_it_had_had_it_from_the_start() {
    let [whole, raised] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    pipeline(whole.path(), labels("label")).run_async().await.unwrap();
    // The third step has less than a question's budget more: nothing can be asked.
    for budget in [20.0, 40.0, 40.5, 60.0] {
        let run = with_budget(raised.path(), labels("label"), budget).run_async().await.unwrap();
        let answers = data::answer(&run, ANSWERS).await;
        assert_eq!(answers.len() as f64, budget.floor());
        assert!(run.is_finished());
    }
    let (found, expected) = (outcome(raised.path()).await, outcome(whole.path()).await);
    assert_eq!(found.0, expected.0);
    assert!(found.1 == expected.1, "other embeddings");
    // Less is another plan, and so is anything else.
    let error = with_budget(raised.path(), labels("label"), 40.0).run_async().await.unwrap_err().to_string();
    assert!(error.contains("ask.config.budget: 60.0 -> 40.0"), "{error}");
    assert!(Run::open(raised.path()).unwrap().is_finished());
}

/// Answers nothing, ever.
struct Broken;

#[async_trait]
impl Oracle for Broken {
    fn describe(&self) -> Description {
        Description::new("broken")
    }

    async fn answer(&self, _: &Context<'_>, _: &[Question], _: &dyn Record) -> relata_oracle::Result<()> {
        Err(relata_oracle::OracleError::setting("broken", "answer", "given", "nothing"))
    }
}

#[tokio::test]
async fn an_oracle_that_has_answered_nothing_can_be_exchanged() {
    let [whole, exchanged] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    pipeline(whole.path(), labels("label")).run_async().await.unwrap();
    pipeline(exchanged.path(), Broken).run_async().await.unwrap_err();
    // Questions wait for answers: they are asked as they are, so that nothing else may change.
    let more = with_budget(exchanged.path(), labels("label"), 40.0).run_async().await.unwrap_err().to_string();
    assert!(more.contains("ask.config.budget"), "{more}");
    pipeline(exchanged.path(), labels("label")).run_async().await.unwrap();
    let (found, expected) = (outcome(exchanged.path()).await, outcome(whole.path()).await);
    assert_eq!(found.0, expected.0);
    assert!(found.1 == expected.1, "other embeddings");
    let late = pipeline(exchanged.path(), labels("split")).run_async().await.unwrap_err().to_string();
    assert!(late.contains("another plan"), "{late}");
}

#[tokio::test]
async fn a_run_killed_between_two_answers_asks_the_rest_only() {
    let whole = tempfile::tempdir().unwrap();
    finish(whole.path());
    let folder = tempfile::tempdir().unwrap();
    for answers in [3, 17, 31, 48] {
        let child = command(Job::AskSlowly, folder.path()).spawn().unwrap();
        wait_for(folder.path(), answers);
        kill(child);
    }
    finish(folder.path());
    let (found, expected) = (outcome(folder.path()).await, outcome(whole.path()).await);
    assert_eq!(found.0, expected.0);
    assert!(found.1 == expected.1, "other embeddings");
}

#[test]
fn ctrl_c_ends_a_run_that_waits_for_answers() {
    let folder = tempfile::tempdir().unwrap();
    let child = command(Job::AskSlowly, folder.path()).stdout(Stdio::piped()).spawn().unwrap();
    wait_for(folder.path(), 2);
    signal(&child, "INT");
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("error: interrupted while asking in round 1") && said.contains("answers.sqlite"), "{said}");
    let before = Ledger::open(folder.path()).unwrap().since(0).unwrap();
    assert!(before.len() < 20, "it ended with the round");
    // It goes on where it was.
    finish(folder.path());
    let after = Ledger::open(folder.path()).unwrap().since(0).unwrap();
    assert_eq!((&after[..before.len()], after.len()), (&before[..], 60));
}

/// Waits until so many answers are in the ledger of a run.
fn wait_for(folder: &Path, answers: usize) {
    let start = Instant::now();
    let there = || Ledger::open(folder).ok()?.since(0).ok().map(|rows| rows.len());
    while !folder.join("answers.sqlite").exists() || there().unwrap_or_default() < answers {
        assert!(start.elapsed() < Duration::from_secs(60), "no {answers} answers after a minute");
        std::thread::sleep(Duration::from_millis(5));
    }
}
