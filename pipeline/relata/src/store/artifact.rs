//! Artifacts: every file and folder that a run may have, named here and nowhere else.

use relata_schemas::run_file;
use std::path::Path;

/// A file or folder in the folder of a run, or of one of its rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Artifact {
    /// The plan: settings and inputs.
    Plan,
    /// Locked while a process works in the folder.
    Lock,
    /// What does not fit into memory, while a process works in the folder.
    Spill,
    /// The table `samples`: ids and all columns that are not features.
    Samples,
    /// The feature store.
    Features,
    /// The table `skipped` of samples that were left out.
    Skipped,
    /// What was learned of the fields of a table.
    Fields,
    /// The table `statements` of the pairs that oracles state, which is gone once the graph is resolved.
    Statements,
    /// The table `edges`.
    Edges,
    /// The table `memberships` of must-link groups.
    Memberships,
    /// The table `separations` of groups that are known to be apart.
    Separations,
    /// The table `conflicts`.
    Conflicts,
    /// The table `oracle_accuracy`.
    OracleAccuracy,
    /// The adjacency lists of the resolved graph.
    Adjacency,
    /// The settings of the resolved graph, written last of the graph's files.
    GraphSettings,
    /// The ledger of questions and answers.
    Ledger,
    /// What the ledger must still hold.
    LedgerSeal,
    /// The folder of checkpoints.
    Checkpoints,
    /// The optimum of a closed form.
    Solution,
    /// The table `embeddings`.
    Embeddings,
    /// An index of the embeddings.
    NearestIndex,
    /// The table `pairs` of candidate pairs and their probabilities.
    Pairs,
    /// What was learned of pairs of records.
    Linkage,
    /// The table `candidate_rules`.
    CandidateRules,
    /// The table `entities`.
    Entities,
    /// The table `audit` of the pairs that an audit of a decision asked about.
    Audit,
    /// The folder with the questions and answers of audits.
    AuditAnswers,
    /// The table `classes`.
    Classes,
    /// The raw features as embeddings, while they are measured.
    RawFeatures,
    /// What was measured of the raw features, in the form of the table `metrics`.
    Baseline,
    /// The table `metrics`, written last of a run's files.
    Metrics,
    /// The folder of pictures.
    Plots,
    /// The picture of training samples beside their views.
    ViewsPlot,
    /// The report as one page.
    Report,
    /// The folder of rounds of questions.
    Rounds,
    /// The record of a round.
    RoundRecord,
    /// What the last round taught, for the people who answer.
    Progress,
}

impl Artifact {
    /// The tables in Parquet that a query sees.
    pub const TABLES: [Self; 14] = [
        Self::Samples,
        Self::Skipped,
        Self::Edges,
        Self::Memberships,
        Self::Separations,
        Self::Conflicts,
        Self::OracleAccuracy,
        Self::Embeddings,
        Self::Pairs,
        Self::CandidateRules,
        Self::Entities,
        Self::Audit,
        Self::Classes,
        Self::Metrics,
    ];

    /// The path within the folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plan => run_file::PLAN,
            Self::Lock => run_file::LOCK,
            Self::Spill => run_file::SPILL,
            Self::Samples => run_file::SAMPLES,
            Self::Features => run_file::FEATURES,
            Self::Fields => run_file::FIELDS,
            Self::Statements => run_file::STATEMENTS,
            Self::Edges => run_file::EDGES,
            Self::Memberships => run_file::MEMBERSHIPS,
            Self::Separations => run_file::SEPARATIONS,
            Self::Skipped => run_file::SKIPPED,
            Self::Conflicts => run_file::CONFLICTS,
            Self::OracleAccuracy => run_file::ORACLE_ACCURACY,
            Self::Adjacency => run_file::GRAPH,
            Self::GraphSettings => run_file::GRAPH_SETTINGS,
            Self::Ledger => run_file::LEDGER,
            Self::LedgerSeal => run_file::LEDGER_SEAL,
            Self::Checkpoints => run_file::CHECKPOINTS,
            Self::Solution => run_file::SOLUTION,
            Self::Embeddings => run_file::EMBEDDINGS,
            Self::NearestIndex => run_file::NEAREST_INDEX,
            Self::Pairs => run_file::PAIRS,
            Self::Linkage => run_file::LINKAGE,
            Self::CandidateRules => run_file::CANDIDATE_RULES,
            Self::Entities => run_file::ENTITIES,
            Self::Audit => run_file::AUDIT,
            Self::AuditAnswers => run_file::AUDIT_ANSWERS,
            Self::Classes => run_file::CLASSES,
            Self::RawFeatures => run_file::RAW,
            Self::Baseline => run_file::BASELINE,
            Self::Metrics => run_file::METRICS,
            Self::Plots => run_file::PLOTS,
            Self::ViewsPlot => run_file::VIEWS_PLOT,
            Self::Report => run_file::REPORT,
            Self::Rounds => run_file::ROUNDS,
            Self::RoundRecord => run_file::ROUND,
            Self::Progress => run_file::PROGRESS,
        }
    }

    /// The name of a table, as a query writes it.
    pub fn table(self) -> &'static str {
        self.name().trim_end_matches(".parquet")
    }
}

impl AsRef<Path> for Artifact {
    fn as_ref(&self) -> &Path {
        Path::new(self.name())
    }
}

#[cfg(test)]
mod tests {
    use relata_data::source::Samples;
    use relata_schemas::audit::AUDIT;
    use relata_schemas::candidate_rules::CANDIDATE_RULES;
    use relata_schemas::classes::CLASSES;
    use relata_schemas::conflicts::CONFLICTS;
    use relata_schemas::edges::EDGES;
    use relata_schemas::embeddings::EMBEDDINGS;
    use relata_schemas::entities::ENTITIES;
    use relata_schemas::memberships::MEMBERSHIPS;
    use relata_schemas::metrics::METRICS;
    use relata_schemas::oracle_accuracy::ORACLE_ACCURACY;
    use relata_schemas::pairs::PAIRS;
    use relata_schemas::separations::SEPARATIONS;
    use relata_schemas::skipped::SKIPPED;

    use super::*;

    #[test]
    fn tables_are_called_like_their_schemas() {
        let names = Artifact::TABLES.map(Artifact::table);
        let schemas = [
            &SKIPPED,
            &EDGES,
            &MEMBERSHIPS,
            &SEPARATIONS,
            &CONFLICTS,
            &ORACLE_ACCURACY,
            &EMBEDDINGS,
            &PAIRS,
            &CANDIDATE_RULES,
            &ENTITIES,
            &AUDIT,
            &CLASSES,
            &METRICS,
        ];
        let schemas = schemas.map(|table| table.name);
        assert_eq!((names[0], &names[1..]), ("samples", &schemas[..]));
    }

    #[test]
    fn samples_lie_where_the_ingest_writes_them() {
        let folder = Path::new("run");
        assert_eq!(Samples::samples_path(folder), folder.join(Artifact::Samples));
        assert_eq!(Samples::features_path(folder), folder.join(Artifact::Features));
    }
}
