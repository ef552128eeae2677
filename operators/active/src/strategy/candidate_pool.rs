//! Candidate pool: the rows that a strategy looks at. Of a small dataset these are all rows, of a large one a random
//! draw and the most central members of the largest components. The belief keeps the components in order, so that the
//! time depends on neither the number of rows nor that of answers.

use std::collections::HashMap;

use rand::seq::index::sample;
use rayon::prelude::*;
use relata_data::index::TrainingRow;
use relata_data::seed::Purpose;
use relata_graph::knn::{Matrix, multiply};

use super::batch_selection::ScoredPair;
use super::query_context::QueryContext;

/// Rows drawn at random.
const ROWS: usize = 10_000;
/// Components looked at, the largest first.
const COMPONENTS: usize = 1_000;
/// Members that stand for all of a component, and such members altogether.
const MEMBERS: usize = 32;
const ALL_MEMBERS: usize = 4_096;

/// A component of rows that were asked about.
pub(super) struct CandidateComponent {
    /// Its label in the belief.
    pub label: u32,
    /// Its number of members.
    pub size: usize,
    /// A few of its members, the most central first.
    pub members: Vec<TrainingRow>,
}

impl CandidateComponent {
    /// The most central member that may be compared with a row, if any may.
    pub fn open_member(&self, context: &QueryContext<'_>, row: TrainingRow) -> Option<TrainingRow> {
        if context.belief.relation(self.members[0], row).is_some() {
            return None;
        }
        self.members.iter().copied().find(|&member| context.is_open(member, row))
    }
}

/// Pairs with components that are looked at for every pair proposed, and the fewest for each component.
pub(super) const LOOKED_AT: usize = 200;
const LEAST: usize = 8;

/// See the module.
pub(super) struct CandidatePool {
    /// The rows, ascending.
    pub rows: Vec<TrainingRow>,
    /// Their embeddings, row-major.
    pub vectors: Vec<f32>,
    /// The width of an embedding.
    pub width: usize,
    /// The largest components, largest first, of equal ones that with the smallest row first.
    pub components: Vec<CandidateComponent>,
    /// For each row its place in `components`, if it is in one of them.
    pub component: Vec<Option<u32>>,
    /// Places in `rows` of the rows about which nothing was asked.
    pub unqueried: Vec<u32>,
}

impl CandidatePool {
    /// The pool of a round.
    pub fn draw(context: &QueryContext<'_>) -> Self {
        Self::of(context, ROWS)
    }

    fn of(context: &QueryContext<'_>, most: usize) -> Self {
        let components = largest(context);
        let all = context.rows();
        let rows: Vec<TrainingRow> = if all <= most {
            (0..all as u32).map(TrainingRow).collect()
        } else {
            let drawn = sample(&mut Purpose::QueryPool.stream(context.seed, &[context.round.into()]), all, most);
            let mut rows: Vec<_> = drawn.into_iter().map(|row| TrainingRow(row as u32)).collect();
            rows.extend(components.iter().flat_map(|known| &known.members));
            rows.sort_unstable();
            rows.dedup();
            rows
        };
        let places: HashMap<u32, u32> = components.iter().map(|known| known.label).zip(0..).collect();
        let known: Vec<bool> = rows.iter().map(|&row| context.belief.is_known(row)).collect();
        let component = rows.iter().zip(&known);
        let component =
            component.map(|(&row, known)| places.get(&context.belief.component(row)).copied().filter(|_| *known));
        let component = component.collect();
        let unqueried = (0..rows.len() as u32).filter(|&place| !known[place as usize]).collect();
        let vectors = rows.iter().flat_map(|&row| context.embedding(row)).copied().collect();
        Self { rows, vectors, width: context.width, components, component, unqueried }
    }

    /// The place of a row that is in the pool.
    pub fn place(&self, row: TrainingRow) -> Option<usize> {
        self.rows.binary_search(&row).ok()
    }

    /// The cosine of every row in the pool with every component's most central member: component by component.
    pub fn similarities(&self) -> Vec<f32> {
        let rows = self.rows.len();
        let mut product = vec![0.0; rows * self.components.len()];
        let central = self.components.iter().filter_map(|known| self.place(known.members[0]));
        let central: Vec<f32> =
            central.flat_map(|at| &self.vectors[at * self.width..][..self.width]).copied().collect();
        let left = Matrix::rows(&self.vectors, rows, self.width);
        if rows > 0 {
            product.par_chunks_mut(rows).zip(central.par_chunks(self.width)).for_each(|(product, central)| {
                multiply(left, Matrix::columns(central, self.width, 1), product);
            });
        }
        product
    }

    /// Open pairs of a component (its most central member that may be asked about is the anchor) with a row never asked
    /// about or with a smaller component (its most central member): about `most`, for each component those with the
    /// largest scores. `score` is given the component's place, the other's component if it has one, and the probability
    /// that the two are related.
    pub fn against_components(
        &self,
        context: &QueryContext<'_>,
        most: usize,
        score: impl Fn(usize, Option<usize>, f32) -> f32 + Sync,
    ) -> Vec<ScoredPair> {
        let Some(rows) = (!self.components.is_empty()).then_some(self.rows.len()) else { return vec![] };
        let keep = most.div_ceil(self.components.len()).max(LEAST);
        let similarities = self.similarities();
        let others = self.components.iter().zip(0..);
        let others = others.filter_map(|(known, at)| Some((self.place(known.members[0])?, Some(at))));
        let others: Vec<(usize, Option<usize>)> =
            self.unqueried.iter().map(|&place| (place as usize, None)).chain(others).collect();
        let of_component = |(at, similarities): (usize, &[f32])| {
            let known = &self.components[at];
            // A pair of components is looked at from the larger one only.
            let others = others.iter().filter(|(_, other)| other.is_none_or(|other| other > at));
            let mut scored: Vec<(f32, f32, usize)> = others
                .map(|&(place, other)| {
                    let probability = context.calibration.probability(similarities[place]);
                    (score(at, other, probability), probability, place)
                })
                .collect();
            let order = |a: &(f32, f32, usize), b: &(f32, f32, usize)| {
                b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1)).then(a.2.cmp(&b.2))
            };
            let mut found = Vec::new();
            // Those that are not open fall out, so the best of the rest is looked at until enough are found.
            let mut rest = scored.as_mut_slice();
            while found.len() < keep && !rest.is_empty() {
                let next = keep.min(rest.len());
                if next < rest.len() {
                    rest.select_nth_unstable_by(next - 1, order);
                }
                let (best, others) = rest.split_at_mut(next);
                best.sort_unstable_by(order);
                found.extend(best.iter().filter_map(|&(score, probability, place)| {
                    let candidate = self.rows[place];
                    let anchor = known.open_member(context, candidate)?;
                    Some(ScoredPair { anchor, candidate, score, probability })
                }));
                rest = others;
            }
            found.truncate(keep);
            found
        };
        similarities.par_chunks(rows).enumerate().flat_map_iter(of_component).collect()
    }
}

fn largest(context: &QueryContext<'_>) -> Vec<CandidateComponent> {
    let labels: Vec<u32> = context.belief.largest().take(COMPONENTS).collect();
    let most = (ALL_MEMBERS / labels.len().max(1)).clamp(1, MEMBERS);
    let known = labels.into_iter().map(|label| {
        let members = context.belief.members(label);
        let step = members.len().div_ceil(most).max(1);
        let picked = members.iter().copied().step_by(step).collect();
        CandidateComponent { label, size: members.len(), members: most_central_first(context, picked) }
    });
    known.collect()
}

/// Sorts rows by their cosine with the rows' mean.
pub(super) fn most_central_first(context: &QueryContext<'_>, rows: Vec<TrainingRow>) -> Vec<TrainingRow> {
    let mut mean = vec![0f32; context.width];
    for &row in &rows {
        mean.iter_mut().zip(context.embedding(row)).for_each(|(sum, value)| *sum += value);
    }
    let central = |row: TrainingRow| context.embedding(row).iter().zip(&mean).map(|(x, y)| x * y).sum::<f32>();
    let mut keyed: Vec<(f32, TrainingRow)> = rows.into_iter().map(|row| (central(row), row)).collect();
    keyed.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    keyed.into_iter().map(|(_, row)| row).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::World;
    use super::*;

    #[test]
    fn components_come_largest_first_and_their_most_central_member_stands_for_them() {
        let mut world = World::on_circle(&[0.0, 10.0, 20.0, 90.0, 100.0, 101.0, 180.0], &[0, 0, 0, 1, 1, 1, 2]);
        for (a, b) in [(3, 4), (4, 5), (0, 1), (1, 2)] {
            world.answer(a, b);
        }
        let pool = CandidatePool::draw(&world.context(1));
        let members: Vec<_> = pool.components.iter().map(|known| (known.size, known.members[0].0)).collect();
        assert_eq!(members, [(3, 1), (3, 4)]);
        assert_eq!(pool.unqueried, [6]);
        assert_eq!(pool.component, [Some(0), Some(0), Some(0), Some(1), Some(1), Some(1), None]);
    }

    #[test]
    fn a_large_dataset_is_drawn_from_and_the_known_rows_are_kept() {
        let mut world = World::blobs(4, 500, 8, 0.1, 3);
        world.answer(0, 4);
        let (pool, again) = (CandidatePool::of(&world.context(1), 100), CandidatePool::of(&world.context(1), 100));
        assert!(pool.rows.len() >= 100 && pool.rows.len() <= 102);
        assert!(pool.place(TrainingRow(0)).is_some() && pool.place(TrainingRow(4)).is_some());
        assert_eq!(pool.rows, again.rows);
        assert_ne!(pool.rows, CandidatePool::of(&world.context(2), 100).rows);
        assert_eq!(pool.vectors[..8], *world.context(1).embedding(pool.rows[0]));
    }

    #[test]
    fn pairs_with_components_are_the_best_open_ones() {
        let mut world = World::blobs(3, 20, 4, 0.3, 5);
        for (a, b) in [(0, 3), (0, 6), (1, 4), (0, 1)] {
            world.answer(a, b);
        }
        world.pass(3, 9);
        let context = world.context(1);
        let pool = CandidatePool::draw(&context);
        let found = pool.against_components(&context, 20, |_, _, p| p);
        assert_eq!(found.len(), 20);
        for (at, found) in found.chunks(10).enumerate() {
            let known = &pool.components[at];
            let mut naive: Vec<_> = (0..60)
                .map(TrainingRow)
                .filter(|&row| !context.belief.is_known(row) && known.open_member(&context, row).is_some())
                .map(|row| context.calibration.probability(context.similarity(known.members[0], row)))
                .collect();
            naive.sort_by(|a, b| b.total_cmp(a));
            for (found, naive) in found.iter().zip(naive) {
                assert!((found.score - naive).abs() < 1e-5, "{} {naive}", found.score);
            }
        }
    }
}
