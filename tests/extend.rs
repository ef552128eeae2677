//! Extension of runs: new samples join the entities that there are, or become new ones, and nothing paid for is lost.

use std::collections::BTreeMap;
use std::path::Path;

use relata::arrow::array::AsArray;
use relata::arrow::datatypes::UInt64Type;
use relata::data::query;
use relata::prelude::*;

use crate::decide::NAMES;

/// A person's row; another spelling has a letter less.
pub fn row(person: usize, spelling: usize) -> String {
    let name =
        format!("{} {}", NAMES[person % 12], ["north", "delta", "prime", "quartz", "raven", "sable"][person / 12]);
    let name = if spelling > 0 { name.replacen(&name[2 + spelling..3 + spelling], "", 1) } else { name };
    let street = format!("{} lane {}", ["harbour", "mill", "king", "station"][person % 4], 1 + person);
    format!(
        "p{person}.{spelling},{name},{street},19{:02}-0{}-1{},{person}\n",
        30 + person % 60,
        1 + person % 9,
        person % 9
    )
}

/// A table of persons 0 to 59, of whom every third is there twice.
fn old(folder: &Path) -> String {
    let rows = (0..60).flat_map(|person| (0..=usize::from(person % 3 == 0)).map(move |spelling| row(person, spelling)));
    table(&folder.join("old.csv"), rows)
}

/// Another spelling of persons 0 to 9, and persons 60 to 64 for the first time.
pub fn new(folder: &Path) -> String {
    table(&folder.join("new.csv"), (0..10).map(|person| row(person, 2)).chain((60..65).map(|person| row(person, 0))))
}

fn table(path: &Path, rows: impl Iterator<Item = String>) -> String {
    std::fs::write(path, std::iter::once("key,name,street,born,person\n".to_owned()).chain(rows).collect::<String>())
        .unwrap();
    path.display().to_string()
}

pub fn run(folder: &Path, budget: Option<f64>) -> Run {
    let mut related = Pipeline::read(csv(old(folder)).id("key")).views(2, corruptions()).relate(same_sample());
    if let Some(budget) = budget {
        related = related.ask(labels("person"), uncertain_pairs().budget(budget).per_round(10));
    }
    let fit = Fit::epochs(3).batch(32).seed(3).device(DeviceChoice::Cpu);
    let trained = related.train(fields([16, 8]).with_dimension(16), nt_xent(0.1), fit);
    trained.decide(entities()).evaluate(decision("person")).write(folder.join("run")).run().unwrap()
}

/// By text id: the entity.
fn entities_of(run: &Run) -> BTreeMap<String, u64> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let batches = runtime.block_on(async {
        let text = "SELECT s.source_id, e.entity FROM entities e JOIN samples s ON s.id = e.id";
        query::collect(run.sql(text).await.unwrap()).await.unwrap()
    });
    let mut found = BTreeMap::new();
    for batch in &batches {
        let ids = batch["source_id"].as_string::<i32>();
        let entities = batch["entity"].as_primitive::<UInt64Type>().values();
        found.extend(ids.iter().zip(entities).map(|(id, entity)| (id.unwrap().to_owned(), *entity)));
    }
    found
}

fn score(run: &Run, name: &str) -> f64 {
    run.metrics().unwrap().iter().rev().find(|metric| metric.name == name).unwrap_or_else(|| panic!("{name}")).value
}

#[test]
fn new_rows_join_entities_whose_ids_stay() {
    let folder = tempfile::tempdir().unwrap();
    let first = run(folder.path(), None);
    let before = entities_of(&first);
    let extend =
        || Pipeline::extend(first.folder()).with(csv(new(folder.path())).id("key")).write(folder.path().join("more"));
    let extended = extend().run().unwrap();
    let after = entities_of(&extended);
    assert_eq!(after.len(), before.len() + 15);
    assert!(before.iter().all(|(id, entity)| after[id] == *entity), "an earlier entity has changed");
    let joined = (0..10).filter(|person| after[&format!("p{person}.2")] == before[&format!("p{person}.0")]).count();
    assert!(joined >= 9, "{joined} of 10 have joined their entity");
    let alone =
        (60..65).filter(|person| !before.values().any(|entity| *entity == after[&format!("p{person}.0")])).count();
    assert_eq!(alone, 5);
    assert!(score(&extended, "decision.f1") > 0.9);
    // Done is done, and what was extended can be extended again.
    extend().run().unwrap();
    let third = table(&folder.path().join("third.csv"), (60..65).map(|person| row(person, 1)));
    let again = Pipeline::extend(extended.folder()).with(csv(third).id("key")).write(folder.path().join("third")).run();
    let again = entities_of(&again.unwrap());
    assert!(after.iter().all(|(id, entity)| again[id] == *entity));
    assert!((60..65).filter(|person| again[&format!("p{person}.1")] == after[&format!("p{person}.0")]).count() >= 4);
    // The same rows twice, and a run that has no pipeline of its own.
    let twice =
        Pipeline::extend(extended.folder()).with(csv(new(folder.path())).id("key")).write(folder.path().join("twice"));
    assert!(twice.run().unwrap_err().to_string().contains("twice"));
    let plan = extended.plan().unwrap();
    assert!(Pipeline::from_plan(&plan).unwrap_err().to_string().contains("extends"));
}

#[test]
fn answers_stay_and_new_ones_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let first = run(folder.path(), Some(20.0));
    let paid = first.ledger().unwrap().since(0).unwrap();
    let extended =
        Pipeline::extend(first.folder()).with(csv(new(folder.path())).id("key")).write(folder.path().join("asked"));
    let extended = extended.ask(6).run().unwrap();
    let answers = extended.ledger().unwrap().since(0).unwrap();
    assert_eq!((&answers[..paid.len()], answers.len()), (&paid[..], paid.len() + 6));
    let ids = extended.samples().unwrap().ids;
    let first_new = first.samples().unwrap().ids.rows();
    let is_new = |id: SampleId| ids.row(id).unwrap().index() >= first_new;
    assert!(answers[paid.len()..].iter().all(|entry| is_new(entry.answer.anchor) || is_new(entry.answer.candidate)));
    assert!(score(&extended, "decision.known") >= score(&first, "decision.known") + 6.0);
    let quiet = folder.path().join("quiet");
    std::fs::create_dir_all(&quiet).unwrap();
    let nobody = Pipeline::extend(run(&quiet, None).folder()).with(csv(new(folder.path())).id("key"));
    let refused = nobody.write(folder.path().join("nobody")).ask(3).run().unwrap_err().to_string();
    assert!(refused.contains("asked nobody"), "{refused}");
}
