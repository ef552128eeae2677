//! Prelude: everything that a pipeline usually names. It exports no `Result`; that of pipelines is `relata::Result`.

pub use relata_active::inference::AnswerPolicy;
pub use relata_active::oracle::constructors::*;
pub use relata_active::query_loop::{AskConfig, StrategyExt};
pub use relata_active::strategy::constructors::*;
pub use relata_active::strategy::{Query, QueryContext, Strategy};
pub use relata_annotate::person;
pub use relata_data::fields::{category, date, image, number, text, vector};
pub use relata_data::index::{SampleId, TrainingRow};
pub use relata_data::source::constructors::*;
pub use relata_data::source::{Dataset, Source, idx_splits, tsv};
pub use relata_data::view::constructors::*;
pub use relata_data::view::{Augment, AugmentExt, Views, corruptions};
pub use relata_decide::candidates::{Candidates, CandidatesExt, shared_words};
pub use relata_decide::decision::{classes, entities};
pub use relata_graph::Policy;
pub use relata_oracle::constructors::*;
pub use relata_oracle::{Answer, Context, Cost, Oracle, OracleExt, Question, Record, Relations, labels, same_label};
pub use relata_registry::Description;
pub use relata_service::service;
pub use relata_train::DeviceChoice;
pub use relata_train::batch::Batches;
pub use relata_train::closed_form::{Kernel, closed_form};
pub use relata_train::encoder::constructors::*;
pub use relata_train::encoder::{Encoder, EncoderSpec};
pub use relata_train::fit::Fit;
pub use relata_train::loss::constructors::*;
pub use relata_train::loss::{Denominator, GraphLoss, Reduction};
pub use relata_train::optimiser::Schedule;
pub use relata_train::optimiser::constructors::*;

pub use crate::cancel::Cancel;
pub use crate::dsl::Pipeline;
pub use crate::error::PipelineError;
pub use crate::evaluate::Evaluation;
pub use crate::evaluate::constructors::*;
pub use crate::progress::bars;
pub use crate::store::{Plan, Run};
