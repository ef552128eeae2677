//! Specification of a run: what a pipeline was told, checked in one place before any work starts.

use std::path::PathBuf;
use std::sync::Arc;

use relata_active::ActiveError;
use relata_active::query_loop::AskConfig;
use relata_data::source::Dataset;
use relata_data::view::{Augment, Views, identity};
use relata_decide::candidates::Candidates;
use relata_decide::decision::{ClassDecision, Decision, EntityDecision};
use relata_graph::GraphSettings;
use relata_oracle::{Oracle, OracleError};
use relata_registry::Description;
use relata_schemas::FeatureShape;
use relata_train::TrainError;
use relata_train::closed_form::ClosedForm;
use relata_train::encoder::Architecture;
use relata_train::fit::Fit;
use relata_train::learner::Head;
use relata_train::loss::GraphLoss;
use relata_train::training::Checkpoints;
use serde_json::Value;

use crate::cancel::Cancel;
use crate::error::{PipelineError, Result};
use crate::evaluate::{EvaluateError, Evaluation};
use crate::progress::{Progress, Silent};
use crate::registries::{ENCODERS, EVALUATIONS, LOSSES, ORACLES, ReadError, SOURCES, STRATEGIES, VIEWS};
use crate::store::{OracleAskPlan, Plan, ResolvePlan, TrainPlan, ViewsPlan};

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
    pub asks: Vec<(Box<dyn Oracle>, AskConfig)>,
    /// The seed of what is random beside the training, if it was given.
    pub seed: Option<u64>,
    pub settings: GraphSettings,
    /// Whether oracles are weighed by how often they are right, as far as their agreement shows.
    pub weigh_by_agreement: bool,
    pub trainer: Trainer,
    pub head: Head,
    /// Where pairs come from, if it was said.
    pub candidates: Option<Candidates>,
    /// The column of sources, across which rows are linked.
    pub link: Option<String>,
    pub decide: Option<Decision>,
    pub evaluations: Vec<Box<dyn Evaluation>>,
    pub folder: PathBuf,
    /// Where sorts and joins spill to; none for the run folder.
    pub spill: Option<PathBuf>,
    pub progress: Arc<dyn Progress>,
    pub cancel: Cancel,
}

impl Spec {
    /// Refuses settings that make no sense.
    pub fn check(&self) -> Result<()> {
        for oracle in &self.oracles {
            oracle.check()?;
            oracle.check_relate()?;
        }
        if self.asks.len() > 1 {
            let oracles = self.asks.iter().map(|(oracle, _)| oracle.name()).collect();
            return Err(PipelineError::SeveralAsks { oracles });
        }
        if let Some((oracle, config)) = self.ask() {
            oracle.check()?;
            oracle.check_answer()?;
            config.check()?;
            let named =
                self.decide.as_ref().and_then(Decision::classes).is_some_and(|it| it.names_asked_for().is_some());
            if named && !oracle.can_name() {
                return Err(OracleError::cannot_name(oracle.name()).into());
            }
            let audits = self.entities().is_some_and(|decision| decision.audit_questions().is_some());
            if config.units() == 0.0 && !audits {
                return Err(ActiveError::setting("ask", "budget", "above 0", 0).into());
            }
        }
        match &self.trainer {
            Trainer::Gradient { loss, fit, .. } => {
                loss.check().map_err(TrainError::from)?;
                fit.check()?;
            }
            Trainer::ClosedForm(settings) => settings.check()?,
        }
        if let Some(candidates) = &self.candidates {
            candidates.check()?;
        }
        if let Some(decision) = &self.decide {
            decision.check()?;
        }
        self.check_used()
    }

    /// Refuses views and encoders that cannot take samples of this shape.
    pub fn check_shape(&self, shape: &FeatureShape) -> Result<()> {
        self.views().check(shape)?;
        if let Trainer::Gradient { architecture, .. } = &self.trainer {
            architecture.widths(shape)?;
        }
        Ok(())
    }

    /// Refuses a trainer that needs more training rows than these.
    pub fn check_rows(&self, rows: usize) -> Result<()> {
        match &self.trainer {
            // Fewer than two rows are an error of their own.
            Trainer::ClosedForm(settings) if rows > 1 => Ok(settings.check_rows(rows * self.views().count())?),
            _ => Ok(()),
        }
    }

    /// Refuses labels and names in columns that are not among these columns of the dataset.
    pub fn check_labels(&self, columns: &[String]) -> Result<()> {
        let labels = self.evaluations.iter().map(|evaluation| (evaluation.label(), "label"));
        let mut read = labels.chain(self.names().map(|column| (column, "names")));
        let missing = read.find(|(column, _)| !columns.iter().any(|name| name == column));
        missing.map_or(Ok(()), |(column, role)| {
            let (path, column) = (self.dataset.name().into(), column.to_owned());
            Err(EvaluateError::MissingColumn { path, column, role, columns: columns.to_vec() }.into())
        })
    }

    /// The columns that oracles and evaluations read, each with the reason why it is no feature: it would give the answer
    /// away.
    pub fn columns_read(&self) -> Vec<(String, String)> {
        let evaluations = self.evaluations.iter().map(|one| (one.label().to_owned(), one.describe().name));
        let oracles = self.oracles.iter().chain(self.asks.iter().map(|ask| &ask.0)).map(|oracle| oracle.describe());
        let oracles =
            oracles.flat_map(|about| columns_of(&about).into_iter().map(move |column| (column, about.name.clone())));
        let link = self.link.iter().map(|column| (column.clone(), "link".to_owned()));
        let names = self.names().map(|column| (column.to_owned(), "classes".to_owned()));
        oracles
            .chain(evaluations)
            .chain(link)
            .chain(names)
            .map(|(column, reader)| (column, format!("read by `{reader}`")))
            .collect()
    }

    /// The oracle that is asked, and how.
    pub fn ask(&self) -> Option<&(Box<dyn Oracle>, AskConfig)> {
        self.asks.first()
    }

    /// The decision about entities, if there is to be one.
    pub fn entities(&self) -> Option<&EntityDecision> {
        self.decide.as_ref().and_then(Decision::entities)
    }

    /// The column of names of classes, if they are to be decided about.
    fn names(&self) -> Option<&str> {
        self.decide.as_ref().and_then(Decision::classes).and_then(ClassDecision::names_column)
    }

    /// The seed of strategies and of oracles that draw: that of the pipeline, else that of the training.
    pub fn seed(&self) -> u64 {
        self.seed.unwrap_or(self.training_seed())
    }

    fn training_seed(&self) -> u64 {
        match &self.trainer {
            Trainer::Gradient { fit, .. } => fit.seed_value(),
            Trainer::ClosedForm(_) => self.seed.unwrap_or_default(),
        }
    }

    /// The views; one, unchanged, if none were asked for.
    pub fn views(&self) -> Views {
        match &self.views {
            Some((count, augment)) => Views::new(*count, augment.clone(), self.training_seed()),
            None => Views::new(1, identity(), self.training_seed()),
        }
    }

    /// Every stage with its settings, without the inputs.
    pub fn plan(&self) -> Plan {
        let (train, solve) = match &self.trainer {
            Trainer::Gradient { architecture, loss, fit } => {
                let (encoder, loss) = (architecture.describe(), loss.describe());
                (Some(TrainPlan { encoder, loss, fit: fit.clone() }), None)
            }
            Trainer::ClosedForm(settings) => (None, Some(settings.clone())),
        };
        let view = match &self.views {
            Some((_, augment)) => augment.describe(),
            None => identity().describe(),
        };
        Plan {
            version: Plan::VERSION.to_owned(),
            read: self.dataset.plan(),
            train_on: self.training.clone(),
            seed: self.seed,
            views: ViewsPlan { count: self.views().count(), view },
            relate: self.oracles.iter().map(|oracle| oracle.describe()).collect(),
            resolve: ResolvePlan {
                policy: self.settings.policy,
                infer: self.settings.closure,
                weigh_by_agreement: self.weigh_by_agreement,
            },
            ask: self.ask().map(|(oracle, config)| OracleAskPlan {
                oracle: oracle.describe(),
                cost: oracle.cost(),
                config: config.plan().clone(),
            }),
            train,
            solve,
            embed: self.head,
            candidates: self.candidates.clone(),
            link: self.link.clone(),
            decide: self.decide.clone(),
            evaluate: self.evaluations.iter().map(|evaluation| evaluation.describe()).collect(),
            extends: None,
            inputs: vec![],
        }
    }

    /// What a plan asks for, made of built-in components; those of others are errors that name them.
    pub fn from_plan(plan: &Plan) -> Result<Self> {
        if let Some(extends) = &plan.extends {
            return Err(PipelineError::Extended { run: extends.run.clone() });
        }
        let trainer = match (&plan.train, &plan.solve) {
            (Some(TrainPlan { encoder, loss, fit }), None) => Trainer::Gradient {
                architecture: ENCODERS.read(encoder)?,
                loss: LOSSES.read(loss)?.into(),
                fit: fit.clone(),
            },
            (None, Some(settings)) => Trainer::ClosedForm(settings.clone()),
            (Some(_), Some(_)) | (None, None) => return Err(PipelineError::PlanWithoutTrainer),
        };
        let views = match (&plan.views.count, plan.views.view.name.as_str()) {
            (1, "identity") => None,
            (&count, _) => Some((count, VIEWS.read(&plan.views.view)?.into())),
        };
        let asks = plan.ask.iter().map(|ask| {
            let config = AskConfig::from_plan(ask.config.clone(), &STRATEGIES)?;
            Ok((ORACLES.read(&ask.oracle)?, config))
        });
        Ok(Self {
            dataset: Dataset::from_plan(&plan.read, &SOURCES)?,
            training: plan.train_on.clone(),
            views,
            oracles: plan.relate.iter().map(|oracle| ORACLES.read(oracle)).collect::<Result<_, ReadError>>()?,
            asks: asks.collect::<Result<_, ReadError>>()?,
            seed: plan.seed,
            settings: GraphSettings { policy: plan.resolve.policy, closure: plan.resolve.infer, ..Default::default() },
            weigh_by_agreement: plan.resolve.weigh_by_agreement,
            trainer,
            head: plan.embed,
            candidates: plan.candidates.clone(),
            link: plan.link.clone(),
            decide: plan.decide.clone(),
            evaluations: plan.evaluate.iter().map(|one| EVALUATIONS.read(one)).collect::<Result<_, ReadError>>()?,
            folder: PathBuf::new(),
            progress: Arc::new(Silent),
            spill: None,
            cancel: Cancel::new(),
        })
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

/// The names in the SQL expressions that an oracle, or one that it holds, compares; some may be functions.
fn columns_of(oracle: &Description) -> Vec<String> {
    fn collect(name: &str, value: &Value, columns: &mut Vec<String>) {
        match value {
            Value::String(text) if name == "expression" => {
                // Every other part is within quotes.
                for (nth, part) in text.split('"').enumerate() {
                    match nth % 2 {
                        1 => columns.push(part.to_owned()),
                        _ => columns.extend(part.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned)),
                    }
                }
            }
            Value::Object(settings) => settings.iter().for_each(|(name, value)| collect(name, value, columns)),
            Value::Array(values) => values.iter().for_each(|value| collect(name, value, columns)),
            _ => {}
        }
    }
    let mut columns = Vec::new();
    oracle.values.iter().for_each(|(name, value)| collect(name, value, &mut columns));
    columns.retain(|column| !column.is_empty());
    columns
}
