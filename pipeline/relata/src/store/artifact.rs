//! Artifacts: every file and folder that a run may have, named here and nowhere else.

use std::path::Path;

/// A file or folder in the folder of a run, or of one of its rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Artifact {
    /// The plan: settings and inputs.
    Plan,
    /// Locked while a process works in the folder.
    Lock,
    /// The table `samples`: ids and all columns that are not features.
    Samples,
    /// The feature store.
    Features,
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
    /// The adjacency lists of the resolved graph.
    Adjacency,
    /// The settings of the resolved graph, written last of the graph's files.
    GraphSettings,
    /// The ledger of questions and answers.
    Ledger,
    /// The folder of checkpoints.
    Checkpoints,
    /// The optimum of a closed form.
    Solution,
    /// The table `embeddings`.
    Embeddings,
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
    /// The folder of rounds of questions.
    Rounds,
    /// The record of a round.
    RoundRecord,
    /// What the last round taught, for the people who answer.
    Progress,
}

impl Artifact {
    /// The tables in Parquet that a query sees.
    pub const TABLES: [Self; 7] = [
        Self::Samples,
        Self::Edges,
        Self::Memberships,
        Self::Separations,
        Self::Conflicts,
        Self::Embeddings,
        Self::Metrics,
    ];

    /// The path within the folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plan => "run.json",
            Self::Lock => "run.lock",
            Self::Samples => "samples.parquet",
            Self::Features => "features.arrow",
            Self::Statements => "statements.parquet",
            Self::Edges => "edges.parquet",
            Self::Memberships => "memberships.parquet",
            Self::Separations => "separations.parquet",
            Self::Conflicts => "conflicts.parquet",
            Self::Adjacency => "graph.csr",
            Self::GraphSettings => "graph.json",
            Self::Ledger => relata_active::ledger::FILE,
            Self::Checkpoints => "checkpoints",
            Self::Solution => "solution.safetensors",
            Self::Embeddings => "embeddings.parquet",
            Self::RawFeatures => "raw.parquet",
            Self::Baseline => "baseline.parquet",
            Self::Metrics => "metrics.parquet",
            Self::Plots => "plots",
            Self::ViewsPlot => "plots/views.png",
            Self::Rounds => "rounds",
            Self::RoundRecord => "round.json",
            Self::Progress => "progress.json",
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
    use relata_schemas::conflicts::CONFLICTS;
    use relata_schemas::edges::EDGES;
    use relata_schemas::embeddings::EMBEDDINGS;
    use relata_schemas::memberships::MEMBERSHIPS;
    use relata_schemas::metrics::METRICS;
    use relata_schemas::separations::SEPARATIONS;

    use super::*;

    #[test]
    fn tables_are_called_like_their_schemas() {
        let names = Artifact::TABLES.map(Artifact::table);
        let schemas = [&EDGES, &MEMBERSHIPS, &SEPARATIONS, &CONFLICTS, &EMBEDDINGS, &METRICS].map(|table| table.name);
        assert_eq!((names[0], &names[1..]), ("samples", &schemas[..]));
    }

    #[test]
    fn samples_lie_where_the_ingest_writes_them() {
        let folder = Path::new("run");
        assert_eq!(Samples::samples_path(folder), folder.join(Artifact::Samples));
        assert_eq!(Samples::features_path(folder), folder.join(Artifact::Features));
    }
}
