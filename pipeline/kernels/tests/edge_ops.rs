//! Sums over the edges of a graph against their definition, in 64 bits, and gradients against finite differences.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use relata_kernels::{EdgeOps, Isa};

#[derive(Debug, Clone)]
struct Case {
    width: usize,
    z: Vec<f32>,
    edges: Vec<(u32, u32)>,
    factors: Vec<f32>,
}

fn cases() -> impl Strategy<Value = Case> {
    (1usize..12, 1usize..40, 0usize..60).prop_flat_map(|(rows, width, edges)| {
        let number = || -2.0f32..2.0;
        (
            Just(width),
            prop::collection::vec(number(), rows * width),
            prop::collection::vec((0..rows as u32, 0..rows as u32), edges),
            prop::collection::vec(number(), edges),
        )
            .prop_map(|(width, z, edges, factors)| Case { width, z, edges, factors })
    })
}

impl Case {
    fn pairs(&self) -> EdgeOps {
        let (src, dst): (Vec<u32>, Vec<u32>) = self.edges.iter().copied().unzip();
        EdgeOps::new(self.z.len() / self.width, &src, &dst)
    }

    fn at(&self, row: u32, k: usize) -> f64 {
        f64::from(self.z[row as usize * self.width + k])
    }

    fn distance(&self, (a, b): (u32, u32)) -> f64 {
        (0..self.width).map(|k| (self.at(a, k) - self.at(b, k)).powi(2)).sum()
    }

    /// The factors times the squared distances.
    fn score(&self) -> f64 {
        self.edges.iter().zip(&self.factors).map(|(&edge, &f)| f64::from(f) * self.distance(edge)).sum()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn sums_over_edges_are_what_they_are_defined_as(case in cases()) {
        let pairs = case.pairs();
        let mut sums = vec![0.0f64; case.z.len()];
        for (&(a, b), &factor) in case.edges.iter().zip(&case.factors) {
            for (row, other) in [(a, b), (b, a)] {
                for k in 0..case.width {
                    sums[row as usize * case.width + k] += f64::from(factor) * case.at(other, k);
                }
            }
        }
        for &isa in Isa::supported() {
            let found = pairs.squared_distances(isa, &case.z, case.width);
            for (&f, &edge) in found.iter().zip(&case.edges) {
                prop_assert!((f64::from(f) - case.distance(edge)).abs() < 1e-4 * (1.0 + case.distance(edge)));
            }
            let found = pairs.neighbour_sums(isa, &case.z, case.width, &case.factors);
            prop_assert_eq!(found.len(), sums.len());
            prop_assert!(found.iter().zip(&sums).all(|(&f, e)| (f64::from(f) - e).abs() < 1e-4));
        }
    }

    #[test]
    fn the_gradient_of_distances_is_a_finite_difference(case in cases()) {
        let pairs = case.pairs();
        for &isa in Isa::supported() {
            let found = pairs.squared_distances_gradient(isa, &case.z, case.width, &case.factors);
            for (at, &found) in found.iter().enumerate() {
                let moved = |by: f32| {
                    let mut case = case.clone();
                    case.z[at] += by;
                    (case.score(), f64::from(case.z[at]))
                };
                let ((up, high), (down, low)) = (moved(0.25), moved(-0.25));
                // The score is quadratic, so a wide step is exact.
                let slope = (up - down) / (high - low);
                prop_assert!((f64::from(found) - slope).abs() < 1e-3 * (1.0 + slope.abs()), "{found} {slope}");
            }
        }
    }

    #[test]
    fn the_order_of_edges_and_threads_do_not_matter(case in cases()) {
        let isa = Isa::best();
        let sums = |case: &Case| case.pairs().neighbour_sums(isa, &case.z, case.width, &case.factors);
        let mut turned = case.clone();
        turned.edges.reverse();
        turned.edges.iter_mut().for_each(|edge| *edge = (edge.1, edge.0));
        turned.factors.reverse();
        prop_assert!(sums(&case).iter().zip(sums(&turned)).all(|(a, b)| (a - b).abs() < 1e-4));
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        prop_assert_eq!(one.install(|| sums(&case)), sums(&case));
    }
}
