//! Conformance of query strategies.

use std::collections::HashSet;

use relata_active::strategy::{Query, QueryContext, Strategy};
use relata_data::index::TrainingRow;

use crate::check_description;
use crate::fixture::Classes;

/// Checks a strategy: only pairs of which nothing is known, none twice, never more than are wanted, the same queries
/// for the same context, the most useful first, and none when nothing is left to ask.
pub fn check_strategy(strategy: &(impl Strategy + ?Sized)) {
    check_description(&|| strategy.describe());
    for (pairs, noise, seed) in [(1, 0.2, 1), (7, 0.6, 2), (40, 0.6, 3)] {
        let mut classes = Classes::blobs(3, 20, 4, noise, seed);
        let mut number = 0;
        for round in 1..=6 {
            let queries = strategy.propose(&classes.context(round), pairs);
            assert_eq!(queries, strategy.propose(&classes.context(round), pairs), "propose: not deterministic");
            assert!(
                !queries.is_empty() || !classes.has_open(),
                "propose: no query in round {round}, with open pairs left"
            );
            keeps_the_rules(&classes.context(round), &queries, pairs);
            for (at, query) in queries.iter().enumerate() {
                for &candidate in &query.candidates {
                    number += 1;
                    match at % 5 {
                        4 => classes.pass(query.anchor, candidate),
                        _ => classes.answer(number, query.anchor, candidate),
                    }
                }
            }
        }
    }
    assert!(
        strategy.propose(&Classes::blobs(3, 20, 4, 0.2, 1).context(1), 0).is_empty(),
        "propose: queries for 0 pairs"
    );
    assert!(
        strategy.propose(&Classes::on_circle(&[0.0], &[0]).context(1), 9).is_empty(),
        "propose: a query of one row"
    );
    let mut two = Classes::on_circle(&[0.0, 90.0], &[0, 1]);
    let queries = strategy.propose(&two.context(1), 10);
    assert_eq!(queries.len(), 1, "propose: two rows are one pair to ask about");
    keeps_the_rules(&two.context(1), &queries, 10);
    two.pass(TrainingRow(0), TrainingRow(1));
    assert!(strategy.propose(&two.context(2), 10).is_empty(), "propose: a pair that was passed on");
    let mut known = Classes::blobs(3, 4, 3, 0.3, 4);
    for (row, other) in (1..12).flat_map(|row| (0..row).map(move |other| (row, other))) {
        known.answer(u64::from(row * 12 + other), TrainingRow(other), TrainingRow(row));
    }
    assert!(strategy.propose(&known.context(9), 10).is_empty(), "propose: queries although everything is known");
}

fn keeps_the_rules(context: &QueryContext<'_>, queries: &[Query], pairs: usize) {
    let mut seen = HashSet::new();
    for query in queries {
        assert!(!query.candidates.is_empty(), "propose: a query without candidates");
        assert!(query.priority.is_finite(), "propose: a priority of {}", query.priority);
        for &candidate in &query.candidates {
            assert!(context.is_open(query.anchor, candidate), "propose: the pair is known already: {query:?}");
            let pair = (query.anchor.min(candidate), query.anchor.max(candidate));
            assert!(seen.insert(pair), "propose: the pair {pair:?} twice");
        }
    }
    assert!(seen.len() <= pairs, "propose: {} pairs where {pairs} were wanted", seen.len());
    assert!(queries.is_sorted_by(|a, b| a.priority >= b.priority), "propose: not the most useful first");
}
