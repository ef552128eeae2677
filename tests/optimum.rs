//! A linear encoder reaches the exact optimum of the spectral loss, which linear algebra gives.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::Float32Type;
use faer::{Mat, Side};
use relata::data::index::Row;
use relata::prelude::*;
use relata_graph::InducedEdges;
use relata_train::loss::score;

use crate::data;

/// Width of the embedding: more than the nine directions that ten classes can differ in.
const WIDTH: usize = 10;

/// `- sum_{k <= K} max(l_k, 0)^2` over the eigenvalues of `S^{-1/2} C S^{-1/2}`, where S is the second moment of the
/// samples and C their moment over edges.
fn least_loss(samples: &[f32], features: usize, edges: &InducedEdges) -> f64 {
    let rows = edges.nodes;
    let x = Mat::from_fn(rows, features, |i, k| f64::from(samples[i * features + k]));
    let mut pulled = Mat::<f64>::zeros(rows, features);
    let mut total = 0.0;
    for at in 0..edges.len() {
        let (i, j, w) = (edges.src[at] as usize, edges.dst[at] as usize, f64::from(edges.weight[at]));
        total += w.abs();
        for k in 0..features {
            pulled[(i, k)] += w * x[(j, k)];
            pulled[(j, k)] += w * x[(i, k)];
        }
    }
    let moment = x.transpose() * &x * faer::Scale(1.0 / rows as f64);
    let edge_moment = x.transpose() * &pulled * faer::Scale(0.5 / total);
    let decomposition = moment.self_adjoint_eigen(Side::Lower).unwrap();
    let (vectors, values) = (decomposition.U(), decomposition.S().column_vector());
    // Pixels that are always 0 have no moment, and no say in the loss.
    let kept: Vec<usize> = (0..features).filter(|&k| values[k] > 1e-9 * values[features - 1]).collect();
    let whiten = Mat::from_fn(features, kept.len(), |i, k| vectors[(i, kept[k])] / values[kept[k]].sqrt());
    let b = whiten.transpose() * edge_moment * &whiten;
    let mut eigenvalues: Vec<f64> = b.self_adjoint_eigenvalues(Side::Lower).unwrap();
    eigenvalues.sort_by(|a, b| b.total_cmp(a));
    -eigenvalues.iter().take(WIDTH).map(|l| l.max(0.0).powi(2)).sum::<f64>()
}

#[tokio::test]
async fn a_linear_encoder_reaches_the_least_spectral_loss() {
    let folder = tempfile::tempdir().unwrap();
    let optimiser = adamw(3e-2).with_weight_decay(0.0);
    let fit = Fit::epochs(300).batch(2000).optimiser(optimiser).schedule(Schedule::cosine(0.05)).allow_collapse();
    let run = Pipeline::read(parquet(data::digits()))
        .relate(same_label("label"))
        .train(linear(WIDTH), spectral_contrastive(), fit.seed(1).device(DeviceChoice::Cpu))
        .write(folder.path())
        .run_async()
        .await
        .unwrap();

    let samples = run.samples().unwrap();
    let table = data::read_parquet(&run.embeddings());
    let splits = arrow::compute::cast(&table["split"], &arrow::datatypes::DataType::Utf8).unwrap();
    let splits = splits.as_string::<i32>();
    let rows = (0..table.num_rows() as u32).map(Row);
    let rows: Vec<Row> = rows.filter(|row| splits.value(row.index()) == "train").collect();
    let edges = Arc::new(run.graph(&samples).unwrap()).induced(&rows, 1);
    let features = samples.features.shape().len();
    let mut train = vec![0.0; rows.len() * features];
    let mut embedded = Vec::with_capacity(rows.len() * WIDTH);
    for (&row, sample) in rows.iter().zip(train.chunks_exact_mut(features)) {
        samples.features.read(row, sample).unwrap();
        let vector = table["embedding"].as_fixed_size_list().value(row.index());
        embedded.extend_from_slice(vector.as_primitive::<Float32Type>().values());
    }
    let least = least_loss(&train, features, &edges);
    let device = DeviceChoice::Cpu.open().unwrap();
    let found = score(&spectral_contrastive(), embedded, WIDTH, &edges, &device).value;
    assert!(least < -5.0 && (found / least - 1.0).abs() < 0.01, "{found} instead of {least}");
}
