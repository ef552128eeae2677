//! Training: single steps of an MLP and of ResNet-18, and a whole run of a small CNN with its views.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use relata::prelude::{EncoderSpec, Schedule};
use relata::prelude::{Fit, GraphLoss, adamw, convnet, mlp, nt_xent, resnet18, vicreg};
use relata_data::index::Row;
use relata_graph::{CsrBuilder, Graph, GraphSettings, Groups};
use relata_schemas::{Element, FeatureShape};
use relata_train::encoder::{Architecture, IntoArchitecture};
use relata_train::training::{Checkpoints, Training};

use crate::views::two_views;
use crate::{Done, Result, Work, data};

/// Steps of AdamW with two views of `batch` samples of this shape, whose values come from a file of floats.
fn steps(
    architecture: Box<dyn Architecture>,
    loss: Arc<dyn GraphLoss>,
    shape: FeatureShape,
    batch: usize,
    count: usize,
    values: &Path,
    folder: &Path,
) -> Result<Work> {
    let values = data::floats(values)?[..2 * batch * shape.len()].to_vec();
    let mut learner = architecture.learner(&shape, loss, &Fit::epochs(1).optimiser(adamw(1e-3)))?;
    let rows: Vec<Row> = (0..batch as u32).map(Row).collect();
    let edges = views_only(folder, batch)?.induced(&rows, 2);
    Ok(Box::new(move || {
        let mut last = 0.0;
        for _ in 0..count {
            last = learner.step(values.clone().into(), &edges, 1e-3, false).loss;
        }
        Ok(Done { units: (count * batch) as f64, check: last })
    }))
}

/// A graph in which only the views of a sample are related.
fn views_only(folder: &Path, rows: usize) -> Result<Graph> {
    let csr = CsrBuilder::create(&folder.join(format!("no_edges_{rows}.csr")), rows).places().finish()?;
    Ok(Graph::new(GraphSettings { views: 1.0, ..Default::default() }, csr, Groups::default()))
}

/// An MLP 784-512-512-128 with batch norm and VICReg, 512 samples a batch.
pub fn mlp_steps(folder: &Path) -> Result<Work> {
    let shape = FeatureShape::vector(784);
    let values = folder.join("mlp.f32");
    steps(mlp([512, 512, 128]).into_architecture(), Arc::new(vicreg()), shape, 512, 20, &values, folder)
}

/// ResNet-18 on 32 x 32 images with NT-Xent, 64 samples a batch.
pub fn resnet_steps(folder: &Path) -> Result<Work> {
    let shape = FeatureShape::image(3, 32, 32, Element::F32);
    let architecture = resnet18().project([256, 128]).into_architecture();
    steps(architecture, Arc::new(nt_xent(0.5)), shape, 64, 2, &folder.join("resnet.f32"), folder)
}

/// An epoch of the CNN over Fashion-MNIST with NT-Xent, 256 samples a batch: views, steps, and the checkpoint at the end.
pub fn cnn_run(folder: &Path) -> Result<Work> {
    let features = data::images(folder)?;
    let rows = Arc::new((0..features.rows() as u32).map(Row).collect::<Vec<_>>());
    let graph = Arc::new(views_only(folder, rows.len())?);
    let fit = Fit::epochs(1).batch(256).optimiser(adamw(3e-3)).schedule(Schedule::cosine(0.3));
    let architecture = convnet().project([256, 128]).into_architecture();
    let (width, _) = architecture.widths(features.shape())?;
    Ok(Box::new(move || {
        let folder = tempfile::tempdir()?;
        let mut learner = architecture.learner(features.shape(), Arc::new(nt_xent(0.5)), &fit)?;
        let stop = AtomicBool::new(false);
        let training = Training {
            features: features.clone(),
            graph: graph.clone(),
            views: Arc::new(two_views()),
            rows: rows.clone(),
            fit: &fit,
            checkpoints: Checkpoints::new(folder.path()),
            stop: &stop,
        };
        let mut loss = 0.0;
        let trained = training.run(&mut *learner, width, &mut |progress| loss = progress.loss)?;
        Ok(Done { units: (trained.steps * 256) as f64, check: loss })
    }))
}
