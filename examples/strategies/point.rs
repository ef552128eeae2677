//! Measurements of one run: one point a round.

use relata::arrow::array::{Array, AsArray, Float64Array};
use relata::arrow::datatypes::Float64Type;
use relata::data::{DataError, query};
use relata::{Result, Run};

/// What is measured: column, metric of the run, and title of the plot.
pub const MEASURES: [(&str, &str, &str); 3] = [
    ("known_accuracy", "known_probe.test", "Test accuracy of a probe of what follows from the answers"),
    ("probe_accuracy", "linear_probe.test", "Test accuracy of a probe of all labels"),
    ("nmi", "clustering.nmi", "NMI of k-means and the classes, test split"),
];

/// The measurements of one run after one round; NaN where nothing could be measured.
pub struct Point {
    pub strategy: String,
    pub seed: u32,
    pub pairs: f64,
    /// In the order of [`MEASURES`].
    pub values: [f64; MEASURES.len()],
}

impl Point {
    /// The points of a run, one a round.
    pub async fn of(run: &Run, strategy: &str, seed: u32) -> Result<Vec<Self>> {
        let column = |name: &str| format!("max(value) FILTER (WHERE name = '{name}')");
        let columns: Vec<String> = ["ask.spent"].into_iter().chain(MEASURES.map(|m| m.1)).map(column).collect();
        let text = format!("SELECT {} FROM metrics GROUP BY round ORDER BY round", columns.join(", "));
        let mut points = Vec::new();
        for batch in query::collect(run.sql(&text).await?).await.map_err(DataError::from)? {
            let columns: Vec<&Float64Array> = batch.columns().iter().map(|c| c.as_primitive::<Float64Type>()).collect();
            let value = |column: usize, row: usize| match columns[column].is_valid(row) {
                true => columns[column].value(row),
                false => f64::NAN,
            };
            points.extend((0..batch.num_rows()).map(|row| Self {
                strategy: strategy.to_owned(),
                seed,
                pairs: if columns[0].is_valid(row) { value(0, row) } else { 0.0 },
                values: std::array::from_fn(|measure| value(measure + 1, row)),
            }));
        }
        Ok(points)
    }
}
