//! Samples in an object store: a run reads them, knows them again, and embeds others.

use std::path::Path;
use std::process::{Command, Stdio};

use relata::data::source::set_store_variable;
use relata::dsl::{Pipeline, Ready};
use relata::prelude::*;

use crate::data;
use crate::store_server::Server;

fn pipeline(folder: &Path) -> Pipeline<Ready> {
    let related = Pipeline::read(csv("s3://data/samples")).views(2, noise(0.1)).relate(same_sample());
    related.train(mlp([8, 4]), vicreg(), Fit::epochs(1).batch(16)).write(folder)
}

#[tokio::test]
async fn a_run_reads_objects_knows_them_again_and_embeds_others() {
    let server = Server::start();
    let variables = [
        ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", server.port)),
        ("AWS_ALLOW_HTTP", "true".to_owned()),
        ("AWS_ACCESS_KEY_ID", "someone".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
    ];
    for (name, value) in &variables {
        set_store_variable(*name, value.as_str());
    }
    server.put("data", "samples/0.csv", data::circle(60, 3));
    server.put("data", "new.csv", data::circle(60, 3));
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    pipeline(&run).run_async().await.unwrap();
    let gets = || {
        server
            .requests("data")
            .iter()
            .filter(|request| request.key == "samples/0.csv" && request.method == "GET")
            .count()
    };
    let before = gets();
    pipeline(&run).run_async().await.unwrap();
    assert_eq!(gets(), before, "a run that is done reads nothing");

    // The command has the same variables from its environment.
    let mut command = Command::new(env!("CARGO_BIN_EXE_relata"));
    command.args(["embed", "run", "--data", "s3://data/new.csv", "--output", "new.parquet"]);
    command.current_dir(folder.path()).envs(variables.iter().map(|(name, value)| (name, value))).stdin(Stdio::null());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let column = |path: &Path| data::read_parquet(path)["embedding"].clone();
    assert_eq!(&column(&folder.path().join("new.parquet")), &column(&run.join("embeddings.parquet")));

    server.put("data", "samples/0.csv", data::circle(60, 4));
    let error = pipeline(&run).run_async().await.unwrap_err().to_string();
    assert!(error.contains("inputs.0.hash"), "{error}");
}
