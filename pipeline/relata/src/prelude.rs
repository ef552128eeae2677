//! Prelude: everything that a pipeline usually names. It exports no `Result`; that of pipelines is `relata::Result`.

pub use relata_active::ask::{Asking, Budget};
pub use relata_active::belief::AnswerPolicy;
pub use relata_active::oracle::{cascade, crowd, replay};
pub use relata_active::strategy::{
    Strategy, boundary, diverse, explore_consolidate, most_implied, random_pairs, representatives, uncertain_pairs,
};
pub use relata_annotate::person;
pub use relata_data::source::{Dataset, csv, idx, idx_splits, image_folder, json_lines, parquet, sql, tsv};
pub use relata_data::view::*;
pub use relata_graph::Policy;
pub use relata_oracle::{Answer, Cost, Question, Record};
pub use relata_oracle::{
    Context, Oracle, Relations, edges, labels, mix, nearest, noisy, rule, same_label, same_sample, same_value,
};
pub use relata_service::service;
pub use relata_train::DeviceChoice;
pub use relata_train::batch::Batches;
pub use relata_train::closed_form::{Kernel, closed_form};
pub use relata_train::encoder::{Encoder, EncoderSpec, convnet, linear, mlp, resnet18};
pub use relata_train::fit::Fit;
pub use relata_train::loss::{Denominator, GraphLoss, Reduction, barlow_twins, nt_xent, spectral_contrastive, vicreg};
pub use relata_train::optimiser::{Schedule, adamw, lars, sgd};

pub use crate::cancel::Cancel;
pub use crate::dsl::Pipeline;
pub use crate::error::PipelineError;
pub use crate::evaluate::{Evaluation, clustering, geometry, knn, known_probe, linear_probe};
pub use crate::progress::bars;
pub use crate::store::Run;
