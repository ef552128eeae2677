//! CSR graphs that are damaged.

use std::path::Path;

use proptest::prelude::*;
use relata_data::index::Row;
use relata_graph::{Csr, CsrBuilder, Graph, GraphSettings, Groups, statistics};

use crate::fuzzing::damage::damaged;
use crate::fuzzing::fuzz;

fn graph(path: &Path, rows: usize, edges: &[(u32, u32)]) -> Vec<u8> {
    let mut builder = CsrBuilder::create(path, rows);
    edges.iter().for_each(|&(a, b)| builder.count(Row(a), Row(b)));
    let mut places = builder.places();
    edges.iter().for_each(|&(a, b)| places.put(Row(a), Row(b), if (a + b) % 2 == 0 { -1.0 } else { 0.5 }));
    places.finish().unwrap();
    std::fs::read(path).unwrap()
}

/// Whatever a graph is asked for, it answers.
fn read(path: &Path, closure: bool) {
    let Ok(csr) = Csr::open(path) else { return };
    let rows = csr.rows() as u32;
    let entries: usize = (0..rows).map(|row| csr.neighbours(Row(row)).0.len()).sum();
    assert_eq!(entries / 2, csr.edges());
    assert!(csr.iter().all(|(a, b, _)| a.0 < rows && b.0 < rows));
    let settings = GraphSettings { closure, ..GraphSettings::default() };
    let graph = Graph::open(path, Groups::default(), settings).unwrap();
    let some: Vec<Row> = (0..rows.min(40)).map(Row).collect();
    for &row in &some {
        graph.is_related(row);
        graph.relation(row, some[0]);
    }
    graph.has_positive(&some, 2);
    graph.induced(&some, 2);
    statistics(&graph, 0);
}

#[test]
fn a_damaged_graph_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("graph.csr");
    let ring: Vec<_> = (0..50).map(|row| (row, (row + 1) % 50)).collect();
    let files = vec![
        graph(&path, 5, &[(0, 3), (1, 3), (2, 4)]),
        graph(&path, 50, &ring),
        graph(&path, 2, &[]),
        graph(&path, 0, &[]),
    ];
    // Where there is no checksum, which would find it first.
    let elsewhere = tempfile::tempdir().unwrap();
    let path = elsewhere.path().join("graph.csr");
    fuzz((damaged(files), any::<bool>()), |(bytes, closure)| {
        std::fs::write(&path, bytes).unwrap();
        read(&path, closure);
    });
}
