//! Lookup of records: what is found for one record is what an extension of the run would decide, over HTTP and from the shell.

use relata::lookup::{Lookup, LookupAnswer, LookupServer};
use relata::prelude::*;
use serde_json::{Value, json};

use crate::cli::says;
use crate::data;
use crate::extend::{row, run};
use crate::http_client::request;

/// A row of the table, as a record without an id.
fn record(person: usize, spelling: usize) -> Value {
    let row = row(person, spelling);
    let values: Vec<&str> = row.trim().split(',').collect();
    json!({ "name": values[1], "street": values[2], "born": values[3] })
}

fn find(lookup: &Lookup, runtime: &tokio::runtime::Runtime, records: &Value) -> Vec<LookupAnswer> {
    runtime.block_on(lookup.find_json(&records.to_string())).unwrap()
}

#[test]
fn a_record_finds_its_entity_and_a_stranger_is_new() {
    let folder = tempfile::tempdir().unwrap();
    let run = run(folder.path(), Some(40.0));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let lookup = runtime.block_on(Lookup::open(&run)).unwrap();
    let records: Vec<Value> = (0..10).map(|person| record(person, 2)).chain((60..65).map(|p| record(p, 0))).collect();
    let answers = find(&lookup, &runtime, &Value::Array(records.clone()));
    assert_eq!(answers.len(), 15);
    let first = |person: usize| format!("p{person}.0");
    let right = (0..10).filter(|&person| {
        let answer = &answers[person];
        answer.matches[0].id.to_string().starts_with(&format!("p{person}.")) && answer.entity.is_some()
    });
    assert!(right.count() >= 9, "{:?}", &answers[..10]);
    // The first spelling is the entity's smallest row.
    let named =
        (0..10).filter(|&person| answers[person].entity.as_ref().is_some_and(|it| it.to_string() == first(person)));
    assert!(named.count() >= 9);
    let strangers = answers[10..].iter().filter(|answer| answer.entity.is_none());
    assert!(strangers.count() >= 4, "{:?}", &answers[10..]);
    for answer in &answers {
        assert!(answer.matches.windows(2).all(|two| two[0].probability >= two[1].probability));
        assert!(answer.matches[0].weights.contains_key("name") && (0.0..=1.0).contains(&answer.probability));
    }
    // One at a time is as all at once, and again the same.
    let alone = find(&lookup, &runtime, &records[3]);
    assert_eq!(alone[0], answers[3]);
    // What is missing is null; a row of the table finds itself.
    let own = find(&lookup, &runtime, &record(7, 0));
    assert_eq!(own[0].matches[0].id.to_string(), "p7.0");
    assert_eq!(find(&lookup, &runtime, &json!({ "name": record(7, 0)["name"] })).len(), 1);
    let known = "SELECT a.source_id AS a, b.source_id AS b FROM pairs p JOIN samples a ON a.id = p.src
                 JOIN samples b ON b.id = p.dst WHERE p.known ORDER BY p.src, p.dst LIMIT 1";
    let known = runtime.block_on(data::answer(&run, known)).remove(0);
    let ids: Vec<&str> = known.split('\t').collect();
    let why = says(&["explain", "run", ids[0], ids[1]], folder.path());
    assert!(why.contains("Known by\n  ") && why.contains("is the same as") && why.contains(", question "), "{why}");
    let refused = runtime.block_on(lookup.find_json(r#"{"nmae": "x"}"#)).unwrap_err().to_string();
    assert!(refused.contains("`nmae`") && refused.contains("name, street, born"), "{refused}");
}

#[test]
fn lookups_are_served_with_a_token_and_printed() {
    let folder = tempfile::tempdir().unwrap();
    let run = run(folder.path(), None);
    let one = record(3, 2);
    std::fs::write(folder.path().join("one.json"), one.to_string()).unwrap();
    let told = says(&["lookup", "run", "--data", "one.json", "--top", "2"], folder.path());
    assert!(told.starts_with("record 1: entity p3.0, probability ") && told.lines().count() == 3, "{told}");
    let told = says(&["lookup", "run", "--data", "new.csv", "--json"], {
        crate::extend::new(folder.path());
        folder.path()
    });
    assert_eq!(told.lines().count(), 15);
    let first: Value = serde_json::from_str(told.lines().next().unwrap()).unwrap();
    assert_eq!(first["entity"], "p0.0");

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let lookup = runtime.block_on(Lookup::open(&run)).unwrap();
    let token = relata_annotate::AccessToken::new("correct-horse");
    let server = LookupServer::bind(lookup, "127.0.0.1:0", Some(token)).unwrap();
    let address = server.address().to_string();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = runtime.spawn(server.run(async { drop(stopped.await) }));
    let json = ("content-type", "application/json");
    let bearer = ("authorization", "Bearer correct-horse");
    let post = |headers: &[(&str, &str)], body: &str| request(&address, "POST", "/lookup", headers, body).unwrap();
    let found = post(&[json, bearer], &one.to_string()).json();
    assert_eq!(found["answers"][0]["entity"], "p3.0");
    assert!(found["answers"][0]["matches"][0]["weights"]["name"].as_f64().unwrap() > 0.0);
    assert_eq!(post(&[json], &one.to_string()).status, 401);
    assert_eq!(post(&[bearer], &one.to_string()).status, 415);
    assert_eq!(post(&[json, bearer, ("origin", "http://evil.example")], &one.to_string()).status, 403);
    let wrong = post(&[json, bearer], "{");
    assert!(wrong.status == 400 && wrong.text().contains("an object"), "{}", wrong.text());
    let about = request(&address, "GET", "/", &[bearer], "").unwrap().json();
    assert_eq!((about["rows"].as_u64(), about["run"].as_str()), (Some(80), Some("run")));
    drop(stop);
    runtime.block_on(serving).unwrap().unwrap();
}

#[test]
fn a_run_without_entities_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let samples = data::text_file(folder.path(), "samples.csv", &data::circle(40, 3));
    let trained = Pipeline::read(csv(samples)).views(2, noise(0.1)).relate(same_sample());
    let trained = trained.train(mlp([8, 4]), vicreg(), Fit::epochs(1).batch(16));
    let run = trained.write(folder.path().join("run")).run().unwrap();
    let error = tokio::runtime::Runtime::new().unwrap().block_on(Lookup::open(&run)).unwrap_err().to_string();
    assert!(error.contains("decides nothing about entities"), "{error}");
}
