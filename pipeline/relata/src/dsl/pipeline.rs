//! Pipelines from samples to embeddings, whose type says which stage comes next.

use std::fmt;
use std::marker::PhantomData;
use std::path::PathBuf;
use std::sync::Arc;

use relata_active::query_loop::AskConfig;
use relata_data::fields::Field;
use relata_data::source::Dataset;
use relata_data::view::Augment;
use relata_decide::candidates::Candidates;
use relata_decide::decision::Decision;
use relata_graph::{GraphSettings, Policy};
use relata_oracle::Oracle;
use relata_train::closed_form::{ClosedForm, Kernel, closed_form};
use relata_train::encoder::IntoArchitecture;
use relata_train::fit::Fit;
use relata_train::learner::Head;
use relata_train::loss::GraphLoss;

use crate::cancel::Cancel;
use crate::error::Result;
use crate::evaluate::Evaluation;
use crate::progress::Silent;
use crate::stages::{Spec, Trainer};
use crate::store::Plan;

/// Samples are known, relations are not: nothing can be trained yet.
#[derive(Debug)]
pub enum Read {}
/// There is at least one oracle.
#[derive(Debug)]
pub enum Related {}
/// It is known how embeddings are learned.
#[derive(Debug)]
pub enum Trained {}
/// It is known where the run goes.
#[derive(Debug)]
pub enum Ready {}

/// Stages from samples to embeddings; an example is at the [crate](crate). Training comes after relations, and running after a
/// folder is named:
///
/// ```compile_fail
/// use relata::dsl::Pipeline;
/// use relata::prelude::*;
/// // There are no relations yet, so there is nothing to train on.
/// Pipeline::read(parquet("digits.parquet")).train(mlp([8]), vicreg(), Fit::epochs(1));
/// ```
#[must_use = "a pipeline does nothing until it is run"]
pub struct Pipeline<Stage> {
    pub(super) spec: Spec,
    stage: PhantomData<Stage>,
}

impl<Stage> fmt::Debug for Pipeline<Stage> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").field("plan", &self.spec.plan()).field("folder", &self.spec.folder).finish()
    }
}

impl Pipeline<Read> {
    /// Starts with a dataset.
    ///
    /// ```
    /// use relata::prelude::*;
    /// let pipeline = Pipeline::read(csv("digits.csv").id("key"));
    /// assert_eq!(pipeline.plan().read.id.as_deref(), Some("key"));
    /// ```
    pub fn read(dataset: impl Into<Dataset>) -> Self {
        let spec = Spec {
            dataset: dataset.into(),
            training: None,
            views: None,
            oracles: vec![],
            asks: vec![],
            seed: None,
            settings: GraphSettings::default(),
            weigh_by_agreement: false,
            // Replaced by `train` or `solve`, which the types demand before a run.
            trainer: Trainer::ClosedForm(closed_form(Kernel::Linear, 1)),
            head: Head::Encoder,
            candidates: None,
            link: None,
            decide: None,
            evaluations: vec![],
            folder: PathBuf::new(),
            progress: Arc::new(Silent),
            spill: None,
            cancel: Cancel::new(),
        };
        Self { spec, stage: PhantomData }
    }
}

impl Pipeline<Read> {
    /// Columns that become features, each in its way. The default is every column by its type; see [`Dataset`].
    ///
    /// ```
    /// use relata::prelude::*;
    /// let people = Pipeline::read(csv("people.csv").id("key"));
    /// let pipeline = people.features([text("name"), category("city"), date("born"), number("income").robust()]);
    /// assert_eq!(pipeline.plan().read.fields.len(), 4);
    /// ```
    pub fn features(mut self, fields: impl IntoIterator<Item = Field>) -> Self {
        self.spec.dataset = self.spec.dataset.fields(fields);
        self
    }
}

impl Pipeline<Trained> {
    /// The pipeline that a plan describes, such as that of a run with some settings changed. Oracles, encoders, views,
    /// strategies and losses of your own are refused by name.
    ///
    /// ```no_run
    /// use relata::prelude::*;
    ///
    /// let plan = Run::open("runs/digits")?.plan()?;
    /// let plan = plan.with_settings(&[("train.fit.epochs".into(), "50".into())])?;
    /// let run = Pipeline::from_plan(&plan)?.write("runs/longer").run()?;
    /// # Ok::<(), relata::PipelineError>(())
    /// ```
    pub fn from_plan(plan: &Plan) -> Result<Self> {
        Ok(Self { spec: Spec::from_plan(plan)?, stage: PhantomData })
    }
}

impl<Stage> Pipeline<Stage> {
    /// What the pipeline was told so far, as a run keeps it in `run.json` (without the inputs).
    ///
    /// ```
    /// use relata::prelude::*;
    /// let pipeline = Pipeline::read(csv("digits.csv")).relate(same_label("label").rows(50));
    /// assert_eq!(pipeline.plan().relate[0]["rows"], 50);
    /// ```
    pub fn plan(&self) -> Plan {
        self.spec.plan()
    }

    fn next<Next>(self) -> Pipeline<Next> {
        Pipeline { spec: self.spec, stage: PhantomData }
    }
}

/// Stages before training.
pub trait BeforeTraining {}
impl BeforeTraining for Read {}
impl BeforeTraining for Related {}

impl<Stage: BeforeTraining> Pipeline<Stage> {
    /// Trains, and asks oracles about, only the samples for which this SQL condition holds. The default is
    /// `split = 'train'` where the dataset has a column `split`. All samples are embedded.
    ///
    /// ```
    /// use relata::prelude::*;
    /// let pipeline = Pipeline::read(csv("digits.csv")).train_on("label < 5");
    /// assert_eq!(pipeline.plan().train_on.as_deref(), Some("label < 5"));
    /// ```
    pub fn train_on(mut self, condition: impl Into<String>) -> Self {
        self.spec.training = Some(condition.into());
        self
    }

    /// The seed of strategies and of oracles that draw. The default is the seed of the fit, or 0 where the optimum is
    /// solved for, which has none.
    ///
    /// ```
    /// use relata::prelude::*;
    /// assert_eq!(Pipeline::read(csv("digits.csv")).seed(7).plan().seed, Some(7));
    /// ```
    pub fn seed(mut self, seed: u64) -> Self {
        self.spec.seed = Some(seed);
        self
    }

    /// Where the pairs come from that questions and decisions are about; the default is `nearest(10)`, by the embeddings.
    ///
    /// ```
    /// use relata::prelude::*;
    /// let pipeline = Pipeline::read(csv("people.csv")).candidates(nearest(20).or(same_value("phone")));
    /// assert_eq!(pipeline.plan().candidates.map(|rules| rules.names().len()), Some(2));
    /// ```
    pub fn candidates(mut self, rules: impl Into<Candidates>) -> Self {
        self.spec.candidates = Some(rules.into());
        self
    }

    /// Looks only at pairs of rows that differ in this column, such as the table that each is from.
    ///
    /// ```
    /// use relata::prelude::*;
    /// let pipeline = Pipeline::read(csv("restaurants.csv")).link("guide");
    /// assert_eq!(pipeline.plan().link.as_deref(), Some("guide"));
    /// ```
    pub fn link(mut self, column: impl Into<String>) -> Self {
        self.spec.link = Some(column.into());
        self
    }

    /// Every batch holds `count` views of each of its samples.
    ///
    /// ```
    /// use relata::prelude::*;
    /// let views = Pipeline::read(csv("digits.csv")).views(2, shift(2).then(noise(0.1))).plan().views;
    /// assert_eq!((views.count, views.view.name.as_str()), (2, "chain"));
    /// ```
    pub fn views(mut self, count: usize, augment: impl Augment + 'static) -> Self {
        self.spec.views = Some((count, Arc::new(augment)));
        self
    }

    /// Adds the relations of an oracle; called again, it adds more.
    ///
    /// ```
    /// use relata::prelude::*;
    /// let pipeline = Pipeline::read(csv("digits.csv")).relate(same_label("label").rows(50)).relate(nearest(5));
    /// assert_eq!(pipeline.plan().relate.len(), 2);
    /// ```
    pub fn relate(mut self, oracle: impl Oracle + 'static) -> Pipeline<Related> {
        self.spec.oracles.push(Box::new(oracle));
        self.next()
    }

    /// Asks an oracle the questions that a strategy chooses, round after round: each round starts from the embedding
    /// of the one before and trains on with what follows from the answers. A pipeline asks once: several oracles under
    /// one budget are one, made by [`crowd`](relata_active::oracle::crowd) or
    /// [`cascade`](relata_active::oracle::cascade).
    ///
    /// ```
    /// use relata::prelude::*;
    /// let pipeline = Pipeline::read(csv("digits.csv")).ask(labels("label"), boundary().budget(200.0));
    /// assert_eq!(pipeline.plan().ask.map(|ask| ask.config.budget), Some(200.0));
    /// ```
    pub fn ask(mut self, oracle: impl Oracle + 'static, config: AskConfig) -> Pipeline<Related> {
        self.spec.asks.push((Box::new(oracle), config));
        self.next()
    }
}

impl Pipeline<Related> {
    /// How contradictions between oracles are decided.
    ///
    /// ```
    /// use relata::prelude::*;
    /// let pipeline = Pipeline::read(csv("digits.csv")).relate(nearest(5)).resolve(Policy::NegativeWins);
    /// assert_eq!(pipeline.plan().resolve.policy, Policy::NegativeWins);
    /// ```
    pub fn resolve(mut self, policy: Policy) -> Self {
        self.spec.settings.policy = policy;
        self
    }

    /// Adds what follows: positives of positives are positive, and a negative edge between two components is a negative
    /// between all their members.
    ///
    /// ```
    /// use relata::prelude::*;
    /// assert!(Pipeline::read(csv("digits.csv")).relate(edges("pairs.csv")).infer().plan().resolve.infer);
    /// ```
    pub fn infer(mut self) -> Self {
        self.spec.settings.closure = true;
        self
    }

    /// Weighs oracles by how often they are right, as far as their agreement with each other, and with answers, shows: the
    /// weights of their relations are multiplied by the log-odds that they are right, as a share of those of the best
    /// one. What an oracle states that is no better than chance is left out. The estimates are the table
    /// `oracle_accuracy`, with and without this.
    ///
    /// From agreement alone, at least three oracles that speak about the same pairs can be told apart, of which two say
    /// both yes and no. With fewer, and without answers, all weights stay as they are.
    ///
    /// ```
    /// use relata::prelude::*;
    /// let related = Pipeline::read(csv("people.csv")).relate(edges("by_ann.csv")).relate(edges("by_bob.csv"));
    /// let pipeline = related.relate(same_value("phone")).weigh_by_agreement();
    /// assert!(pipeline.plan().resolve.weigh_by_agreement);
    /// ```
    pub fn weigh_by_agreement(mut self) -> Self {
        self.spec.weigh_by_agreement = true;
        self
    }

    /// Trains an encoder by gradient descent on a graph loss.
    ///
    /// ```
    /// use relata::prelude::*;
    /// let related = Pipeline::read(csv("digits.csv")).views(2, noise(0.1)).relate(same_sample());
    /// let pipeline = related.train(mlp([64, 8]), vicreg(), Fit::epochs(20).seed(7));
    /// assert_eq!(pipeline.plan().training_seed(), 7);
    /// ```
    pub fn train(
        mut self,
        encoder: impl IntoArchitecture,
        loss: impl GraphLoss + 'static,
        fit: Fit,
    ) -> Pipeline<Trained> {
        self.spec.trainer = Trainer::Gradient { architecture: encoder.into_architecture(), loss: Arc::new(loss), fit };
        self.next()
    }

    /// Solves for the exact optimum instead of training.
    ///
    /// ```
    /// use relata::prelude::*;
    /// let related = Pipeline::read(csv("digits.csv")).relate(same_label("label"));
    /// let pipeline = related.solve(closed_form(Kernel::Rbf { width: 1.0 }, 8));
    /// assert_eq!(pipeline.plan().solve.map(|settings| settings.width()), Some(8));
    /// ```
    pub fn solve(mut self, settings: ClosedForm) -> Pipeline<Trained> {
        self.spec.trainer = Trainer::ClosedForm(settings);
        self.next()
    }
}

impl Pipeline<Trained> {
    /// Embeds by the projector's output instead of the encoder's.
    ///
    /// ```
    /// use relata::prelude::*;
    /// let related = Pipeline::read(csv("digits.csv")).relate(same_label("label"));
    /// let trained = related.train(mlp([64, 32]).project([8]), nt_xent(0.5), Fit::epochs(20));
    /// assert_eq!(trained.embed_projected().plan().embed, relata::train::learner::Head::Projector);
    /// ```
    pub fn embed_projected(mut self) -> Self {
        self.spec.head = Head::Projector;
        self
    }

    /// Decides about all rows: which are the same [`entities`](relata_decide::decision::entities), or of which of some
    /// [`classes`](relata_decide::decision::classes) each is.
    ///
    /// - Entities: the candidate pairs are compared column by column, scored by a model that needs no answers and learns from
    ///   every one, and partitioned so that all known relations are kept. The run has the tables `pairs` and `entities` then.
    /// - Classes: what is known of some rows spreads to all by their neighbours. The run has the table `classes` then.
    ///
    /// ```
    /// use relata::prelude::*;
    /// let related = Pipeline::read(csv("people.csv")).views(2, corruptions()).relate(same_sample());
    /// let trained = related.train(fields([64, 32]), nt_xent(0.1), Fit::epochs(20));
    /// assert!(trained.decide(entities()).plan().decide.is_some());
    ///
    /// let digits = Pipeline::read(parquet("digits.parquet")).views(2, noise(0.1)).relate(same_sample());
    /// let asked = digits.ask(labels("label"), explore_consolidate().budget(100.0));
    /// let trained = asked.train(mlp([64, 32]), nt_xent(0.5), Fit::epochs(20));
    /// assert!(trained.decide(classes().names("label").largest(10)).plan().decide.is_some());
    /// ```
    pub fn decide(mut self, decision: impl Into<Decision>) -> Self {
        self.spec.decide = Some(decision.into());
        self
    }

    /// Adds a measurement, made on raw features and on embeddings.
    ///
    /// ```
    /// use relata::prelude::*;
    /// let solved = Pipeline::read(csv("digits.csv")).relate(same_label("label")).solve(closed_form(Kernel::Linear, 8));
    /// let pipeline = solved.evaluate(knn("label")).evaluate(linear_probe("label"));
    /// assert_eq!(pipeline.plan().evaluate.len(), 2);
    /// ```
    pub fn evaluate(mut self, evaluation: impl Evaluation + 'static) -> Self {
        self.spec.evaluations.push(Box::new(evaluation));
        self
    }

    /// The folder of the run.
    ///
    /// ```
    /// use relata::prelude::*;
    /// let solved = Pipeline::read(csv("digits.csv")).relate(same_label("label")).solve(closed_form(Kernel::Linear, 8));
    /// let pipeline = solved.write("runs/digits");
    /// assert!(format!("{pipeline:?}").contains("runs/digits"));
    /// ```
    pub fn write(mut self, folder: impl Into<PathBuf>) -> Pipeline<Ready> {
        self.spec.folder = folder.into();
        self.next()
    }
}
