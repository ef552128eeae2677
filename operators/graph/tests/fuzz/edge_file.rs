//! Edge files: damaged ones of every format, and whole ones of columns of every type.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, DictionaryArray, Float64Array, Int8Array, Int64Array, RecordBatch,
    StringArray, UInt64Array,
};
use arrow::datatypes::Int8Type;
use futures::StreamExt;
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use relata_data::Session;
use relata_data::id_index::IdIndex;
use relata_data::index::SampleId;
use relata_data::sink::ParquetSink;
use relata_data::source::{IdLookup, session};
use relata_graph::edge_file::{EdgeFile, edges, read_placed_edges};
use relata_schemas::edges::validate;
use tokio::runtime::Runtime;

use crate::fuzzing::damage::damaged;
use crate::fuzzing::fuzz;

const NAMES: &[&str] = &[
    "src",
    "dst",
    "source",
    "target",
    "id_l",
    "id_r",
    "anchor",
    "positive",
    "negative",
    "weight",
    "match_probability",
    "p",
    "match_weight",
    "label",
    "match",
    "clerical_match_score",
    "source_dataset_l",
    "source_dataset_r",
    "negative_1",
    "negative_2",
    "score",
    "verdict",
    "name_l",
    "name_r",
    "rel",
    "confidence",
    "round",
    "inferred",
    "note",
];

/// Ids of a dataset: none, numbers or texts.
fn lookups() -> Vec<Option<IdLookup>> {
    let ids = IdIndex::RowNumbers(10);
    let texts: HashMap<String, SampleId> = (0..10).map(|id| (format!("s{id}"), SampleId(id))).collect();
    vec![None, Some(IdLookup::of(ids.clone(), None)), Some(IdLookup::of(ids, Some(texts)))]
}

/// Ways to read a file: as it is, and with settings.
fn settings() -> [fn(EdgeFile) -> EdgeFile; 4] {
    [
        |file| file,
        |file| file.ignoring(["score", "verdict", "source_dataset_l", "source_dataset_r"]).skip_unknown().skip_self(),
        |file| {
            let unknown = ["score", "source_dataset_l", "source_dataset_r", "match", "match_weight", "p"];
            file.signs("label").ignoring(unknown).probabilities_as_weights().skip_self()
        },
        |file| file.source_separator("").ignoring(["score", "verdict", "label", "match"]).id_field("id").skip_unknown(),
    ]
}

/// Every edge that comes is a sound one with its place.
fn read(runtime: &Runtime, session: &Session, file: &EdgeFile, ids: Option<&IdLookup>) {
    runtime.block_on(async {
        let Ok(mut edges) = read_placed_edges(file, session, ids).await else { return };
        while let Some(Ok(placed)) = edges.next().await {
            assert_eq!(placed.edges.num_rows(), placed.places.len());
            validate(&placed.edges, 0).unwrap();
        }
    });
}

fn write(path: &Path, batch: &RecordBatch) {
    let mut sink = ParquetSink::create(path, batch.schema()).unwrap();
    sink.write(batch).unwrap();
    sink.finish().unwrap();
}

fn column() -> impl Strategy<Value = ArrayRef> {
    let ids = || vec(weighted(0.95, 0..12_u64), 6);
    let number = || prop_oneof![5 => 0.0..1.0, 1 => select(vec![0.0, -1.0, 1.0, f64::NAN, f64::INFINITY, 1e39])];
    prop_oneof![
        3 => ids().prop_map(|v| Arc::new(UInt64Array::from(v)) as ArrayRef),
        1 => vec(weighted(0.9, any::<i64>()), 6).prop_map(|v| Arc::new(Int64Array::from(v)) as ArrayRef),
        2 => ids().prop_map(|v| Arc::new(StringArray::from_iter(v.iter().map(|v| v.map(|v| format!("s{v}"))))) as ArrayRef),
        1 => vec(weighted(0.9, ".{0,3}"), 6).prop_map(|v| Arc::new(StringArray::from(v)) as ArrayRef),
        2 => vec(weighted(0.95, number()), 6).prop_map(|v| Arc::new(Float64Array::from(v)) as ArrayRef),
        1 => vec(weighted(0.9, any::<bool>()), 6).prop_map(|v| Arc::new(BooleanArray::from(v)) as ArrayRef),
        1 => vec(vec(any::<u8>(), 0..3), 6).prop_map(|v| Arc::new(BinaryArray::from_iter_values(v)) as ArrayRef),
        1 => vec(weighted(0.9, 0..3_i8), 6).prop_map(|keys| {
            let values = StringArray::from(vec![Some("s1"), None, Some("2")]);
            Arc::new(DictionaryArray::<Int8Type>::new(Int8Array::from(keys), Arc::new(values))) as ArrayRef
        }),
    ]
}

#[test]
fn a_damaged_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let parquet = folder.path().join("e.parquet");
    let ids: ArrayRef = Arc::new(UInt64Array::from(vec![0, 1, 2, 3]));
    let more: ArrayRef = Arc::new(UInt64Array::from(vec![4, 5, 6, 7]));
    let rel: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "a", "b"]));
    write(&parquet, &RecordBatch::try_from_iter([("src", ids), ("dst", more), ("rel", rel)]).unwrap());
    let texts = [
        "src,dst,weight,rel,round,inferred\n1,2,1,a,0,false\n3,4,-0.5,,1,true\n",
        "source\ttarget\n4\t1\ns1\ts2\n",
        "anchor,positive,negative,confidence\n1,2,3,0.5\ns1,s2,s3,1\n",
        "id_l,id_r,match_probability\n1,2,0.75\n3,4,0.5\n",
        "src,dst,label,weight\n1,2,match,0.5\n3,4,distinct,0.25\ns1,s2,unsure,\n",
        "{\"match\": [{\"__class__\": \"tuple\", \"__value__\": [{\"id\": 1}, {\"id\": \"s2\"}]}], \"distinct\": [[{\"id\": 3}, {\"id\": 4}]]}",
        "{\"src\": 1, \"dst\": \"3\", \"weight\": 0.5}\n{\"src\": 2, \"dst\": 5, \"weight\": -1}\n",
    ];
    let mut files: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    files.extend(std::iter::repeat_n(std::fs::read(&parquet).unwrap(), 2));
    let names = vec!["e.csv", "e.tsv", "e.jsonl", "e.json", "e.parquet"];
    // The format is mostly that of the file.
    let by_content = |bytes: &[u8]| match bytes {
        [b'P', ..] => "e.parquet",
        [b'{', b'"', b'm', ..] => "e.json",
        [b'{', ..] => "e.jsonl",
        bytes if bytes.contains(&b'\t') => "e.tsv",
        _ => "e.csv",
    };
    let (ids, settings) = (lookups(), settings());
    let session = session();
    fuzz(
        (damaged(files), weighted(0.1, select(names)), 0..ids.len(), 0..settings.len()),
        |(bytes, name, lookup, how)| {
            let path = folder.path().join(name.unwrap_or_else(|| by_content(&bytes)));
            std::fs::write(&path, bytes).unwrap();
            read(&runtime, &session, &settings[how](edges(&path)), ids[lookup].as_ref());
        },
    );
}

#[test]
fn columns_of_every_type_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let path = folder.path().join("e.parquet");
    let ends = select(vec![["src", "dst"], ["id_l", "id_r"], ["anchor", "positive"]]);
    let others = subsequence(NAMES, 0..8);
    let (ids, settings) = (lookups(), settings());
    let session = session();
    fuzz((ends, others, vec(column(), 10), 0..ids.len(), 0..settings.len()), |(ends, others, columns, lookup, how)| {
        let names = ends.into_iter().chain(others.into_iter().filter(|name| !ends.contains(name)));
        write(&path, &RecordBatch::try_from_iter(names.zip(columns)).unwrap());
        read(&runtime, &session, &settings[how](edges(&path)), ids[lookup].as_ref());
    });
}
