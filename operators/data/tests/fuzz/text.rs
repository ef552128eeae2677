//! Datasets in CSV, TSV and JSON lines that are damaged.

use proptest::sample::select;
use relata_data::source::{Dataset, csv, ingest, json_lines, session, tsv};

use crate::fuzzing::damage::damaged;
use crate::fuzzing::fuzz;

#[test]
fn a_damaged_text_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.txt");
    let session = session();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let texts = [
        "id,x,y,label,split\n0,0.5,1,a,train\n1,-2,3e4,b,test\n7,0,0,,\n",
        "id\tx\ty\nb\t1\t2\na\t3\t4\n",
        "x,y\n1,\"2\"\n\"3\",4\n",
        "x;n;at\n1,5;007;2024-02-29\n-2,25;8;2024-02-29 12:00:00\n",
        ",a|b,truth\n0,NA,True\n1,18446744073709551615,false\n",
        "{\"id\": 0, \"v\": [1, 2.5], \"label\": \"a\"}\n{\"id\": 3, \"v\": [3, 4], \"label\": null}\n",
        "{\"id\": \"b\", \"x\": 1, \"y\": 0.25}\n{\"id\": \"a\", \"x\": 2, \"y\": 1e-3}\n",
    ];
    let files = texts.map(|text| text.as_bytes().to_vec()).to_vec();
    let sources: [fn(&std::path::Path) -> Dataset; 3] = [|path| csv(path), |path| tsv(path), |path| json_lines(path)];
    fuzz((damaged(files), select((0..sources.len()).collect::<Vec<_>>())), |(bytes, source)| {
        std::fs::write(&path, bytes).unwrap();
        let _ = runtime.block_on(ingest(&sources[source](&path), &session, folder.path(), &mut |_| {}));
    });
}
