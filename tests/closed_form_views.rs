//! The closed form on views: what a pipeline says is the optimum that the matrix of its graph has.

use std::path::Path;
use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::Float32Type;
use relata::prelude::*;
use relata_data::index::Row;
use relata_data::source::Samples;
use relata_data::view::Views;
use relata_graph::InducedEdges;
use relata_train::closed_form::ClosedForm;

use crate::data;

const ROWS: usize = 60;
const ALPHA: f32 = 0.25;

/// Rows on circles of three classes, a third of which has a label.
fn samples(folder: &Path) -> std::path::PathBuf {
    let line = |row: usize| {
        let (radius, angle) = ((row % 3 + 1) as f64, row as f64 * 0.7);
        let label = if row % 9 < 3 { (row % 3).to_string() } else { String::new() };
        format!("{row},{},{},{label}\n", radius * angle.cos(), radius * angle.sin())
    };
    let text: String = (0..ROWS).map(line).collect();
    data::text_file(folder, "samples.csv", &format!("id,x,y,label\n{text}"))
}

/// (1 - alpha) times the graph of views plus alpha times that of labels, as a pipeline.
fn solved(folder: &Path, settings: ClosedForm, seed: u64) -> (Run, Vec<f32>) {
    let read = Pipeline::read(csv(samples(folder)).feature_columns(["x", "y"])).seed(seed).views(2, noise(0.1));
    let mixed = read.relate(same_sample().weighted(1.0 - ALPHA)).relate(same_label("label").weighted(ALPHA));
    let run = mixed.solve(settings).write(folder.join(format!("run {seed}"))).run().unwrap();
    let table = data::read_parquet(&run.embeddings());
    let embedding = table["embedding"].as_fixed_size_list().values().as_primitive::<Float32Type>().values().to_vec();
    (run, embedding)
}

/// The same by the matrix, entry by entry.
fn expected(run: &Run, settings: ClosedForm, first_views: bool, seed: u64) -> Vec<f32> {
    let samples = Samples::open(run.folder()).unwrap();
    let rows: Vec<Row> = (0..ROWS as u32).map(Row).collect();
    let mut views = Vec::new();
    Views::new(2, Arc::new(noise(0.1)), seed).write_batch(&samples.features, &rows, 0, &mut views).unwrap();
    let labelled = |node: usize| node % ROWS % 9 < 3 && (node < ROWS || !first_views);
    let weight = |a: usize, b: usize| {
        let views = if a % ROWS == b % ROWS { 1.0 - ALPHA } else { 0.0 };
        views + if labelled(a) && labelled(b) && a % 3 == b % 3 { ALPHA } else { 0.0 }
    };
    let mut edges = InducedEdges { nodes: 2 * ROWS, ..Default::default() };
    for (a, b) in (0..2 * ROWS).flat_map(|a| (a + 1..2 * ROWS).map(move |b| (a, b))) {
        if weight(a, b) != 0.0 {
            edges.push(a, b, weight(a, b));
        }
    }
    let diagonal: Vec<f64> = (0..2 * ROWS).map(|node| weight(node, node).into()).collect();
    let prepared = settings.prepare(views, 2).unwrap();
    let mut features = vec![0.0; ROWS * 2];
    features.chunks_exact_mut(2).zip(&rows).for_each(|(out, &row)| samples.features.read(row, out).unwrap());
    prepared.solve_with_diagonal(&edges, &diagonal).unwrap().embed(&features)
}

#[test]
fn a_mixed_graph_of_views_and_labels_is_one_pipeline() {
    let folder = tempfile::tempdir().unwrap();
    for (name, first_views) in [("all", false), ("first", true)] {
        let at = folder.path().join(name);
        std::fs::create_dir(&at).unwrap();
        let settings = closed_form(Kernel::Laplace { width: 1.0 }, 4).with_cutoff(None);
        let settings = if first_views { settings.on_first_views() } else { settings };
        let (run, found) = solved(&at, settings.clone(), 3);
        let expected = expected(&run, settings.clone(), first_views, 3);
        assert_eq!(found.len(), expected.len());
        let largest = expected.iter().fold(0.0f32, |most, v| most.max(v.abs()));
        for (found, expected) in found.iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-4 * largest, "{name}: {found} instead of {expected}");
        }
        // Other views, another optimum; the same seed, the same.
        assert_ne!(solved(&at, settings.clone(), 4).1, found);
        std::fs::remove_dir_all(at.join("run 3")).unwrap();
        assert_eq!(solved(&at, settings, 3).1, found);
    }
}
