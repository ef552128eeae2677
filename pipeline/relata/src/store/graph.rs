//! Graph of a run: groups, edges and what they look like.

use relata_data::sink::{read_verified, write_sealed};
use relata_data::source::Samples;
use relata_graph::{Graph, GraphSettings, GraphStatistics, Groups, statistics};

use super::artifact::Artifact;
use super::error::{Result, StoreError};
use super::run::Run;

impl Run {
    /// The resolved graph.
    ///
    /// ```no_run
    /// use relata::prelude::*;
    ///
    /// let run = Run::open("runs/digits")?;
    /// let graph = run.graph(&run.samples()?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn graph(&self, samples: &Samples) -> Result<Graph> {
        let path = self.existing(Artifact::GraphSettings)?;
        let text = read_verified(&path)?;
        let settings: GraphSettings =
            serde_json::from_slice(&text).map_err(|error| StoreError::corrupt(path, error))?;
        Ok(Graph::open(&self.existing(Artifact::Adjacency)?, groups(self, samples)?, settings)?)
    }

    /// Writes the settings, the last file of a graph: with it, the graph is complete.
    pub(crate) fn write_graph_settings(&self, settings: &GraphSettings) -> Result<()> {
        let path = self.path(Artifact::GraphSettings);
        let text = serde_json::to_vec(settings).map_err(|error| StoreError::corrupt(&path, error))?;
        Ok(write_sealed(&path, &text)?)
    }

    /// Sizes, degrees, components and conflicts of the resolved graph.
    ///
    /// ```no_run
    /// use relata::prelude::*;
    ///
    /// println!("{:?}", Run::open("runs/digits")?.graph_statistics()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn graph_statistics(&self) -> Result<GraphStatistics> {
        let graph = self.graph(&self.samples()?)?;
        let conflicts: usize = self.read(Artifact::Conflicts)?.iter().map(|batch| batch.num_rows()).sum();
        Ok(statistics(&graph, conflicts as u64))
    }
}

/// The must-link groups of a run and the cannot-links between them, from the tables of an earlier stage or run.
pub(crate) fn groups(run: &Run, samples: &Samples) -> Result<Groups> {
    // Runs of before there were separations have no file of them.
    let separations = match run.path(Artifact::Separations).exists() {
        true => run.read(Artifact::Separations)?,
        false => vec![],
    };
    Ok(Groups::new(&run.read(Artifact::Memberships)?, &separations, &samples.ids)?)
}
