//! Settings of stages: which trainer, views and oracles use them, and what says so where they would be ignored.

use std::path::Path;

use relata::dsl::{Pipeline, Read, Related, Trained};
use relata::prelude::*;
use relata_train::closed_form::ClosedForm;

use crate::data;

/// The trainers of the table's columns: an encoder with a projector, one without, and the closed form.
#[derive(Debug, Clone, Copy)]
enum Trainer {
    Projected,
    Encoder,
    ClosedForm,
}

const TRAINERS: [Trainer; 3] = [Trainer::Projected, Trainer::Encoder, Trainer::ClosedForm];

/// A row of the table: a setting and, for each trainer, what refuses it; nothing where it is used.
struct Row {
    setting: &'static str,
    pipeline: fn(&Path, Trainer) -> Pipeline<Trained>,
    refused: [&'static str; 3],
}

fn read(folder: &Path) -> Pipeline<Read> {
    Pipeline::read(csv(folder.join("samples.csv")).feature_columns(["x", "y"]))
}

fn labelled(folder: &Path) -> Pipeline<Related> {
    read(folder).relate(same_label("label"))
}

fn train(related: Pipeline<Related>, trainer: Trainer) -> Pipeline<Trained> {
    match trainer {
        Trainer::Projected => related.train(mlp([4, 3]).project([4, 2]), vicreg(), data::short_fit()),
        Trainer::Encoder => related.train(mlp([4, 2]), vicreg(), data::short_fit()),
        Trainer::ClosedForm => related.solve(closed_form(Kernel::Linear, 2)),
    }
}

fn asking() -> AskConfig {
    random_pairs().budget(4.0)
}

const USED: [&str; 3] = ["", "", ""];

const TABLE: &[Row] = &[
    Row { setting: "relate", pipeline: |at, by| train(labelled(at), by), refused: USED },
    Row {
        setting: "train_on",
        pipeline: |at, by| train(read(at).train_on("id < 9").relate(same_label("label")), by),
        refused: USED,
    },
    Row {
        setting: "seed",
        pipeline: |at, by| train(read(at).seed(7).relate(same_label("label").rows(6)), by),
        refused: USED,
    },
    Row {
        setting: "one view",
        pipeline: |at, by| train(read(at).views(1, noise(0.1)).relate(same_label("label")), by),
        refused: USED,
    },
    Row {
        setting: "views",
        pipeline: |at, by| train(read(at).views(2, noise(0.1)).relate(same_label("label")), by),
        refused: USED,
    },
    Row {
        setting: "no views",
        pipeline: |at, by| train(read(at).views(0, noise(0.1)).relate(same_label("label")), by),
        refused: ["at least 1"; 3],
    },
    Row {
        setting: "same_sample",
        pipeline: |at, by| train(read(at).views(2, noise(0.1)).relate(same_sample()), by),
        refused: USED,
    },
    Row {
        setting: "same_sample of one view",
        pipeline: |at, by| train(labelled(at).relate(same_sample()), by),
        refused: ["add `.views(2, ..)`"; 3],
    },
    Row {
        setting: "weighted same_sample of one view",
        pipeline: |at, by| train(labelled(at).relate(same_sample().weighted(0.5)), by),
        refused: ["add `.views(2, ..)`"; 3],
    },
    Row {
        setting: "mix with same_sample",
        pipeline: |at, by| train(read(at).relate(mix(same_sample(), same_label("label"), 0.5)), by),
        refused: ["add `.views(2, ..)`"; 3],
    },
    Row {
        setting: "resolve and infer",
        pipeline: |at, by| train(labelled(at).resolve(Policy::NegativeWins).infer(), by),
        refused: USED,
    },
    Row {
        setting: "weigh_by_agreement",
        pipeline: |at, by| train(labelled(at).relate(nearest(2)).weigh_by_agreement(), by),
        refused: USED,
    },
    Row {
        setting: "weigh_by_agreement of one oracle",
        pipeline: |at, by| train(labelled(at).weigh_by_agreement(), by),
        refused: ["agreement takes others"; 3],
    },
    Row {
        setting: "noisy",
        pipeline: |at, by| train(read(at).relate(noisy(same_label("label"), 0.1)), by),
        refused: USED,
    },
    Row {
        setting: "relate what only answers",
        pipeline: |at, by| train(labelled(at).relate(crowd([labels("label")])), by),
        refused: ["cannot state relations unasked"; 3],
    },
    Row {
        setting: "relate what only answers, named",
        pipeline: |at, by| train(labelled(at).relate(crowd([labels("label")]).weighted(0.5)), by),
        refused: ["cannot state relations unasked"; 3],
    },
    Row { setting: "ask", pipeline: |at, by| train(labelled(at).ask(labels("label"), asking()), by), refused: USED },
    Row {
        setting: "ask what only states",
        pipeline: |at, by| train(labelled(at).ask(same_sample(), asking()), by),
        refused: ["cannot answer questions"; 3],
    },
    Row {
        setting: "ask with a number of rows",
        pipeline: |at, by| train(labelled(at).ask(same_label("label").rows(3), asking()), by),
        refused: ["`rows` must be left out where it is asked"; 3],
    },
    Row {
        setting: "ask twice",
        pipeline: |at, by| train(labelled(at).ask(labels("label"), asking()).ask(labels("label"), asking()), by),
        refused: ["one budget"; 3],
    },
    Row {
        setting: "epochs after a round",
        pipeline: |at, by| train(labelled(at).ask(labels("label"), asking().epochs(2)), by),
        refused: ["", "", "without epochs"],
    },
    Row {
        setting: "from_scratch",
        pipeline: |at, by| train(labelled(at).ask(labels("label"), asking().from_scratch()), by),
        refused: ["", "", "solved anew"],
    },
    Row {
        setting: "embed_projected",
        pipeline: |at, by| train(labelled(at), by).embed_projected(),
        refused: ["", "add `.project([..])`", "the closed form has no projector"],
    },
    Row { setting: "knn", pipeline: |at, by| train(labelled(at), by).evaluate(knn("label").with_k(3)), refused: USED },
    Row {
        setting: "linear_probe",
        pipeline: |at, by| train(labelled(at), by).evaluate(linear_probe("label")),
        refused: USED,
    },
    Row {
        setting: "clustering",
        pipeline: |at, by| train(labelled(at), by).evaluate(clustering("label")),
        refused: USED,
    },
    Row { setting: "geometry", pipeline: |at, by| train(labelled(at), by).evaluate(geometry("label")), refused: USED },
    Row {
        setting: "known_probe",
        pipeline: |at, by| train(labelled(at).ask(labels("label"), asking()), by).evaluate(known_probe("label")),
        refused: USED,
    },
    Row {
        setting: "known_probe of what is stated",
        pipeline: |at, by| train(labelled(at), by).evaluate(known_probe("label").of("label")),
        refused: USED,
    },
    Row {
        setting: "known_probe without answers",
        pipeline: |at, by| train(labelled(at), by).evaluate(known_probe("label")),
        refused: ["the pipeline asks nothing"; 3],
    },
];

#[test]
fn every_setting_is_used_or_refused_before_any_work() {
    let folder = tempfile::tempdir().unwrap();
    data::text_file(folder.path(), "samples.csv", &data::circle(12, 2));
    for (number, Row { setting, pipeline, refused }) in TABLE.iter().enumerate() {
        for (trainer, refused) in TRAINERS.into_iter().zip(refused) {
            let at = folder.path().join(format!("{number} {trainer:?}"));
            let made = || pipeline(folder.path(), trainer).write(&at);
            let case = format!("{setting} with {trainer:?}");
            match *refused {
                "" => {
                    let run = made().run().unwrap_or_else(|error| panic!("{case}: {error}"));
                    assert!(run.is_finished(), "{case}");
                }
                text => {
                    for error in [made().explain().err(), made().run().err()] {
                        let error = error.unwrap_or_else(|| panic!("{case} is not refused")).to_string();
                        assert!(error.contains(text), "{case}: {error}");
                    }
                    assert!(!at.join("samples.parquet").exists(), "{case}");
                }
            }
        }
    }
}

#[test]
fn settings_of_the_closed_form_are_used_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    data::text_file(folder.path(), "samples.csv", &data::circle(12, 2));
    let solve = |views: usize, settings: ClosedForm| {
        let read = read(folder.path()).views(views, noise(0.1));
        read.relate(same_label("label")).solve(settings).write(folder.path().join("run"))
    };
    let rbf = |width: usize| closed_form(Kernel::Rbf { width: 1.0 }, width);
    let error = solve(1, rbf(2).on_first_views()).run().err().unwrap().to_string();
    assert!(error.contains("every sample has a single view"), "{error}");
    let error = solve(1, rbf(13)).run().err().unwrap().to_string();
    assert!(error.contains("at most 12 (training rows)"), "{error}");
    assert!(!folder.path().join("run/graph.json").exists());
    std::fs::remove_dir_all(folder.path().join("run")).unwrap();
    assert!(solve(2, rbf(13).on_first_views()).run().unwrap().is_finished());
}
