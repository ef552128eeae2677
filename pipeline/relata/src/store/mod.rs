//! Run folder: typed artifacts, the plan, the lock, and the tables that stages write. It knows nothing of SQL.

mod artifact;
mod embeddings;
mod error;
mod exchanged_oracle;
mod graph;
mod ledger;
mod linkage;
mod lock;
mod metrics;
mod more_budget;
mod nearest_index;
mod plan;
mod plan_settings;
mod plan_text;
mod round_record;
mod run;
mod scores;
mod spill;
mod training_rows;

pub use artifact::Artifact;
pub(crate) use embeddings::write_embeddings;
pub use error::{Result, StoreError};
pub(crate) use graph::groups;
pub(crate) use linkage::{read_linkage, write_linkage};
pub(crate) use lock::RunLock;
pub(crate) use metrics::{metrics_batch, metrics_of_rounds, read_metrics, write_metrics};
pub(crate) use nearest_index::nearest_index;
pub use plan::{ExtendPlan, Input, OracleAskPlan, Plan, ResolvePlan, TrainPlan, ViewsPlan};
pub use round_record::{Bridge, RoundRecord};
pub use run::Run;
pub(crate) use scores::RAW;
pub use scores::Score;
pub(crate) use spill::SpillFolder;
pub(crate) use training_rows::training_rows;
