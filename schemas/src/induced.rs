//! The edges that hold among the nodes of one batch: what a graph hands to a loss.

/// Edges between the nodes of a batch. Node `view * samples + position` is a view of the sample at `position`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct InducedEdges {
    /// The number of nodes.
    pub nodes: usize,
    /// The smaller node of each edge.
    pub src: Vec<u32>,
    /// The larger node of each edge.
    pub dst: Vec<u32>,
    /// The signed weight of each edge, never 0.
    pub weight: Vec<f32>,
}

impl InducedEdges {
    /// The number of edges.
    pub fn len(&self) -> usize {
        self.src.len()
    }

    /// Whether there is no edge.
    pub fn is_empty(&self) -> bool {
        self.src.is_empty()
    }

    /// The same edges, each divided by the square roots of its nodes' degrees (sums of |weight|), so that no node and no
    /// big group outweighs the others: `D^-1/2 G D^-1/2`.
    ///
    /// ```
    /// use relata_schemas::InducedEdges;
    ///
    /// // A path of three nodes; the one in the middle has degree 2.
    /// let edges = InducedEdges { nodes: 3, src: vec![0, 1], dst: vec![1, 2], weight: vec![1.0, 1.0] };
    /// assert!((edges.normalised().weight[0] - 0.5f32.sqrt()).abs() < 1e-6);
    /// ```
    pub fn normalised(mut self) -> Self {
        let mut degrees = vec![0f64; self.nodes];
        for ((&a, &b), &weight) in self.src.iter().zip(&self.dst).zip(&self.weight) {
            degrees[a as usize] += f64::from(weight.abs());
            degrees[b as usize] += f64::from(weight.abs());
        }
        for ((&a, &b), weight) in self.src.iter().zip(&self.dst).zip(&mut self.weight) {
            *weight = (f64::from(*weight) / (degrees[a as usize] * degrees[b as usize]).sqrt()) as f32;
        }
        self
    }

    /// Adds an edge between two different nodes.
    pub fn push(&mut self, a: usize, b: usize, weight: f32) {
        self.src.push(a.min(b) as u32);
        self.dst.push(a.max(b) as u32);
        self.weight.push(weight);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalised_edges_of_a_star_and_a_pair() {
        let edges = InducedEdges { nodes: 5, src: vec![0, 0, 3], dst: vec![1, 2, 4], weight: vec![1.0, -0.5, 0.25] };
        let expected = [1.0 / 1.5f32.sqrt(), -0.5 / (1.5f32 * 0.5).sqrt(), 1.0];
        for (found, expected) in edges.normalised().weight.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
    }
}
