//! Train stage: a model by gradient descent or in closed form.

use std::sync::Arc;

use relata_data::sink::{read_verified, write_sealed};
use relata_graph::Graph;
use relata_train::TrainError;
use relata_train::closed_form::{ClosedForm, Solution, ViewGraph};
use relata_train::encoder::Architecture;
use relata_train::fit::Fit;
use relata_train::learner::Head;
use relata_train::loss::GraphLoss;
use relata_train::training::{Checkpoints, MetricRow, Training, TrainingOutcome};

use super::context::StageContext;
use super::model::Embedder;
use super::spec::{Spec, Trainer};
use crate::error::Result;
use crate::store::{Artifact, Run};

/// How long to train, and from where.
pub(super) struct Amount {
    /// Epochs.
    pub epochs: u64,
    /// Added to the seed of batches and views, so that rounds do not repeat each other.
    pub round: u64,
    /// The run whose model training goes on with; none for fresh weights.
    pub from: Option<Run>,
}

impl Amount {
    /// All that the pipeline asks for, from fresh weights.
    pub fn whole(spec: &Spec) -> Self {
        let epochs = match &spec.trainer {
            Trainer::Gradient { fit, .. } => fit.epoch_count(),
            Trainer::ClosedForm(_) => 0,
        };
        Self { epochs, round: 0, from: None }
    }
}

/// A model and what was measured while it was trained.
pub(super) struct Learned {
    pub model: Embedder,
    pub metrics: Vec<MetricRow>,
}

impl StageContext<'_> {
    /// Whether the graph has a positive among what is trained on, without which there is nothing to learn.
    pub fn can_learn(&self, graph: &Graph) -> bool {
        graph.has_positive(&self.rows, self.spec.views().count())
    }

    /// Trains on a graph in the folder of `run`.
    pub fn train(&self, run: &Run, graph: Arc<Graph>, amount: Amount) -> Result<Learned> {
        match &self.spec.trainer {
            Trainer::Gradient { architecture, loss, fit } => {
                let fit = fit.clone().for_epochs(amount.epochs).seed(fit.seed_value() + amount.round);
                self.fit(run, graph, &**architecture, loss, &fit, amount.from.as_ref())
            }
            Trainer::ClosedForm(settings) => self.solve(run, &graph, settings),
        }
    }

    fn fit(
        &self,
        run: &Run,
        graph: Arc<Graph>,
        architecture: &dyn Architecture,
        loss: &Arc<dyn GraphLoss>,
        fit: &Fit,
        from: Option<&Run>,
    ) -> Result<Learned> {
        if !loss.uses_negatives() && graph.has_negative() {
            let name = loss.describe().name;
            self.reporter
                .note("train", &format!("the graph has known negatives, which the loss `{name}` does not use"));
        }
        let shape = self.samples.features.shape();
        let (width, projected) = architecture.widths(shape)?;
        let mut learner = architecture.learner(shape, loss.clone(), fit)?;
        let checkpoints = Checkpoints::new(&run.path(Artifact::Checkpoints));
        let latest = checkpoints.latest()?;
        if let Some(text) = latest.as_ref().and_then(|latest| checkpoints.other_instructions(latest)) {
            self.reporter.note("train", &text);
        }
        let before = from.map(Run::folder).or(fit.start());
        if let (None, Some(before)) = (&latest, before) {
            let before = Checkpoints::of_run(before);
            if let Some(checkpoint) = before.latest()? {
                before.load(&checkpoint, &mut *learner, false)?;
            }
        }
        let trained = match latest.filter(|checkpoint| checkpoint.step == checkpoint.total_steps) {
            Some(checkpoint) => {
                self.reporter.found("train");
                checkpoints.load(&checkpoint, &mut *learner, false)?;
                TrainingOutcome { steps: checkpoint.step, resumed_at: checkpoint.step, metrics: checkpoint.metrics }
            }
            None => {
                let training = Training {
                    features: self.samples.features.clone(),
                    graph,
                    views: Arc::new(self.spec.views().reseeded(fit.seed_value())),
                    rows: self.rows.clone(),
                    fit,
                    checkpoints,
                    stop: self.spec.cancel.flag(),
                };
                let stage = self.reporter.stage("train", training.steps(), "steps");
                let mut last = String::new();
                let trained = training.run(&mut *learner, width, &mut |progress| {
                    last = format!(
                        "loss {:.4}, {:.0} samples/s, waiting for data {:.0}%",
                        progress.loss,
                        progress.samples_per_second,
                        100.0 * progress.stall
                    );
                    stage.at(progress.step, &last);
                })?;
                let from =
                    if trained.resumed_at > 0 { format!(", resumed at {}", trained.resumed_at) } else { String::new() };
                stage.finish(trained.steps - trained.resumed_at, &format!("{last}{from}"));
                trained
            }
        };
        let head = self.spec.head;
        let width = match head {
            Head::Encoder => width,
            Head::Projector => projected,
        };
        Ok(Learned { model: Embedder::Encoder { learner, width, head }, metrics: trained.metrics })
    }

    fn solve(&self, run: &Run, graph: &Graph, settings: &ClosedForm) -> Result<Learned> {
        let path = run.path(Artifact::Solution);
        let solution = if path.exists() {
            self.reporter.found("solve");
            Solution::from_bytes(&read_verified(&path)?)?
        } else {
            let (rows, views) = (self.rows.len(), self.spec.views().count());
            if rows < 2 {
                return Err(TrainError::TooFewRows { rows }.into());
            }
            if !self.can_learn(graph) {
                return Err(TrainError::NoPositive { rows, views }.into());
            }
            self.unless_cancelled("solve")?;
            let stage = self.reporter.stage("solve", self.rows.len() as u64, "rows");
            let features = &self.samples.features;
            let mut train = Vec::new();
            self.spec.views().write_batch(features, &self.rows, 0, &mut train).map_err(TrainError::from)?;
            let ViewGraph { edges, diagonal } = settings.view_graph(graph, &self.rows, views);
            let prepared = settings.prepare(train, features.shape().len())?;
            let solution = prepared.solve_with_diagonal(&edges, &diagonal)?;
            write_sealed(&path, &solution.to_bytes()?)?;
            stage.finish(self.rows.len() as u64, "");
            solution
        };
        Ok(Learned { model: Embedder::Solution(solution), metrics: vec![] })
    }
}
