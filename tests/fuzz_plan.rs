//! Fuzz targets of plans: `run.json` that is damaged, settings of any name and value, and what a pipeline makes of them.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::{any, prop_oneof};
use proptest::sample::Index;
use proptest::strategy::Strategy as _;
use relata::prelude::*;
use relata::registries::{Components, ENCODERS, EVALUATIONS, LOSSES, OPTIMISERS, ORACLES, SOURCES, STRATEGIES, VIEWS};
use serde_json::{Value, json};

use crate::fuzzing::damage::damaged;
use crate::fuzzing::fuzz;
use crate::json::{changed, extreme, paths};

/// The components of a registry that need no others, with their settings.
fn all<T: ?Sized>(registry: &Components<T>) -> Vec<Value> {
    let defaults = registry.entries().filter_map(|entry| entry.defaults());
    defaults.map(|component| serde_json::to_value(component).unwrap()).collect()
}

/// Plans in which every component stands somewhere.
fn plans() -> Vec<Value> {
    let plan = |pipeline: Pipeline<_>| serde_json::to_value(pipeline.plan()).unwrap();
    let trained = Pipeline::read(csv("t.csv").id("key").limit(10))
        .train_on("split = 'train'")
        .seed(3)
        .relate(same_label("label").rows(8))
        .ask(labels("label"), random_pairs().budget(10.0))
        .train(mlp([8, 2]), vicreg(), Fit::epochs(2).batch(8))
        .evaluate(knn("label"));
    let solved = Pipeline::read(parquet("t.parquet").features("v"))
        .relate(same_label("label"))
        .solve(closed_form(Kernel::Linear, 2))
        .evaluate(knn("label"));
    let mut trained = plan(trained);
    trained["relate"] = all(&ORACLES).into();
    trained["evaluate"] = all(&EVALUATIONS).into();
    trained["inputs"] = json!([{ "path": "t.csv", "bytes": 12, "hash": "00000000000000ff" }]);
    let variants = |path: &str, components: Vec<Value>| -> Vec<Value> {
        let with = |component| {
            let mut plan = trained.clone();
            *plan.pointer_mut(path).unwrap() = component;
            plan
        };
        components.into_iter().map(with).collect()
    };
    let mut plans = vec![trained.clone(), plan(solved)];
    plans.extend(variants("/read/source", all(&SOURCES)));
    plans.extend(variants("/views/view", all(&VIEWS)));
    plans.extend(variants("/ask/config/strategy", all(&STRATEGIES)));
    plans.extend(variants("/train/encoder", all(&ENCODERS)));
    plans.extend(variants("/train/loss", all(&LOSSES)));
    plans.extend(variants("/train/fit/optimiser", all(&OPTIMISERS)));
    plans
}

/// Whatever can be read can be shown, compared, and made into a pipeline or refused; a pipeline has a plan again.
fn read(plan: &Plan) {
    let _ = plan.to_string();
    let _ = plan.training_seed();
    if let Ok(pipeline) = Pipeline::from_plan(plan) {
        let again = pipeline.plan();
        plan.difference(&again);
        let third = Pipeline::from_plan(&again).unwrap().plan();
        assert_eq!(again.difference(&third), Vec::<String>::new());
    }
}

#[test]
fn a_damaged_plan_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.json");
    let bytes = plans().iter().map(|plan| plan.to_string().into_bytes()).collect();
    let values = changed(plans()).prop_map(|plan| plan.to_string().into_bytes());
    fuzz(prop_oneof![3 => values, 1 => damaged(bytes)], |bytes| {
        std::fs::write(&path, bytes).unwrap();
        if let Ok(Some(plan)) = Plan::read(&path) {
            read(&plan);
        }
    });
}

#[test]
fn any_setting_is_changed_or_refused() {
    let known: Vec<(Plan, Vec<String>)> = plans()
        .into_iter()
        .map(|plan| {
            let dotted = paths(&plan).into_iter().map(|path| path.trim_start_matches('/').replace('/', "."));
            (serde_json::from_value(plan.clone()).unwrap(), dotted.collect())
        })
        .collect();
    let text = prop_oneof![3 => extreme().prop_map(|value| value.to_string()), 1 => ".{0,12}"];
    let setting = (any::<Index>(), weighted(0.1, "[a-z0-9.]{0,12}"), text);
    fuzz((any::<Index>(), vec(setting, 1..4)), |(plan, settings)| {
        let (plan, paths) = plan.get(&known);
        let path = |at: Index, other: Option<String>| other.unwrap_or_else(|| at.get(paths).clone());
        let settings: Vec<_> = settings.into_iter().map(|(at, other, value)| (path(at, other), value)).collect();
        if let Ok(changed) = plan.with_settings(&settings) {
            read(&changed);
        }
    });
}
