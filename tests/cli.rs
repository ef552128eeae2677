//! Every verb of the command line, on a small run, as a shell starts it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use relata::prelude::*;
use serde_json::Value;

use crate::data;

fn relata(arguments: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_relata"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).output().unwrap()
}

/// What a verb that succeeds prints.
pub fn says(arguments: &[&str], folder: &Path) -> String {
    let output = relata(arguments, folder);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{arguments:?}: {out}{err}");
    out.into_owned()
}

/// The one message of a verb that fails.
pub fn fails(arguments: &[&str], folder: &Path) -> String {
    let output = relata(arguments, folder);
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && output.stdout.is_empty(), "{arguments:?}: {err}");
    assert!(err.starts_with("error: ") && err.matches("error: ").count() == 1, "{arguments:?}: {err}");
    err
}

/// A trained run that has asked, in the folder `run`, of samples in `samples.csv`.
pub async fn run(folder: &Path) -> PathBuf {
    let samples = data::text_file(folder, "samples.csv", &data::circle(60, 3));
    let related = Pipeline::read(csv(samples)).views(2, noise(0.1)).relate(same_sample());
    let asked = related.ask(labels("label"), random_pairs().budget(20.0).per_round(10).epochs(1));
    let trained = asked.train(mlp([8, 4]), vicreg(), Fit::epochs(2).batch(16)).evaluate(knn("label"));
    trained.write(folder.join("run")).run_async().await.unwrap();
    folder.join("run")
}

#[tokio::test]
async fn every_verb_works_on_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    run(at).await;
    assert!(says(&["plan", "run"], at).contains("same_sample"));
    assert!(says(&["graph", "run"], at).contains("components"));
    let graph: Value = serde_json::from_str(&says(&["graph", "run", "--json"], at)).unwrap();
    assert_eq!(graph["nodes"], 60, "{graph}");

    let query = "SELECT count(*) AS n FROM answers";
    assert!(says(&["sql", "run", query], at).contains("| 20 |"));
    assert_eq!(says(&["sql", "run", query, "--format", "csv"], at), "n\n20\n");
    assert_eq!(says(&["sql", "run", query, "--format", "json"], at), "{\"n\":20}\n");
    says(&["sql", "run", query, "--output", "n.parquet"], at);
    assert_eq!(data::read_parquet(&at.join("n.parquet")).num_rows(), 1);

    let embeddings = "run/embeddings.parquet";
    let probe = says(&["probe", "--embeddings", embeddings, "--label", "label", "--json"], at);
    let probe: Value = serde_json::from_str(&probe).unwrap();
    assert!(probe["knn.test"].as_f64().is_some() && probe["clustering.nmi"].as_f64().is_some(), "{probe}");
    std::fs::write(at.join("edges.csv"), "src,dst,weight\n0,3,1\n1,4,1\n0,1,-1\n").unwrap();
    let score = ["score", "--embeddings", embeddings, "--edges", "edges.csv", "--loss", "nt_xent"];
    let gradient = ["--set", "tau=0.5", "--json", "--gradient", "g.parquet"];
    let scored: Value = serde_json::from_str(&says(&[&score[..], &gradient].concat(), at)).unwrap();
    assert!(scored["value"].as_f64().unwrap() > 0.0, "{scored}");
    assert_eq!(data::read_parquet(&at.join("g.parquet")).num_rows(), 60);

    says(&["embed", "run", "--data", "samples.csv", "--output", "new.parquet"], at);
    let (new, old) = (at.join("new.parquet"), at.join(embeddings));
    let column = |path: &Path| data::read_parquet(path)["embedding"].clone();
    assert_eq!(&column(&new), &column(&old));
    says(&["views", "run", "--samples", "2", "--output", "v.png"], at);
    says(&["plot", "run", "--label", "label", "--output", "pictures"], at);
    says(&["report", "run", "--output", "r.html"], at);
    assert!(std::fs::read(at.join("v.png")).unwrap().starts_with(b"\x89PNG"));
    for name in ["loss", "metrics", "embeddings"] {
        for extension in ["svg", "png"] {
            assert!(at.join(format!("pictures/{name}.{extension}")).exists(), "{name}.{extension}");
        }
    }
    assert!(std::fs::read_to_string(at.join("r.html")).unwrap().contains("</html>"));

    says(&["export", "run", "model", "--output", "model"], at);
    for name in ["model.safetensors", "model.json", "model.onnx", "relata_model.py"] {
        assert!(at.join("model").join(name).is_file(), "{name}");
    }
    assert!(fails(&["export", "run", "model"], at).contains("--output FOLDER"));
    says(&["export", "run", "questions", "--output", "q.jsonl"], at);
    let answers = says(&["export", "run", "answers"], at);
    assert_eq!(
        (answers.lines().count(), std::fs::read_to_string(at.join("q.jsonl")).unwrap().lines().count()),
        (20, 20)
    );
    std::fs::write(at.join("a.jsonl"), answers).unwrap();
    // Answers that are there already are passed over.
    says(&["import", "run", "a.jsonl"], at);
    assert_eq!(says(&["sql", "run", query, "--format", "csv"], at), "n\n20\n");

    // What a finished run is told later, it does not learn; its answers can be replayed to a run that does.
    let number = says(&["sql", "run", "SELECT min(question) AS q FROM questions", "--format", "csv"], at);
    let number: u64 = number.lines().nth(1).unwrap().parse().unwrap();
    let candidate = format!("SELECT candidates[1] AS c FROM questions WHERE question = {number}");
    let candidate = says(&["sql", "run", &candidate, "--format", "csv"], at);
    let candidate = candidate.lines().nth(1).unwrap();
    let line = format!("{{\"question\": {number}, \"candidate\": {candidate}, \"related\": true}}\n");
    std::fs::write(at.join("more.jsonl"), line).unwrap();
    let output = relata(&["import", "run", "more.jsonl"], at);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("The run is finished") && told.contains("relata export run answers --output"), "{told}");
    assert!(told.contains(".ask(replay(\"answers.jsonl\"), ..)") && !told.contains("again"), "{told}");
    says(&["export", "run", "answers", "--output", "answers.jsonl"], at);
    let related = Pipeline::read(csv(at.join("samples.csv"))).views(2, noise(0.1)).relate(same_sample());
    let asked = related.ask(replay(at.join("answers.jsonl")), random_pairs().budget(5.0).epochs(1));
    let trained = asked.train(mlp([8, 4]), vicreg(), Fit::epochs(2).batch(16));
    let replayed = trained.write(at.join("replayed")).run_async().await.unwrap();
    assert!(data::number(&replayed, "SELECT count(related) FROM answers").await > 0.0);
}

#[tokio::test]
async fn failures_are_one_message_and_an_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    assert!(fails(&["plan", "nowhere"], at).contains("nowhere"));
    assert!(fails(&["probe", "--embeddings", "no.parquet", "--label", "x"], at).contains("no.parquet"));
    run(at).await;
    let error = fails(&["sql", "run", "SELECT * FROM answer"], at);
    assert!(error.contains("`answer`") && error.contains("answers"), "{error}");
    assert!(
        fails(&["embed", "run", "--data", "samples.csv", "--output", "samples.csv/e.parquet"], at)
            .contains("samples.csv")
    );
    let zeros = data::vectors(vec![f32::MAX; 4 * 3], 3);
    data::write_parquet(&at.join("huge.parquet"), vec![("id", data::ids(4)), ("embedding", zeros)]);
    std::fs::write(at.join("edges.csv"), "src,dst,weight\n0,1,1\n").unwrap();
    let huge = ["score", "--embeddings", "huge.parquet", "--edges", "edges.csv", "--loss", "vicreg", "--json"];
    assert!(fails(&huge, at).contains("huge numbers"));
    assert!(!relata(&["score"], at).status.success());
}

#[test]
fn edges_are_scored_as_the_flags_say() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let vectors = data::vectors(vec![1.0, 0.0, 0.0, 2.0, 3.0, 1.0], 2);
    data::write_parquet(&at.join("z.parquet"), vec![("id", data::ids(3)), ("embedding", vectors)]);
    let text =
        "src,dst,verdict,score,status\n0,1,same,0.5,new\n1,2,different,1.0,new\n2,2,same,1.0,new\n0,9,same,1.0,x\n";
    std::fs::write(at.join("raw.csv"), text).unwrap();
    std::fs::write(at.join("edges.csv"), "src,dst,weight\n0,1,0.5\n1,2,-1\n").unwrap();
    let score = |edges: &'static str, flags: &[&'static str]| {
        let all = ["score", "--embeddings", "z.parquet", "--edges", edges, "--loss", "nt_xent", "--json"];
        [&all[..], flags].concat()
    };
    let flags = ["--signs", "verdict", "--weights", "score", "--ignoring", "status", "--skip-self", "--skip-unknown"];
    assert_eq!(says(&score("raw.csv", &flags), at), says(&score("edges.csv", &[]), at));
    let told = String::from_utf8(relata(&score("raw.csv", &flags), at).stderr).unwrap();
    assert!(told.contains("2 pairs skipped (1 with unknown ids, 1 of a sample with itself)"), "{told}");
    // Without a flag, the same is refused as from Rust.
    for (at_flag, words, error) in [(2, 2, "score"), (4, 2, "status"), (6, 1, "twice (2)"), (7, 1, "9")] {
        let fewer = [&flags[..at_flag], &flags[at_flag + words..]].concat();
        let refused = fails(&score("raw.csv", &fewer), at);
        assert!(refused.contains("raw.csv") && refused.contains(error), "{refused}");
    }
    let twice = fails(&score("raw.csv", &["--signs", "verdict", "--weights", "verdict"]), at);
    assert!(twice.contains("another column than `signs`"), "{twice}");

    std::fs::write(at.join("likely.csv"), "src,dst,probability\n0,1,0.5\n1,2,0.75\n").unwrap();
    std::fs::write(at.join("weak.csv"), "src,dst,weight\n0,1,0.5\n1,2,0.75\n").unwrap();
    let weak = says(&score("weak.csv", &[]), at);
    assert_eq!(says(&score("likely.csv", &["--probabilities-as-weights"]), at), weak);
    assert_ne!(says(&score("likely.csv", &[]), at), weak);
}

#[tokio::test]
async fn damaged_embeddings_are_named_and_leave_no_gradient() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let vectors: Vec<f32> = (0..3000).map(|value| (value as f32).sin()).collect();
    let labels = data::ids(1000);
    data::write_parquet(&at.join("z.parquet"), vec![("embedding", data::vectors(vectors, 3)), ("label", labels)]);
    std::fs::write(at.join("edges.csv"), "src,dst\n0,1\n").unwrap();
    let whole = std::fs::read(at.join("z.parquet")).unwrap();
    let mut pages = whole.clone();
    pages[4..whole.len() / 2].fill(0xa5);
    let probe = ["probe", "--embeddings", "z.parquet", "--label", "label"];
    let score = ["score", "--embeddings", "z.parquet", "--edges", "edges.csv", "--loss", "vicreg", "--gradient", "g"];
    for bytes in [&whole[..whole.len() / 2], &pages] {
        std::fs::write(at.join("z.parquet"), bytes).unwrap();
        for verb in [&probe[..], &score] {
            let error = fails(verb, at);
            assert!(error.contains("z.parquet") && error.contains("could not be read"), "{verb:?}: {error}");
        }
    }
    std::fs::write(at.join("z.parquet"), &whole[..]).unwrap();
    std::fs::write(at.join("edges.csv"), "anchor,positive,negative\n0,1,2\n0,1,3\n").unwrap();
    says(&score, at);
    assert!(at.join("g").exists());
    std::fs::remove_file(at.join("g")).unwrap();
    std::fs::write(at.join("edges.csv"), "id_l,id_r,match_probability\n0,1,0.5\n2,1,0.75\n1,1000,1\n").unwrap();
    let error = fails(&score, at);
    assert!(error.contains("edges.csv") && error.contains("row 2") && error.contains("`id_r`"), "{error}");
    data::write_parquet(&at.join("z.parquet"), vec![("embedding", data::vectors(vec![f32::MAX; 3000], 3))]);
    std::fs::write(at.join("edges.csv"), "src,dst\n0,1\n").unwrap();
    assert!(fails(&score, at).contains("huge numbers") && !at.join("g").exists());
}

#[tokio::test]
async fn images_in_files_are_embedded_as_the_model_was_trained() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    // Images of 8 x 8 bytes.
    let bytes = |image: usize| (0..64).map(move |at| (at * 3 + image * 60 + at * image % 7) as u8);
    let write = |name: &str, images: std::ops::Range<usize>| {
        let mut file = vec![0, 0, 8, 3, 0, 0, 0, images.len() as u8, 0, 0, 0, 8, 0, 0, 0, 8];
        file.extend(images.flat_map(bytes));
        std::fs::write(at.join(name), file).unwrap();
    };
    write("train-images-idx3-ubyte", 0..100);
    write("t10k-images-idx3-ubyte", 0..2);
    let read = Dataset::from(idx(at.join("train-images-idx3-ubyte"))).features("image");
    let trained = Pipeline::read(read).views(2, noise(0.1)).relate(same_sample());
    let trained = trained.train(mlp([4]), vicreg(), data::short_fit());
    trained.write(at.join("run")).run_async().await.unwrap();
    std::fs::create_dir_all(at.join("pictures/a")).unwrap();
    for number in 0..2 {
        let small = image::GrayImage::from_vec(8, 8, bytes(number).collect()).unwrap();
        small.save(at.join(format!("pictures/a/{number}.png"))).unwrap();
    }
    let embedded = |data: &str| {
        says(&["embed", "run", "--data", data, "--output", "new.parquet"], at);
        data::read_parquet(&at.join("new.parquet"))
    };
    let from_idx = embedded("t10k-images-idx3-ubyte");
    let from_pictures = embedded("pictures");
    assert_eq!(from_idx.num_rows(), 2);
    assert_eq!(&from_idx["embedding"], &from_pictures["embedding"]);
    let large = image::GrayImage::from_pixel(16, 24, image::Luma([128]));
    std::fs::remove_dir_all(at.join("pictures/a")).unwrap();
    large.save(at.join("pictures/large.png")).unwrap();
    assert_eq!(embedded("pictures").num_rows(), 1);
    assert!(fails(&["embed", "run", "--data", "run.txt", "--output", "e.parquet"], at).contains("IDX"));
}

#[tokio::test]
async fn statements_from_a_pipe_are_answered_and_a_failed_one_is_told_in_the_end() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path()).await;
    let ask = |text: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_relata"));
        command.args(["sql", "run"]).current_dir(folder.path()).env("XDG_STATE_HOME", folder.path());
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = pipes.spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.success(), text(output.stdout), text(output.stderr))
    };
    let (well, out, err) = ask("\\d\nSELECT count(*)\nFROM samples;SELECT 7;\n\\q\nSELECT 8;");
    assert!(well && out.contains("| 60 ") && out.contains("| 7 ") && !out.contains("| 8 "), "{out}{err}");
    let (well, out, err) = ask("SELEC 1; SELECT 9");
    assert!(!well && out.contains("| 9 ") && err.contains("1 of 2 statements failed"), "{out}{err}");
}
