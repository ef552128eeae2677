//! Specification of a run: what a pipeline was told, checked in one place before any work starts.

use relata_registry::Description;
use std::path::PathBuf;
use std::sync::Arc;

use relata_active::ask::Asking;
use relata_data::source::Dataset;
use relata_data::view::{Augment, Views, identity};
use relata_graph::GraphSettings;
use relata_oracle::Oracle;
use relata_schemas::FeatureShape;
use relata_train::TrainError;
use relata_train::closed_form::ClosedForm;
use relata_train::fit::{Architecture, Checkpoints, Fit, Head};
use relata_train::loss::GraphLoss;
use serde_json::{Value, json};

use crate::cancel::Cancel;
use crate::error::{PipelineError, Result};
use crate::evaluate::{EvaluateError, Evaluation};
use crate::progress::Progress;

/// How embeddings are learned.
pub(crate) enum Trainer {
    /// Stochastic gradient descent on a graph loss.
    Gradient { architecture: Box<dyn Architecture>, loss: Arc<dyn GraphLoss>, fit: Fit },
    /// The exact optimum.
    ClosedForm(ClosedForm),
}

/// All stages of a pipeline.
pub(crate) struct Spec {
    pub dataset: Dataset,
    pub training: Option<String>,
    pub views: Option<(usize, Arc<dyn Augment>)>,
    pub oracles: Vec<Box<dyn Oracle>>,
    /// The oracles that are asked; more than one is refused.
    pub asks: Vec<(Box<dyn Oracle>, Asking)>,
    /// The seed of what is random beside the training, if it was given.
    pub seed: Option<u64>,
    pub settings: GraphSettings,
    pub trainer: Trainer,
    pub head: Head,
    pub evaluations: Vec<Box<dyn Evaluation>>,
    pub folder: PathBuf,
    pub progress: Arc<dyn Progress>,
    pub cancel: Cancel,
}

impl Spec {
    /// Refuses settings that make no sense.
    pub fn check(&self) -> Result<()> {
        self.oracles.iter().try_for_each(|oracle| oracle.check())?;
        if self.asks.len() > 1 {
            let oracles = self.asks.iter().map(|(oracle, _)| oracle.describe().name).collect();
            return Err(PipelineError::SeveralAsks { oracles });
        }
        if let Some((oracle, asking)) = self.ask() {
            oracle.check()?;
            asking.check()?;
        }
        match &self.trainer {
            Trainer::Gradient { loss, fit, .. } => {
                loss.check().map_err(TrainError::from)?;
                fit.check()?;
            }
            Trainer::ClosedForm(settings) => settings.check()?,
        }
        Ok(())
    }

    /// Refuses views and encoders that cannot take samples of this shape.
    pub fn check_shape(&self, shape: &FeatureShape) -> Result<()> {
        self.views().check(shape)?;
        if let Trainer::Gradient { architecture, .. } = &self.trainer {
            architecture.widths(shape)?;
        }
        Ok(())
    }

    /// Refuses evaluations of label columns that are not among these columns of the dataset.
    pub fn check_labels(&self, columns: &[String]) -> Result<()> {
        let missing = self.evaluations.iter().find(|evaluation| !columns.iter().any(|name| name == evaluation.label()));
        missing.map_or(Ok(()), |evaluation| {
            let (path, column) = (self.dataset.name().into(), evaluation.label().to_owned());
            Err(EvaluateError::MissingColumn { path, column, role: "label", columns: columns.to_vec() }.into())
        })
    }

    /// The oracle that is asked, and how.
    pub fn ask(&self) -> Option<&(Box<dyn Oracle>, Asking)> {
        self.asks.first()
    }

    /// The seed of strategies and of oracles that draw: that of the pipeline, else that of the training.
    pub fn seed(&self) -> u64 {
        self.seed.unwrap_or(self.training_seed())
    }

    fn training_seed(&self) -> u64 {
        match &self.trainer {
            Trainer::Gradient { fit, .. } => fit.seed_value(),
            Trainer::ClosedForm(_) => 0,
        }
    }

    /// The views; one, unchanged, if none were asked for.
    pub fn views(&self) -> Views {
        match &self.views {
            Some((count, augment)) => Views::new(*count, augment.clone(), self.training_seed()),
            None => Views::new(1, identity(), self.training_seed()),
        }
    }

    /// Every stage with its settings.
    pub fn describe(&self) -> Description {
        let train = match &self.trainer {
            Trainer::Gradient { architecture, loss, fit } => {
                Description::new(architecture.describe()).with("loss", loss.describe()).with("fit", fit.describe())
            }
            Trainer::ClosedForm(settings) => settings.describe(),
        };
        let ask = self.ask().map(
            |(oracle, asking)| json!({ "oracle": oracle.describe(), "cost": oracle.cost(), "how": asking.describe() }),
        );
        let mut stages = json!({
            "read": self.dataset.describe(),
            "train_on": self.training,
            "views": self.views().describe(),
            "relate": self.oracles.iter().map(|oracle| oracle.describe()).collect::<Vec<_>>(),
            "resolve": { "policy": self.settings.policy, "infer": self.settings.closure },
            "train": train,
            "embed": self.head,
            "evaluate": self.evaluations.iter().map(|e| e.describe()).collect::<Vec<_>>(),
        });
        // What was not said is not there, so that runs of before it could be said keep their plans.
        let optional = [("ask", ask), ("seed", self.seed.map(Value::from))];
        if let Some(stages) = stages.as_object_mut() {
            stages.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        }
        stages
    }

    /// Path, length and hash of every input file.
    pub fn fingerprints(&self) -> Result<Vec<(PathBuf, u64, u64)>> {
        let mut found = self.dataset.fingerprint()?;
        let oracles = self.oracles.iter().chain(self.asks.iter().map(|ask| &ask.0));
        let mut files: Vec<PathBuf> = oracles.flat_map(|oracle| oracle.files()).collect();
        if let Trainer::Gradient { fit, .. } = &self.trainer {
            // The pointer to the latest checkpoint holds the hash of its weights.
            files.extend(fit.start().map(|run| Checkpoints::of_run(run).latest_path()));
        }
        found.extend(relata_data::source::fingerprint(files)?);
        Ok(found)
    }
}
