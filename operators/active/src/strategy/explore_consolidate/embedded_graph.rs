//! Embedded graph: the neighbour graph of a pool, and its spectral coordinates.

use relata_data::seed::Purpose;
use relata_graph::neighbour_graph::NeighbourGraph;

use super::super::candidate_pool::CandidatePool;
use super::super::spectral_embedding::spectral_embedding;

/// Neighbours of a row in the graph.
const NEIGHBOURS: usize = 5;
/// Spectral coordinates.
const COORDINATES: usize = 30;

/// What depends on the pool's rows only.
#[derive(Debug)]
pub(super) struct EmbeddedGraph {
    pub neighbours: NeighbourGraph,
    /// Spectral coordinates, row-major.
    pub coordinates: Vec<f32>,
    pub width: usize,
}

impl EmbeddedGraph {
    pub fn new(pool: &CandidatePool, seed: u64) -> Self {
        let neighbours = NeighbourGraph::of(&pool.vectors, pool.width, NEIGHBOURS);
        let width = COORDINATES.min(pool.rows.len());
        let coordinates = spectral_embedding(&neighbours, width, &mut Purpose::SpectralEmbedding.stream(seed, &[]));
        Self { neighbours, coordinates, width }
    }
}
