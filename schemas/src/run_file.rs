//! Run files: the name of every file and folder that a run consists of, written once.

/// The plan and the inputs' hashes.
pub const PLAN: &str = "run.json";
/// Held by the process that works in the run.
pub const LOCK: &str = "run.lock";
/// What sorts and joins do not hold in memory, while a process works in the run.
pub const SPILL: &str = "spill";
/// The checksums of the files beside it.
pub const CHECKSUMS: &str = "checksums";
/// The table `samples`.
pub const SAMPLES: &str = "samples.parquet";
/// The features of all samples, memory-mapped.
pub const FEATURES: &str = "features.arrow";
/// The table `skipped`.
pub const SKIPPED: &str = "skipped.parquet";
/// What was learned of the fields of a table.
pub const FIELDS: &str = "fields.json";
/// What oracles stated about pairs, until it is resolved.
pub const STATEMENTS: &str = "statements.parquet";
/// The table `edges`.
pub const EDGES: &str = "edges.parquet";
/// The table `memberships`.
pub const MEMBERSHIPS: &str = "memberships.parquet";
/// The table `separations`.
pub const SEPARATIONS: &str = "separations.parquet";
/// The table `conflicts`.
pub const CONFLICTS: &str = "conflicts.parquet";
/// The table `oracle_accuracy`.
pub const ORACLE_ACCURACY: &str = "oracle_accuracy.parquet";
/// The explicit edges as a compressed sparse row matrix, memory-mapped.
pub const GRAPH: &str = "graph.csr";
/// The settings with which the graph was resolved.
pub const GRAPH_SETTINGS: &str = "graph.json";
/// The questions and answers (SQLite).
pub const LEDGER: &str = "answers.sqlite";
/// The seal of the ledger when questions were asked last.
pub const LEDGER_SEAL: &str = "answers.seal";
/// What the last round of questions changed, in words, for people who answer.
pub const PROGRESS: &str = "progress.json";
/// The folder of the rounds of questions, each with files as those of a run.
pub const ROUNDS: &str = "rounds";
/// What a round of questions came to.
pub const ROUND: &str = "round.json";
/// The folder of checkpoints.
pub const CHECKPOINTS: &str = "checkpoints";
/// The pointer to the latest checkpoint.
pub const LATEST_CHECKPOINT: &str = "latest.json";
/// The exact optimum.
pub const SOLUTION: &str = "solution.safetensors";
/// The table `embeddings`.
pub const EMBEDDINGS: &str = "embeddings.parquet";
/// The table `pairs`.
pub const PAIRS: &str = "pairs.parquet";
/// The table `entities`.
pub const ENTITIES: &str = "entities.parquet";
/// An index of the embeddings, for approximate searches.
pub const NEAREST_INDEX: &str = "nearest.index";
/// What was learned of pairs of records, to score records that come later.
pub const LINKAGE: &str = "linkage.json";
/// The table `candidate_rules`.
pub const CANDIDATE_RULES: &str = "candidate_rules.parquet";
/// The table `audit`.
pub const AUDIT: &str = "audit.parquet";
/// The folder of the questions and answers of audits.
pub const AUDIT_ANSWERS: &str = "audit";
/// The table `classes`.
pub const CLASSES: &str = "classes.parquet";
/// Raw features as embeddings, while they are measured.
pub const RAW: &str = "raw.parquet";
/// What was measured of the raw features, until the metrics have it.
pub const BASELINE: &str = "baseline.parquet";
/// The table `metrics`.
pub const METRICS: &str = "metrics.parquet";
/// The folder of pictures.
pub const PLOTS: &str = "plots";
/// The picture of training samples beside their views.
pub const VIEWS_PLOT: &str = "plots/views.png";
/// The report as one page.
pub const REPORT: &str = "report.html";
