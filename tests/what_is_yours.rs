//! Files of a user and files of a run: no verb destroys them, damage is found, and what was answered can always be taken
//! along.

use std::path::Path;

use relata::prelude::*;

use crate::cli::{fails, run, says};
use crate::data;

fn overwrite(path: &Path, bytes: &[u8]) {
    std::fs::remove_file(path).unwrap();
    std::fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn statements_only_read_and_outputs_take_the_place_of_nothing_that_matters() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    run(at).await;
    let files = || {
        let of = |file: &str| std::fs::read(at.join("run").join(file)).unwrap();
        ["embeddings.parquet", "answers.sqlite", "run.json", "samples.parquet"].map(of)
    };
    let before = files();
    let copy = "COPY (SELECT 1 AS one) TO 'run/embeddings.parquet'";
    assert!(fails(&["sql", "run", copy], at).contains("--write"));
    assert!(fails(&["sql", "run", "--write", copy], at).contains("the folder of a run"));
    assert!(fails(&["sql", "run", "SET datafusion.execution.batch_size = 1"], at).contains("--write"));
    says(&["sql", "run", "--write", "COPY (SELECT 1 AS one) TO 'one.parquet'"], at);
    assert_eq!(data::read_parquet(&at.join("one.parquet")).num_rows(), 1);

    let all = "SELECT * FROM embeddings";
    for (output, reason) in [
        ("run/embeddings.parquet", "is a file of a run"),
        ("s.txt", "no format has this ending"),
        ("s.csv.gz", "no format has this ending"),
    ] {
        assert!(fails(&["sql", "run", all, "--output", output], at).contains(reason), "{output}");
    }
    let itself = fails(&["sql", "run", "SELECT * FROM 'one.parquet'", "--output", "./one.parquet"], at);
    assert!(itself.contains("what the result is made from"), "{itself}");
    let report = fails(&["report", "run", "--output", "run/answers.sqlite"], at);
    assert!(report.contains("is a file of a run"), "{report}");
    let embed = fails(&["embed", "run", "--data", "samples.csv", "--output", "samples.csv"], at);
    assert!(embed.contains("what the result is made from"), "{embed}");
    says(&["sql", "run", "SELECT * FROM generate_series(1, 1500)", "--format", "table", "--output", "t"], at);
    assert_eq!(std::fs::read_to_string(at.join("t")).unwrap().lines().count(), 1504);
    says(&["sql", "run", "-- a comment first\nSELECT id FROM samples", "--output", "S.CSV"], at);
    assert!(std::fs::read_to_string(at.join("S.CSV")).unwrap().starts_with("id\n"));
    assert!(files() == before);
}

#[tokio::test]
async fn a_run_clears_up_after_itself_alone_and_only_in_its_own_folder() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let run = run(at).await;
    let strangers = ["notes.tmp", "rounds/0/notes.tmp", "plots/notes.tmp"].map(|name| run.join(name));
    let left = run.join("rounds/0/.relata-left.tmp");
    for file in strangers.iter().chain([&left]) {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, "something").unwrap();
    }
    let samples = at.join("samples.csv");
    let other = Pipeline::read(csv(&samples)).relate(same_label("label")).solve(closed_form(Kernel::Linear, 2));
    assert!(other.write(&run).run_async().await.is_err());
    assert!(left.exists(), "another plan has touched the folder");
    let plan = Run::open(&run).unwrap().plan().unwrap();
    Pipeline::from_plan(&plan).unwrap().write(&run).run_async().await.unwrap();
    assert!(!left.exists() && strangers.iter().all(|file| file.exists()));
}

#[tokio::test]
async fn a_changed_byte_of_a_run_is_found_when_the_file_is_opened_and_by_a_check() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let run = run(at).await;
    assert!(says(&["check", "run"], at).contains("as they were written"));
    for (file, verb) in [
        ("embeddings.parquet", &["sql", "run", "SELECT count(*) FROM embeddings"][..]),
        ("graph.csr", &["graph", "run"]),
        ("metrics.parquet", &["report", "run"]),
    ] {
        let path = run.join(file);
        let whole = std::fs::read(&path).unwrap();
        let mut changed = whole.clone();
        changed[whole.len() / 2] ^= 0x10;
        overwrite(&path, &changed);
        for verb in [verb, &["check", "run"]] {
            let output =
                std::process::Command::new(env!("CARGO_BIN_EXE_relata")).args(verb).current_dir(at).output().unwrap();
            let message = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!output.status.success(), "{file} {verb:?}");
            assert!(
                message.contains(file) && message.contains("has changed since it was written"),
                "{file}: {message}"
            );
        }
        overwrite(&path, &whole);
    }
    assert!(says(&["check", "run"], at).contains("as they were written"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(run.join("samples.parquet")).unwrap().permissions().mode();
        assert_eq!(mode & 0o222, 0);
    }
}

#[tokio::test]
async fn answers_outlive_the_rest_of_their_run() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let run = run(at).await;
    let seal = says(&["audit", "run"], at);
    assert!(seal.contains("20 answers") && seal.contains("as they were written"), "{seal}");
    let seal = seal.lines().find_map(|line| line.strip_prefix("seal ")).unwrap().to_owned();
    says(&["audit", "run", "--seal", &seal], at);
    // What is left of a damaged run.
    std::fs::create_dir(at.join("left")).unwrap();
    std::fs::copy(run.join("answers.sqlite"), at.join("left/answers.sqlite")).unwrap();
    says(&["export", "left", "answers", "--output", "answers.jsonl"], at);
    assert_eq!(std::fs::read_to_string(at.join("answers.jsonl")).unwrap().lines().count(), 20);
    // An empty ledger does not read as "no answers", and is not written over.
    overwrite(&run.join("answers.sqlite"), b"");
    let refused = fails(&["sql", "run", "SELECT count(*) FROM answers"], at);
    assert!(refused.contains("answers.seal") && refused.contains("relata import"), "{refused}");
    assert_eq!(std::fs::metadata(run.join("answers.sqlite")).unwrap().len(), 0);
    // As the message says: put the seal away, and take the answers in from the copy.
    std::fs::rename(run.join("answers.seal"), at.join("answers.seal")).unwrap();
    let imported = says(&["import", "run", "left/answers.sqlite"], at);
    assert!(imported.contains("20 answers taken in"), "{imported}");
    assert!(says(&["import", "run", "left/answers.sqlite"], at).contains("0 answers taken in, 20 were there already"));
    assert!(says(&["audit", "run"], at).contains("20 answers"));
    let changed = fails_to_hold(at, &seal);
    assert!(changed.contains("not those of the given seal"), "{changed}");
}

/// Rows that were imported are no more than equal: questions and answers come in another order.
fn fails_to_hold(at: &Path, seal: &str) -> String {
    let arguments = ["audit", "run", "--seal", seal];
    let output =
        std::process::Command::new(env!("CARGO_BIN_EXE_relata")).args(arguments).current_dir(at).output().unwrap();
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}
