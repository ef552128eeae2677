//! Functions that queries have beside those of standard SQL: their registry, from which sessions and the help are made.

use std::fmt::Write;
use std::sync::Arc;

use datafusion::logical_expr::AggregateUDF;
use relata_data::Session;

use super::catalogue::Catalogue;
use super::mean_vector::MeanVector;
use super::nearest::NearestFunction;
use super::neighbours::Neighbours;
use super::similar_pairs::SimilarPairs;

/// A function: how it is called, and how a session gets it.
struct SqlFunction {
    /// Each way to call it, and what that gives.
    calls: &'static [(&'static str, &'static str)],
    /// Nothing for those of DataFusion, which every session has.
    register: fn(&Session, &Arc<Catalogue>),
}

const FUNCTIONS: &[SqlFunction] = &[
    SqlFunction {
        calls: &[
            ("nearest(embeddings, ID, K [, METRIC] [, exact])", "table: rank, id and score of the K nearest samples"),
            ("nearest(embeddings, [0.1, ..], K [, METRIC])", "table: the same for a vector"),
            (
                "nearest(embeddings, TABLE, K [, METRIC])",
                "table: the same for every row of a table, whose id is `query`",
            ),
        ],
        register: |session, runs| session.register_udtf("nearest", Arc::new(NearestFunction(runs.clone()))),
    },
    SqlFunction {
        calls: &[("similar_pairs([embeddings,] SIMILARITY)", "table: src, dst and similarity of all pairs above it")],
        register: |session, runs| session.register_udtf("similar_pairs", Arc::new(SimilarPairs(runs.clone()))),
    },
    SqlFunction {
        calls: &[("neighbours([RUN,] ID [, 'all'])", "table: id, weight and source of what the graph knows")],
        register: |session, runs| session.register_udtf("neighbours", Arc::new(Neighbours(runs.clone()))),
    },
    SqlFunction {
        calls: &[
            ("array_distance(a, b)", "the Euclidean distance of two vectors"),
            ("cosine_distance(a, b)", "1 minus their cosine similarity"),
            ("inner_product(a, b)", "their inner product"),
            ("array_normalize(a)", "the vector with length 1"),
        ],
        register: |_, _| {},
    },
    SqlFunction {
        calls: &[("mean_vector(a)", "aggregate: the mean of vectors, number by number")],
        register: |session, _| session.register_udaf(AggregateUDF::from(MeanVector::new())),
    },
];

/// Gives a session all functions.
pub(super) fn register(session: &Session, runs: &Arc<Catalogue>) {
    FUNCTIONS.iter().for_each(|function| (function.register)(session, runs));
}

/// A line for each function.
///
/// ```
/// assert!(relata::sql::functions().contains("mean_vector(a)"));
/// ```
pub fn functions() -> String {
    let calls = || FUNCTIONS.iter().flat_map(|function| function.calls);
    let width = calls().map(|(call, _)| call.len()).max().unwrap_or_default();
    let mut text = String::new();
    for (call, summary) in calls() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{call:<width$}  {summary}");
    }
    text + "METRIC is 'cosine' (as unless said), 'l2' or 'inner_product'. 'file.parquet' and 'file.csv' are tables too.\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_function_is_in_sessions_and_in_the_book() {
        let session = super::super::session(&[]).await.unwrap();
        let state = session.state();
        let book = include_str!("../../../../docs/book/src/sql.md");
        for (call, _) in FUNCTIONS.iter().flat_map(|function| function.calls) {
            let name = call.split('(').next().unwrap();
            let known = state.scalar_functions().contains_key(name)
                || state.aggregate_functions().contains_key(name)
                || state.table_functions().contains_key(name);
            assert!(known, "{name} is in no session");
            assert!(book.contains(&format!("{name}(")), "{name} is not in the book");
        }
    }
}
