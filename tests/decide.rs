//! Decisions of runs: candidates, pairs and entities, with what is known kept, and what makes no sense refused.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use relata::arrow::array::{Array, AsArray};
use relata::arrow::datatypes::{Float32Type, Float64Type, UInt64Type};
use relata::data::query;
use relata::dsl::{Ready, Related};
use relata::prelude::*;

/// Persons, most of whom are there once; `a` and `b` of a person differ by a typing error.
pub const NAMES: [&str; 12] = [
    "margaret whitfield",
    "oscar lindqvist",
    "priya raghunathan",
    "tomasz kowalczyk",
    "beatrice montgomery",
    "henrik solberg",
    "yolanda castellanos",
    "frederick ashworth",
    "nadia benchekroun",
    "samuel okonkwo",
    "ingrid vandenberg",
    "carlos echeverria",
];
const STREETS: [&str; 4] = ["harbour street", "mill lane", "king avenue", "station road"];

/// 72 persons, of whom every third is there twice; ids are text.
fn people(folder: &Path) -> String {
    let mut text = String::from("key,name,street,born,person,shop\n");
    for person in 0..72usize {
        let name =
            format!("{} {}", NAMES[person % 12], ["north", "delta", "prime", "quartz", "raven", "sable"][person / 12]);
        let (street, born) = (
            format!("{} {}", STREETS[person % 4], 1 + person),
            format!("19{:02}-0{}-1{}", 30 + person % 60, 1 + person % 9, person % 9),
        );
        text += &format!("p{person}a,{name},{street},{born},{person},north\n");
        if person % 3 == 0 {
            let typo = name.replacen(&name[3..4], "", 1);
            text += &format!("p{person}b,{typo},{street},{born},{person},south\n");
        }
    }
    let path = folder.join("people.csv");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn related(folder: &Path) -> Pipeline<Related> {
    Pipeline::read(csv(people(folder)).id("key")).views(2, corruptions()).relate(same_sample())
}

fn decided(related: Pipeline<Related>, run: &Path) -> Pipeline<Ready> {
    decided_as(related, entities(), run)
}

fn decided_as(
    related: Pipeline<Related>,
    decision_of: relata::decide::decision::EntityDecision,
    run: &Path,
) -> Pipeline<Ready> {
    let fit = Fit::epochs(3).batch(32).seed(3).device(DeviceChoice::Cpu);
    let trained = related.train(fields([16, 8]).with_dimension(16), nt_xent(0.1), fit);
    trained.decide(decision_of).evaluate(decision("person")).write(run)
}

fn score(run: &Run, name: &str) -> f64 {
    run.metrics().unwrap().iter().rev().find(|metric| metric.name == name).unwrap_or_else(|| panic!("{name}")).value
}

/// The text ids of each entity.
fn entities_of(run: &Run) -> Vec<BTreeSet<String>> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let batches = runtime.block_on(async {
        let text = "SELECT e.entity, s.source_id FROM entities e JOIN samples s ON s.id = e.id";
        query::collect(run.sql(text).await.unwrap()).await.unwrap()
    });
    let mut found: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
    for batch in &batches {
        let entity = batch["entity"].as_primitive::<UInt64Type>().values();
        let ids = batch["source_id"].as_string::<i32>();
        entity.iter().zip(ids.iter()).for_each(|(entity, id)| {
            found.entry(*entity).or_default().insert(id.unwrap().to_owned());
        });
    }
    found.into_values().collect()
}

fn together(found: &[BTreeSet<String>], a: &str, b: &str) -> bool {
    found.iter().any(|entity| entity.contains(a) && entity.contains(b))
}

#[test]
fn without_an_answer_duplicates_are_found_and_the_tables_say_why() {
    let folder = tempfile::tempdir().unwrap();
    let run =
        decided(related(folder.path()).candidates(nearest(5).or(same_value("street"))), &folder.path().join("run"));
    let run = run.run().unwrap();
    assert!(score(&run, "decision.f1") > 0.95, "{}", score(&run, "decision.f1"));
    assert!(score(&run, "decision.candidate_recall") > 0.99);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let sql = |text: &str| runtime.block_on(async { query::collect(run.sql(text).await.unwrap()).await.unwrap() });
    let pairs = &sql("SELECT * FROM pairs ORDER BY probability DESC LIMIT 1")[0];
    assert!(pairs["probability"].as_primitive::<Float64Type>().value(0) > 0.9);
    assert!(pairs["weight.name"].as_primitive::<Float32Type>().value(0) > 0.0, "{:?}", pairs.schema());
    assert!(pairs.schema().field_with_name("name.similarity").is_ok() && pairs["known"].is_null(0));
    let sums =
        &sql("SELECT count(*) AS rows, count(DISTINCT entity) AS entities, min(size), max(confidence) FROM entities")
            [0];
    assert_eq!(sums["rows"].as_primitive::<relata::arrow::datatypes::Int64Type>().value(0), 96);
    // The same pipeline, the same decision.
    let again = folder.path().join("again");
    let second = decided(related(folder.path()).candidates(nearest(5).or(same_value("street"))), &again).run().unwrap();
    for table in ["pairs.parquet", "entities.parquet"] {
        assert!(std::fs::read(run.path(table)).unwrap() == std::fs::read(second.path(table)).unwrap(), "{table}");
    }
}

#[test]
fn what_is_known_is_kept_whatever_it_looks_like() {
    let folder = tempfile::tempdir().unwrap();
    let known = folder.path().join("known.csv");
    // Two persons are said to be one, and two entries of one person are said not to be.
    std::fs::write(&known, "src,dst,weight\np1a,p2a,1\np0a,p0b,-1\n").unwrap();
    let run = decided(related(folder.path()).relate(edges(&known)), &folder.path().join("run")).run().unwrap();
    let found = entities_of(&run);
    assert!(together(&found, "p1a", "p2a") && !together(&found, "p0a", "p0b"));
}

#[test]
fn a_guess_is_no_answer() {
    let folder = tempfile::tempdir().unwrap();
    let guessed = folder.path().join("guessed.csv");
    // A weight below 1 is a guess, and the wrong one here: it trains, but decides nothing.
    std::fs::write(&guessed, "src,dst,weight\np3a,p3b,-0.4\np1a,p5a,0.4\n").unwrap();
    let pairs = related(folder.path()).candidates(nearest(5).or(same_value("street")));
    let run = decided(pairs.relate(edges(&guessed)), &folder.path().join("run")).run().unwrap();
    let found = entities_of(&run);
    assert_eq!(score(&run, "decision.known"), 0.0);
    assert!(together(&found, "p3a", "p3b") && !together(&found, "p1a", "p5a"));
}

#[test]
fn answers_are_asked_about_candidates_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    for (name, strategy) in
        [("model", uncertain_pairs().budget(30.0).per_round(10)), ("random", random_pairs().budget(10.0))]
    {
        let found = related(folder.path()).candidates(nearest(5).or(same_value("street")));
        let asked = found.ask(labels("person"), strategy);
        let run = decided(asked, &folder.path().join(name)).run().unwrap();
        assert!(score(&run, "decision.known") >= 10.0, "{name}: {} known", score(&run, "decision.known"));
        assert!(score(&run, "decision.f1") > 0.95, "{name}: F1 {}", score(&run, "decision.f1"));
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let text = "SELECT count(*) AS outside FROM answers a LEFT ANTI JOIN pairs p
                    ON p.src = least(a.anchor, a.candidate) AND p.dst = greatest(a.anchor, a.candidate) AND p.known IS NOT NULL";
        let batches = runtime.block_on(async { query::collect(run.sql(text).await.unwrap()).await.unwrap() });
        let outside = batches[0]["outside"].as_primitive::<relata::arrow::datatypes::Int64Type>().value(0);
        // What was asked about by an earlier embedding stays a candidate.
        assert_eq!(outside, 0, "{name}");
    }
}

/// Decides with answers from the column `person`, and an audit that is asked beside.
fn audited(folder: &Path, budget: f64, decision_of: relata::decide::decision::EntityDecision) -> Pipeline<Ready> {
    let found = related(folder).candidates(nearest(5).or(same_value("street")));
    let asked = found.ask(labels("person"), uncertain_pairs().budget(budget).per_round(10));
    let fit = Fit::epochs(3).batch(32).seed(3).device(DeviceChoice::Cpu);
    let trained = asked.train(fields([16, 8]).with_dimension(16), nt_xent(0.1), fit);
    trained.decide(decision_of).evaluate(decision("person")).write(folder.join(format!("run_{budget}")))
}

#[test]
fn an_audit_asks_apart_and_says_how_right_a_decision_is() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for budget in [0.0, 20.0] {
        let run = audited(folder.path(), budget, entities().audit(40).precision_at_least(0.95)).run().unwrap();
        let count = |text: &str| {
            let batches = runtime.block_on(async { query::collect(run.sql(text).await.unwrap()).await.unwrap() });
            batches[0].column(0).as_primitive::<relata::arrow::datatypes::Int64Type>().value(0)
        };
        assert_eq!(count("SELECT count(*) FROM audit WHERE related IS NOT NULL"), 40);
        assert_eq!(count("SELECT count(*) FROM answers"), budget as i64, "audits are no answers to learn from");
        let mixed =
            "SELECT count(*) FROM audit d JOIN pairs p ON p.src = d.src AND p.dst = d.dst WHERE p.known IS NOT NULL";
        assert_eq!(count(mixed), 0);
        for name in ["precision", "recall"] {
            let [lower, upper] = ["lower", "upper"].map(|end| score(&run, &format!("decision.audit.{name}_{end}")));
            let truth = score(&run, &format!("decision.{name}"));
            assert!(lower <= truth + 1e-9 && truth <= upper + 1e-9, "{budget}: {name} {lower} {truth} {upper}");
            assert!(upper - lower < 0.4, "{budget}: {name} {lower} {upper}");
        }
        let threshold = score(&run, "decision.threshold");
        assert!(threshold > 0.0 && threshold <= 1.0 && score(&run, "decision.precision") >= 0.9, "{threshold}");
        assert_eq!(count("SELECT count(*) FROM candidate_rules WHERE rule = 'all' AND recall > 0.9"), 1);
        // Done is done: nothing is asked again.
        audited(folder.path(), budget, entities().audit(40).precision_at_least(0.95)).run().unwrap();
        assert_eq!(count("SELECT count(*) FROM audit"), 40);
    }
    let nobody = decided_as(related(folder.path()), entities().audit(40), &folder.path().join("nobody"));
    assert!(nobody.run().unwrap_err().to_string().contains("nobody is there to answer"));
    let nothing = audited(folder.path(), 0.0, entities()).run().unwrap_err();
    assert!(nothing.to_string().contains("`budget` must be above 0"), "{nothing}");
}

#[test]
fn linked_sources_have_entities_across_only() {
    let folder = tempfile::tempdir().unwrap();
    let linked = related(folder.path()).link("shop");
    let fit = Fit::epochs(3).batch(32).seed(3).device(DeviceChoice::Cpu);
    let trained = linked.train(fields([16, 8]).with_dimension(16), nt_xent(0.1), fit);
    let run = trained.decide(entities().one_to_one()).evaluate(decision("person")).write(folder.path().join("run"));
    let run = run.run().unwrap();
    assert!(entities_of(&run).iter().all(|entity| entity.len() <= 2));
    assert!(score(&run, "decision.f1") > 0.95);
}

#[test]
fn what_would_have_no_effect_is_refused_before_any_work() {
    let folder = tempfile::tempdir().unwrap();
    let run = || folder.path().join("run");
    let fit = || Fit::epochs(1).device(DeviceChoice::Cpu);
    let train = |related: Pipeline<Related>| related.train(fields([16, 8]), nt_xent(0.1), fit());
    let cases: [(Pipeline<Ready>, &str); 6] = [
        (train(related(folder.path()).candidates(nearest(5))).write(run()), "candidates(..)"),
        (train(related(folder.path()).link("shop")).write(run()), "link(..)"),
        (train(related(folder.path())).decide(entities().one_to_one()).write(run()), "one_to_one()"),
        (train(related(folder.path())).evaluate(decision("person")).write(run()), "evaluate(decision)"),
        (decided(related(folder.path()).ask(labels("person"), boundary().budget(9.0)), &run()), "uncertain_pairs()"),
        (decided(related(folder.path()).ask(labels("persom"), uncertain_pairs().budget(9.0)), &run()), "persom"),
    ];
    for (pipeline, said) in cases {
        let error = pipeline.run().unwrap_err().to_string();
        assert!(error.contains(said), "{said}: {error}");
    }
    assert!(!run().join("embeddings.parquet").exists());
}

#[test]
fn classes_of_all_rows_follow_from_a_few_answers_and_names() {
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str, chosen: relata::decide::decision::ClassDecision| {
        let digits = Pipeline::read(parquet(crate::data::digits()).features("image")).train_on("split = 'train'");
        let related = digits.views(2, noise(0.1)).relate(same_sample());
        let fit = Fit::epochs(2).batch(128).seed(3).device(DeviceChoice::Cpu);
        let asked = related.ask(labels("label"), explore_consolidate().budget(100.0));
        let trained = asked.train(mlp([128, 32]), nt_xent(0.3), fit);
        trained.decide(chosen).evaluate(decision("label")).write(folder.path().join(name)).run().unwrap()
    };
    let named = run("named", classes().names("label").largest(10));
    let [test, error] =
        ["accuracy.test", "calibration_error.test"].map(|name| score(&named, &format!("decision.{name}")));
    assert!(test > 0.85 && error < 0.1, "{test} {error}");
    assert!(score(&named, "decision.known") < 300.0);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let count = |run: &Run, text: &str| {
        let batches = runtime.block_on(async { query::collect(run.sql(text).await.unwrap()).await.unwrap() });
        batches[0].column(0).as_primitive::<relata::arrow::datatypes::Int64Type>().value(0)
    };
    assert_eq!(count(&named, "SELECT count(*) FROM classes"), 1797);
    // Whoever is known to be in a class is in the right one.
    let wrong = "SELECT count(*) FROM classes c JOIN samples s ON s.id = c.id
                 WHERE known AND class <> CAST(label AS VARCHAR)";
    assert_eq!(count(&named, wrong), 0);
    // The same ten questions, put to the oracle that answers the pairs.
    let asked = run("asked", classes().ask_names(10));
    assert!(score(&asked, "decision.accuracy.test") > 0.85);
    assert!(count(&asked, "SELECT count(DISTINCT class) FROM classes") >= 8);
    let unnamed = run("unnamed", classes());
    assert_eq!(count(&unnamed, "SELECT count(class) FROM classes"), 0);
    assert!(count(&unnamed, "SELECT count(DISTINCT \"group\") FROM classes") >= 10);
}

#[test]
fn classes_without_anything_known_or_with_a_misspelt_column_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str, decision: relata::decide::decision::ClassDecision| {
        let digits = Pipeline::read(parquet(crate::data::digits()).features("image")).train_on("id < 200");
        let fit = Fit::epochs(1).batch(64).seed(3).device(DeviceChoice::Cpu);
        let trained = digits.views(2, noise(0.1)).relate(same_sample()).train(mlp([16, 8]), nt_xent(0.3), fit);
        trained.decide(decision).write(folder.path().join(name)).run().unwrap_err().to_string()
    };
    assert!(run("a", classes().names("lable")).contains("lable"));
    assert!(run("b", classes().largest(3)).contains("largest"));
    let nothing = run("c", classes());
    assert!(nothing.contains("nothing is known to be of any class"), "{nothing}");
}

#[test]
fn more_entities_than_classes_can_be_are_decided_about_and_measured() {
    let folder = tempfile::tempdir().unwrap();
    let row = |at: usize| format!("{at},name{} of{},{}\n", at * 7919 % 10_007, at * 104_729 % 9_973, at / 2 * 2);
    let text: String = std::iter::once("id,name,person\n".to_owned()).chain((0..20_100).map(row)).collect();
    let path = folder.path().join("many.csv");
    std::fs::write(&path, text).unwrap();
    let fit = Fit::epochs(1).batch(256).seed(3).device(DeviceChoice::Cpu);
    let related =
        Pipeline::read(csv(path.display().to_string()).id("id")).views(2, corruptions()).relate(same_sample());
    let trained = related.candidates(nearest(1)).train(fields([8]).with_dimension(4), nt_xent(0.1), fit);
    let run = trained.decide(entities()).evaluate(decision("person")).write(folder.path().join("run")).run().unwrap();
    assert!(score(&run, "decision.entities") > 10_000.0);
    assert!(run.metrics().unwrap().iter().any(|metric| metric.name == "decision.candidate_recall"));
    assert!(run.path("plots/embeddings.png").exists());
}
