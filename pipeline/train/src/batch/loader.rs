//! Batch loader: prepares batches on a thread of its own, a few ahead of the training loop, always in the same order.

use std::ops::Range;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use crossbeam_channel::{Receiver, bounded};
use relata_data::feature_store::FeatureStore;
use relata_data::sample_batch::{SampleBatch, SampleContent};
use relata_data::view::Views;
use relata_graph::{Graph, InducedEdges};

use super::sampler::Sampler;
use crate::error::{Result, TrainError};

/// Batches prepared ahead.
const AHEAD: usize = 3;

/// What one training step sees.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The epoch, from 0.
    pub epoch: u64,
    /// Samples in the batch; it has `views` nodes for each.
    pub samples: usize,
    /// Features of all nodes, `[edges.nodes, features]`, first views first.
    pub nodes: SampleBatch,
    /// Every known relation among the nodes.
    pub edges: InducedEdges,
}

/// A running thread that prepares batches; dropping it stops the thread.
#[derive(Debug)]
pub struct Loader {
    batches: Option<Receiver<Result<Batch>>>,
    thread: Option<JoinHandle<()>>,
}

impl Loader {
    /// Starts preparing the batches of the given steps (counted over all epochs).
    pub fn start(
        features: FeatureStore,
        graph: Arc<Graph>,
        views: Arc<Views>,
        sampler: Sampler,
        content: SampleContent,
        steps: Range<u64>,
    ) -> Result<Self> {
        let (sender, batches) = bounded(AHEAD);
        let work = move || {
            let per_epoch = sampler.steps_per_epoch();
            for epoch in steps.start / per_epoch..steps.end.div_ceil(per_epoch) {
                for (step, rows) in (epoch * per_epoch..).zip(sampler.epoch(epoch)) {
                    if !steps.contains(&step) {
                        continue;
                    }
                    let batch = views.batch(&features, &rows, epoch, content).map(|nodes| {
                        let edges = graph.induced(&rows, views.count());
                        Batch { epoch, samples: rows.len(), nodes, edges }
                    });
                    let failed = batch.is_err();
                    if sender.send(batch.map_err(TrainError::from)).is_err() || failed {
                        return;
                    }
                }
            }
        };
        let thread = Builder::new().name("relata-batches".to_owned()).spawn(work);
        let thread = thread.map_err(|e| TrainError::setting("batches", "thread", "started", e))?;
        Ok(Self { batches: Some(batches), thread: Some(thread) })
    }

    /// The next batch; none after the last step, or after an error: a picture that cannot be read any more.
    pub fn next_batch(&mut self) -> Result<Option<Batch>> {
        match self.batches.as_ref().and_then(|batches| batches.recv().ok()) {
            Some(batch) => batch.map(Some),
            None => Ok(None),
        }
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        // Closing the channel makes the thread's next send fail, after which it ends.
        drop(self.batches.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
