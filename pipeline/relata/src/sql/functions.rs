//! Functions that queries have beside those of standard SQL.

use std::fmt::Write;

/// Calls and what they give.
const FUNCTIONS: [(&str, &str); 9] = [
    ("nearest(embeddings, ID, K [, METRIC])", "table: rank, id and score of the K nearest samples"),
    ("nearest(embeddings, [0.1, ..], K [, METRIC])", "table: the same for a vector"),
    ("nearest(embeddings, TABLE, K [, METRIC])", "table: the same for every row of a table, whose id is `query`"),
    ("neighbours([RUN,] ID [, 'all'])", "table: id, weight and source of what the graph knows"),
    ("array_distance(a, b)", "the Euclidean distance of two vectors"),
    ("cosine_distance(a, b)", "1 minus their cosine similarity"),
    ("inner_product(a, b)", "their inner product"),
    ("array_normalize(a)", "the vector with length 1"),
    ("mean_vector(a)", "aggregate: the mean of vectors, number by number"),
];

/// A line for each function.
///
/// ```
/// assert!(relata::sql::functions().contains("mean_vector(a)"));
/// ```
pub fn functions() -> String {
    let width = FUNCTIONS.iter().map(|(call, _)| call.len()).max().unwrap_or_default();
    let mut text = String::new();
    for (call, summary) in FUNCTIONS {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{call:<width$}  {summary}");
    }
    text + "METRIC is 'cosine' (as unless said), 'l2' or 'inner_product'. 'file.parquet' and 'file.csv' are tables too.\n"
}
