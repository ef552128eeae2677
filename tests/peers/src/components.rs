//! Connected components of random edges: from a list of pairs, and from a graph file that is already there.

use std::path::Path;

use relata_data::index::Row;
use relata_graph::{Components, CsrBuilder, Graph, GraphSettings, Groups};

use crate::{Done, Result, Work, data};

/// The nodes.
const NODES: usize = 1_000_000;

/// From pairs (`edges.u32`: one end after the other); the check is the number of components.
pub fn from_edges(folder: &Path) -> Result<Work> {
    let ends = data::words(&folder.join("edges.u32"))?;
    Ok(Box::new(move || {
        let mut components = Components::new(NODES);
        for [a, b] in ends.as_chunks::<2>().0 {
            components.join(*a, *b);
        }
        components.compress();
        Ok(Done { units: (ends.len() / 2) as f64, check: roots(&components) })
    }))
}

/// From the sorted matrix of both directions, which is built before.
pub fn from_csr(folder: &Path) -> Result<Work> {
    let ends = data::words(&folder.join("edges.u32"))?;
    let pairs = ends.as_chunks::<2>().0.iter().filter(|[a, b]| a != b);
    let mut pairs: Vec<(u32, u32)> = pairs.map(|&[a, b]| (a.min(b), a.max(b))).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let mut builder = CsrBuilder::create(&folder.join("edges.csr"), NODES);
    pairs.iter().for_each(|&(a, b)| builder.count(Row(a), Row(b)));
    let mut places = builder.places();
    pairs.iter().for_each(|&(a, b)| places.put(Row(a), Row(b), 1.0));
    let graph = Graph::new(GraphSettings::default(), places.finish()?, Groups::default());
    Ok(Box::new(move || {
        let components = graph.components();
        Ok(Done { units: graph.edges().edges() as f64, check: roots(&components) })
    }))
}

/// The number of components.
fn roots(components: &Components) -> f64 {
    (0..NODES as u32).filter(|&row| components.root(row) == row).count() as f64
}
