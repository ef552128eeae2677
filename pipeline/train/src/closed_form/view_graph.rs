//! Graph among views for the closed form: every training row is there as often as it has views.

use relata_data::index::Row;
use relata_graph::{Graph, InducedEdges};

use super::settings::ClosedForm;

/// Edges among views, and how much each view is related to itself: the diagonal of the graph's matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct ViewGraph {
    /// Edges; node `view * rows + row`, as [`Graph::induced`] numbers them.
    pub edges: InducedEdges,
    /// For each node.
    pub diagonal: Vec<f64>,
}

impl ClosedForm {
    /// The graph's matrix among `views` views of each of these rows. The diagonal is 1 for a single view; for several, a
    /// view is related to itself as it is to the others of its sample, which makes `(1 - a) G_ssl + a G_sup` of scaled
    /// relations what it says (Cabannes et al. 2023). Samples without such a relation have 1 there as well.
    pub fn view_graph(&self, graph: &Graph, rows: &[Row], views: usize) -> ViewGraph {
        if views < 2 {
            return ViewGraph { edges: graph.induced(rows, 1), diagonal: vec![1.0; rows.len()] };
        }
        let or_one = |weight: f32| if weight == 0.0 { 1.0 } else { f64::from(weight) };
        let own: Vec<f32> = rows.iter().map(|&row| graph.relation(row, row)).collect();
        if !self.first_views {
            let diagonal = (0..views).flat_map(|_| own.iter().map(|&weight| or_one(weight))).collect();
            return ViewGraph { edges: graph.induced(rows, views), diagonal };
        }
        // Nodes of the first views are numbered as the rows are.
        let between = graph.settings().views;
        let mut edges = InducedEdges { nodes: rows.len() * views, ..graph.induced(rows, 1) };
        for (v, w) in (0..views).flat_map(|v| (v + 1..views).map(move |w| (v, w))).filter(|_| between != 0.0) {
            (0..rows.len()).for_each(|at| edges.push(v * rows.len() + at, w * rows.len() + at, between));
        }
        let others = (1..views).flat_map(|_| own.iter().map(|_| or_one(between)));
        ViewGraph { edges, diagonal: own.iter().map(|&weight| or_one(weight)).chain(others).collect() }
    }
}

#[cfg(test)]
mod tests {
    use relata_graph::{CsrBuilder, GraphSettings, Groups};

    use super::super::kernel::Kernel;
    use super::super::settings::closed_form;
    use super::*;

    /// Rows 0 and 1 are related by half, row 2 to none; views of one sample by a quarter.
    fn graph(views: f32) -> Graph {
        let folder = tempfile::tempdir().unwrap();
        let mut builder = CsrBuilder::create(&folder.path().join("graph.csr"), 3);
        builder.count(Row(0), Row(1));
        let mut places = builder.places();
        places.put(Row(0), Row(1), 0.5);
        Graph::new(GraphSettings { views, ..GraphSettings::default() }, places.finish().unwrap(), Groups::default())
    }

    /// The matrix, row by row.
    fn matrix(settings: &ClosedForm, graph: &Graph, views: usize) -> Vec<Vec<f64>> {
        let ViewGraph { edges, diagonal } = settings.view_graph(graph, &[0, 1, 2].map(Row), views);
        let n = edges.nodes;
        let mut matrix = vec![vec![0.0; n]; n];
        (0..n).for_each(|node| matrix[node][node] = diagonal[node]);
        for at in 0..edges.len() {
            let (a, b) = (edges.src[at] as usize, edges.dst[at] as usize);
            assert_eq!(matrix[a][b], 0.0, "{a} {b} twice");
            matrix[a][b] = edges.weight[at].into();
            matrix[b][a] = matrix[a][b];
        }
        matrix
    }

    #[test]
    fn views_are_related_as_their_samples_are() {
        let settings = closed_form(Kernel::Linear, 1);
        let single = [[1.0, 0.5, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 1.0]];
        assert_eq!(matrix(&settings, &graph(0.25), 1), single);
        let two = matrix(&settings, &graph(0.25), 2);
        let samples = [[0.25, 0.5, 0.0], [0.5, 0.25, 0.0], [0.0, 0.0, 0.25]];
        for (a, b) in (0..6).flat_map(|a| (0..6).map(move |b| (a, b))) {
            assert_eq!(two[a][b], samples[a % 3][b % 3], "{a} {b}");
        }
        assert_eq!(matrix(&settings, &graph(0.0), 2)[2], [0.0, 0.0, 1.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn samples_may_be_related_by_their_first_views_alone() {
        let found = matrix(&closed_form(Kernel::Linear, 1).on_first_views(), &graph(0.25), 2);
        for (a, b) in (0..6).flat_map(|a| (0..6).map(move |b| (a, b))) {
            let expected = match (a.min(b), a.max(b)) {
                (0, 1) => 0.5,
                _ if a % 3 == b % 3 => 0.25,
                _ => 0.0,
            };
            assert_eq!(found[a][b], expected, "{a} {b}");
        }
    }
}
