//! Questions that people answer by way of the command line: at the page of `relata ask`, and in Label Studio.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use relata::dsl::{Pipeline, Ready};
use relata::prelude::*;
use serde_json::{Value, json};

use crate::child::signal;
use crate::cli::says;
use crate::data;
use crate::http_client::request;

/// A pipeline that asks people at a price of its own.
fn pipeline(folder: &Path) -> Pipeline<Ready> {
    let samples = data::text_file(folder, "samples.csv", &data::circle(30, 3));
    let people = OracleExt::priced(person("127.0.0.1:0"), 2.0, 0.5);
    let related = Pipeline::read(csv(samples)).ask(people, random_pairs().budget(10.0).per_round(2));
    let solved = related.solve(closed_form(Kernel::Rbf { width: 1.0 }, 2)).evaluate(knn("label"));
    solved.write(folder.join("run"))
}

/// Lets the pipeline ask, and ends it before anybody has answered.
async fn ask(folder: &Path, questions: usize) {
    let asked = async {
        while open(folder).unwrap_or_default() < questions {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let cancel = Cancel::new();
    let mut running = Box::pin(pipeline(folder).cancel_with(cancel.clone()).run_async());
    tokio::select! {
        result = &mut running => panic!("nobody has answered: {:?}", result.err()),
        () = asked => cancel.cancel(),
    }
    let error = running.await.err().unwrap();
    assert!(matches!(error, PipelineError::Interrupted { .. }), "{error}");
}

/// How many questions of the run are open.
fn open(folder: &Path) -> Option<usize> {
    Some(Run::open(folder.join("run")).ok()?.ledger().ok()?.unanswered(1).ok()?.len())
}

/// `relata ask` with the address of its page.
fn serve(folder: &Path) -> (Child, BufReader<std::process::ChildStderr>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_relata"));
    command
        .args(["ask", "run", "--without-token", "--address", "127.0.0.1:0"])
        .current_dir(folder)
        .stdin(Stdio::null());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut messages = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    messages.read_line(&mut line).unwrap();
    let link = line.split("http://").nth(1).unwrap_or_else(|| panic!("no link in `{line}`"));
    let address = link.trim_end().trim_end_matches('/').to_owned();
    (child, messages, address)
}

/// Answers the next question: all its candidates are alike.
fn answer_one(address: &str) -> bool {
    let next = request(address, "GET", "/api/next?annotator=ada", &[], "").unwrap().json();
    let question = &next["question"];
    let Some(number) = question["question"].as_u64() else { return false };
    let selected: Vec<&Value> = question["candidates"].as_array().unwrap().iter().map(|card| &card["id"]).collect();
    let body = json!({ "question": number, "annotator": "ada", "selected": selected }).to_string();
    let answered = request(address, "POST", "/api/answer", &[("content-type", "application/json")], &body).unwrap();
    assert_eq!((answered.status, answered.json()), (200, json!({ "recorded": true })));
    true
}

/// Ends the page as Ctrl-C does, and gives what it says then.
fn stop(child: Child, mut messages: BufReader<std::process::ChildStderr>) -> String {
    signal(&child, "INT");
    let output = child.wait_with_output().unwrap();
    let mut rest = String::new();
    messages.read_to_string(&mut rest).unwrap();
    assert!(output.status.success(), "{rest}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn people_answer_at_the_page_of_a_run_and_its_pipeline_learns_from_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    ask(at, 2).await;
    assert_eq!(open(at), Some(2));
    let (page, messages, address) = serve(at);
    assert!(answer_one(&address));
    let said = stop(page, messages);
    assert_eq!(said, "1 answers written down, 1 questions open. Go on with the same command.\n");
    let (page, messages, address) = serve(at);
    assert!(answer_one(&address) && !answer_one(&address));
    let said = stop(page, messages);
    assert_eq!(said, "1 answers written down, 0 questions open. Run the pipeline again to learn from them.\n");
    // An answer costs what the pipeline's oracle says, whatever it is made of.
    let costs = says(&["sql", "run", "SELECT sum(cost) AS c, count(*) AS n FROM answers", "--format", "csv"], at);
    assert_eq!(costs, "c,n\n5.0,2\n");
    assert!(says(&["ask", "run"], at).contains("Run its pipeline again"));

    // The run goes on with the second round, and has learned from the first.
    ask(at, 2).await;
    let stops = says(&["sql", "run", "SELECT round, answers, spent, stop FROM rounds", "--format", "csv"], at);
    assert_eq!(stops, "round,answers,spent,stop\n1,2,5.0,\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_goes_through_label_studio() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    ask(at, 2).await;
    says(&["export", "run", "questions", "--format", "label-studio", "--output", "tasks.json"], at);
    let mut tasks: Vec<Value> = serde_json::from_slice(&std::fs::read(at.join("tasks.json")).unwrap()).unwrap();
    assert_eq!(tasks.len(), 2);
    for task in &mut tasks {
        let alike = task["data"]["candidates"][0]["value"].clone();
        let choices = json!([{ "from_name": "alike", "type": "choices", "value": { "choices": [alike] } }]);
        task["annotations"] =
            json!([{ "result": choices, "completed_by": 5, "created_at": "2024-03-09T22:16:08.728353Z" }]);
    }
    std::fs::write(at.join("results.json"), Value::from(tasks).to_string()).unwrap();
    let import = ["import", "run", "results.json", "--format", "label-studio"];
    assert_eq!(says(&import, at), "2 answers taken in, 0 were there already\n");
    assert_eq!(says(&import, at), "0 answers taken in, 2 were there already\n");
    let query = "SELECT oracle, annotator, sum(cost) AS cost, count(*) AS n FROM answers WHERE related GROUP BY 1, 2";
    assert_eq!(says(&["sql", "run", query, "--format", "csv"], at), "oracle,annotator,cost,n\nlabel-studio,5,5.0,2\n");
    assert_eq!(open(at), Some(0));
    let tasks = says(&["export", "run", "questions", "--format", "label-studio"], at);
    assert_eq!(tasks, "[]\n");
}
