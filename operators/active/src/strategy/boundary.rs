//! Pairs across the boundary between components.

use relata_registry::Description;

use super::explore_consolidate::{ExploreConsolidate, explore_consolidate};
use super::neighbours::Neighbours;
use super::pick::{Scored, pick};
use super::pool::Pool;
use super::{Proposal, Scene, Strategy};
use crate::spread::spread;

/// Neighbours of a row in the graph.
const NEIGHBOURS: usize = 10;
/// Components times rows, which bounds the work.
const MOST_CHANCES: usize = 2 << 20;

/// See [`boundary`].
#[derive(Debug, Default)]
pub struct Boundary {
    explore: ExploreConsolidate,
}

/// Mutual nearest neighbours that the components disagree on: spread over the graph of neighbours (see
/// [`spread`](crate::spread::spread)), the components claim the two rows with different chances, and different ones
/// claim most of them. Two known rows are compared with each other; of two others, the less certain one is compared with
/// the component that claims its neighbour. The greater the disagreement and the closer the neighbours, the better.
/// (Boundary sampling by the disagreement between neighbours, as in graph-based active learning since Zhu, Lafferty and
/// Ghahramani 2003.) Where there is no boundary yet it explores as [`explore_consolidate`] does.
pub fn boundary() -> Boundary {
    Boundary { explore: explore_consolidate() }
}

impl Strategy for Boundary {
    fn describe(&self) -> Description {
        Description::new("boundary")
    }

    fn propose(&self, scene: &Scene<'_>, pairs: usize) -> Vec<Proposal> {
        let pool = Pool::draw(scene);
        let mut proposals = pick(scene, disputed(scene, &pool), pairs);
        if proposals.len() < pairs {
            let label = |row| scene.belief.component(row);
            let ends = |proposal: &Proposal| {
                let (a, b) = (label(proposal.anchor), label(proposal.candidates[0]));
                (a.min(b), a.max(b))
            };
            let least = proposals.last().map_or(1.0, |proposal| proposal.priority);
            let mut further = self.explore.propose(scene, pairs);
            further.retain(|proposal| !proposals.iter().any(|earlier| ends(earlier) == ends(proposal)));
            further.truncate(pairs - proposals.len());
            further.iter_mut().for_each(|proposal| proposal.priority *= least);
            proposals.extend(further);
        }
        proposals
    }
}

/// The questions across the boundary.
fn disputed(scene: &Scene<'_>, pool: &Pool) -> Vec<Scored> {
    let rows = pool.rows.len();
    let components = pool.components.len().min(MOST_CHANCES / rows.max(1));
    if components < 2 {
        return vec![];
    }
    let neighbours = Neighbours::of(&pool.vectors, pool.width, NEIGHBOURS);
    let seeds: Vec<_> = pool.component.iter().map(|at| at.filter(|&at| (at as usize) < components)).collect();
    let claims = Claims::new(&neighbours, &seeds, components);
    let known = |at: usize| scene.belief.is_known(pool.rows[at]);
    let mut scored = Vec::new();
    for a in 0..rows {
        for link in neighbours.links(a).iter().filter(|link| link.mutual && a < link.row as usize) {
            let b = link.row as usize;
            let (Some((first, p)), Some((second, q))) = (claims.best(a), claims.best(b)) else { continue };
            if first == second {
                continue;
            }
            let score = link.weight * claims.disagreement(a, b);
            let pair = if known(a) && known(b) {
                let (a, b) = (pool.rows[a], pool.rows[b]);
                scene.is_open(a, b).then_some((a, b))
            } else {
                let (row, component) = if known(b) || (!known(a) && p <= q) { (a, second) } else { (b, first) };
                let row = pool.rows[row];
                pool.components[component].open_member(scene, row).map(|member| (member, row))
            };
            scored.extend(pair.map(|(anchor, candidate)| {
                let probability = scene.predictor.probability(scene.similarity(anchor, candidate));
                Scored { anchor, candidate, score, probability }
            }));
        }
    }
    scored
}

/// By row, the chances of the components; those of a row sum to 1, or are 0 where no component can be reached.
struct Claims {
    components: usize,
    shares: Vec<f32>,
}

impl Claims {
    fn new(neighbours: &Neighbours, seeds: &[Option<u32>], components: usize) -> Self {
        let found = spread(neighbours, seeds, components);
        let mut shares = vec![0.0; seeds.len() * components];
        for component in 0..components {
            for (row, chance) in found.of(component).iter().enumerate() {
                shares[row * components + component] = *chance;
            }
        }
        for row in shares.chunks_exact_mut(components) {
            let sum = row.iter().sum::<f32>().max(f32::MIN_POSITIVE);
            row.iter_mut().for_each(|share| *share /= sum);
        }
        Self { components, shares }
    }

    fn of(&self, row: usize) -> &[f32] {
        &self.shares[row * self.components..][..self.components]
    }

    /// The component with the largest share.
    fn best(&self, row: usize) -> Option<(usize, f32)> {
        let shares = self.of(row);
        let best = (0..shares.len()).reduce(|best, at| if shares[at] > shares[best] { at } else { best })?;
        (shares[best] > 0.0).then_some((best, shares[best]))
    }

    /// The chance that two rows are in different components.
    fn disagreement(&self, a: usize, b: usize) -> f32 {
        1.0 - self.of(a).iter().zip(self.of(b)).map(|(p, q)| p * q).sum::<f32>()
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{World, check, unresolved};
    use super::*;

    #[test]
    fn keeps_the_rules() {
        check(&boundary());
    }

    #[test]
    fn asks_where_two_components_meet() {
        // A chain of rows on an arc, known at both ends.
        let angles: Vec<f32> = (0..40).map(|row| row as f32 * 2.0).collect();
        let classes: Vec<u32> = (0..40).map(|row| u32::from(row >= 20)).collect();
        let mut world = World::on_circle(&angles, &classes);
        for (a, b) in [(1, 3), (36, 38), (1, 38)] {
            world.answer(a, b);
        }
        for proposal in boundary().propose(&world.scene(1), 3) {
            let ends = [proposal.anchor, proposal.candidates[0]];
            let fresh = ends.iter().find(|row| !world.belief.is_known(**row)).unwrap();
            assert!((13..27).contains(fresh), "{proposal:?}");
        }
    }

    #[test]
    fn the_score_is_weight_times_the_chance_of_different_components() {
        let mut world = World::blobs(2, 20, 3, 0.8, 3);
        for (a, b) in [(0, 2), (1, 3), (0, 1), (4, 5)] {
            world.answer(a, b);
        }
        let scene = world.scene(1);
        let pool = Pool::draw(&scene);
        let found = disputed(&scene, &pool);
        assert!(!found.is_empty());
        let neighbours = Neighbours::of(&pool.vectors, 3, NEIGHBOURS);
        let claims = Claims::new(&neighbours, &pool.component, pool.components.len());
        let mut naive = Vec::new();
        for a in 0..40usize {
            for link in neighbours.links(a).iter().filter(|link| link.mutual && link.row as usize > a) {
                let b = link.row as usize;
                let different: f32 = (0..pool.components.len())
                    .flat_map(|x| (0..pool.components.len()).map(move |y| (x, y)))
                    .filter(|(x, y)| x != y)
                    .map(|(x, y)| claims.of(a)[x] * claims.of(b)[y])
                    .sum();
                naive.push(link.weight * different);
            }
        }
        for pair in found {
            assert!(naive.iter().any(|score| (score - pair.score).abs() < 1e-4), "{pair:?}");
        }
    }

    #[test]
    fn finds_the_classes() {
        let mut world = World::blobs(3, 15, 4, 0.4, 1);
        world.play(&boundary(), 5, 400);
        assert_eq!(unresolved(&world), 0.0);
    }
}
