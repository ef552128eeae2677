//! Explore, then consolidate: find rows that stand for what is unknown, and place each among the components.

mod embedded_graph;
mod explorer;

use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;
use std::sync::{Arc, Mutex, PoisonError};

use relata_registry::{Description, Settings};
use serde::{Deserialize, Serialize};

use self::embedded_graph::EmbeddedGraph;
use self::explorer::Explorer;
use super::batch_selection::ranked;
use super::candidate_pool::CandidatePool;
use super::candidate_queries::most_probable;
use super::query_context::QueryContext;
use super::query_strategy::{Query, Strategy};
use super::unqueried_pairs::most_probable_first;

/// Every so many questions one compares two components.
const RECONCILE: usize = 4;
/// The same as long as there are more components than classes.
const RECONCILE_MORE: usize = 2;

/// See [`explore_consolidate`].
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExploreConsolidate {
    #[serde(skip_serializing_if = "Option::is_none")]
    classes: Option<usize>,
    #[serde(skip)]
    graph: Mutex<Option<(u64, Arc<EmbeddedGraph>)>>,
}

/// Explores and consolidates as Basu, Banerjee and Mooney (2004, "Active semi-supervision for pairwise constrained
/// clustering"), over the graph of nearest neighbours:
///
/// - The next row explored is the one that covers most of the rows whose component is still uncertain, by greedy facility
///   location in the spectral coordinates of the graph. (Farthest-first would choose outliers.)
/// - It is compared with components, in the order of the probability that a random walk from it meets them first. That
///   ends with a "yes", or when each of the others has a chance below 1 in 20: then the row is a component of its own,
///   without an answer that says so.
/// - Every fourth question reconciles two components, so that a class in several parts becomes one: those whose rows (by
///   the walks' chances) lie in the most similar direction, and that are known to differ from few others.
///
/// Where a pipeline has candidates, it asks about the most probable ones, no component twice in a round.
///
/// Rows proposed together cover different regions. On the digits (1,438 training rows, cosine of the pixels), with one
/// pair a round, the ten largest components are the ten classes after 100 pairs, and spread over the graph they give a
/// test accuracy of 0.98; with 10 pairs a round as well, with 50 it is 0.96.
///
/// ```
/// use relata_active::query_loop::StrategyExt;
/// use relata_active::strategy::{Strategy, explore_consolidate};
///
/// assert_eq!(explore_consolidate().describe().to_string(), "explore_consolidate");
/// let config = explore_consolidate().budget(300.0).per_round(50);
/// # config.check().unwrap();
/// ```
pub fn explore_consolidate() -> ExploreConsolidate {
    ExploreConsolidate::default()
}

impl ExploreConsolidate {
    /// How many classes there are, where that is known: as long as there are more components of two rows or more, every
    /// second question reconciles two of them, so that a class does not stay in several parts.
    ///
    /// ```
    /// use relata_active::strategy::{Strategy, explore_consolidate};
    ///
    /// assert_eq!(explore_consolidate().classes(10).describe().to_string(), "explore_consolidate classes=10");
    /// ```
    pub fn classes(mut self, classes: usize) -> Self {
        self.classes = Some(classes);
        self
    }
}

impl Settings for ExploreConsolidate {
    const NAME: &'static str = "explore_consolidate";
    const SUMMARY: &'static str = "covers what is unknown, and places it among the components";
}

impl Strategy for ExploreConsolidate {
    fn describe(&self) -> Description {
        Description::of(self)
    }

    fn propose(&self, context: &QueryContext<'_>, pairs: usize) -> Vec<Query> {
        if let Some(candidates) = context.candidates {
            return most_probable(candidates, context, pairs);
        }
        let pool = CandidatePool::draw(context);
        if pool.rows.len() < 2 || pairs == 0 {
            return vec![];
        }
        let graph = self.graph(&pool, context.seed);
        let mut explorer = Explorer::new(context, &pool, &graph);
        let mut asked = explorer.unfinished();
        asked.truncate(pairs);
        let parts = pool.components.iter().filter(|component| component.size > 1).count();
        let too_many = self.classes.is_some_and(|classes| parts > classes);
        let every = if too_many { RECONCILE_MORE } else { RECONCILE };
        let before = (context.round as usize).saturating_sub(1) * pairs;
        while asked.len() < pairs {
            let reconcile = (before + asked.len()) % every == every - 1;
            let next = match reconcile {
                true => {
                    let of_parts = if too_many { explorer.reconcile(true) } else { None };
                    of_parts.or_else(|| explorer.reconcile(false)).or_else(|| explorer.explore())
                }
                false => explorer.explore(),
            };
            match next.or_else(|| explorer.reconcile(false)) {
                Some(pair) => asked.push(pair),
                None => break,
            }
        }
        if asked.is_empty() {
            return most_probable_first(context, &pool, pairs);
        }
        ranked(asked.into_iter().map(|(anchor, row)| (anchor, vec![row])).collect())
    }
}

impl ExploreConsolidate {
    /// The graph of a pool, kept until the embedding or the pool changes.
    fn graph(&self, pool: &CandidatePool, seed: u64) -> Arc<EmbeddedGraph> {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(seed);
        hasher.write_usize(pool.width);
        pool.vectors.iter().for_each(|value| hasher.write_u32(value.to_bits()));
        let key = hasher.finish();
        let mut kept = self.graph.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.as_ref() {
            Some((of, graph)) if *of == key => Arc::clone(graph),
            _ => {
                let graph = Arc::new(EmbeddedGraph::new(pool, seed));
                *kept = Some((key, Arc::clone(&graph)));
                graph
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use relata_data::index::TrainingRow;

    use super::super::fixture::{World, check, unresolved};
    use super::*;

    #[test]
    fn keeps_the_rules() {
        check(&explore_consolidate());
    }

    #[test]
    fn finds_the_classes_with_few_answers() {
        let mut world = World::blobs(5, 40, 6, 0.2, 6);
        world.play(&explore_consolidate(), 1, 40);
        let components: Vec<_> = world.belief.components().filter(|&c| world.belief.members(c).len() > 1).collect();
        let mut classes: Vec<u32> =
            components.iter().map(|&c| world.classes[world.belief.members(c)[0].index()]).collect();
        classes.sort_unstable();
        classes.dedup();
        assert_eq!(classes.len(), 5);
    }

    #[test]
    fn parts_of_a_class_come_together_sooner_where_the_number_of_classes_is_known() {
        let parts = |strategy: &ExploreConsolidate| {
            let mut world = World::blobs(4, 60, 6, 0.6, 3);
            for class in 0..4 {
                // Two parts of each class.
                world.answer(class, class + 4);
                world.answer(class + 8, class + 12);
            }
            world.play(strategy, 10, 40);
            world.belief.components().filter(|&c| world.belief.members(c).len() > 1).count()
        };
        let (known, unknown) = (parts(&explore_consolidate().classes(4)), parts(&explore_consolidate()));
        assert!(known <= unknown && known >= 4, "{known} {unknown}");
    }

    #[test]
    fn a_row_in_progress_is_placed_first() {
        let mut world = World::blobs(3, 20, 4, 0.2, 1);
        for (a, b) in [(0, 3), (1, 4), (0, 1), (2, 5), (0, 2), (1, 2)] {
            world.answer(a, b);
        }
        // Row 7 is of the second class and was compared with the first.
        world.answer(0, 7);
        let found = explore_consolidate().propose(&world.context(1), 1);
        assert!([1, 4].contains(&found[0].anchor.0) && found[0].candidates == [TrainingRow(7)], "{found:?}");
    }

    #[test]
    fn the_number_of_threads_does_not_matter() {
        let mut world = World::blobs(6, 300, 5, 0.5, 8);
        for row in 0..60 {
            world.answer(row * 7, row * 13 + 1);
        }
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| explore_consolidate().propose(&world.context(3), 25))
        };
        assert_eq!(with(1), with(3));
    }

    #[test]
    fn ends_with_everything_known() {
        let mut world = World::blobs(3, 12, 4, 0.5, 1);
        world.play(&explore_consolidate(), 7, 10_000);
        assert_eq!(unresolved(&world), 0.0);
    }

    #[test]
    fn what_is_kept_between_calls_does_not_change_the_questions() {
        let (mut first, mut second) = (World::blobs(3, 30, 4, 0.3, 1), World::blobs(3, 30, 4, 0.3, 1));
        let kept = explore_consolidate();
        kept.propose(&World::blobs(2, 9, 3, 0.3, 5).context(1), 3);
        first.play(&kept, 3, 30);
        for round in 1..=10 {
            for query in explore_consolidate().propose(&second.context(round), 3) {
                second.answer(query.anchor.0, query.candidates[0].0);
            }
        }
        assert_eq!(first.constraints, second.constraints);
    }
}
