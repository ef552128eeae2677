//! Measurements over the number of pairs asked about: means, a table, plots, and what they say.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, AsArray, Float64Array, RecordBatch, StringArray, UInt32Array};
use arrow::datatypes::{DataType, Field, Float64Type, Schema};
use relata::Result;
use relata::Run;
use relata::plot::{Figure, Spread, bands};
use relata_data::OperatorError;
use relata_data::sink::{ParquetSink, write_atomically};

/// The name of training on without any answer.
pub const NO_ANSWERS: &str = "no_answers";
/// What is measured: column, metric of the run, and title of the plot.
const MEASURES: [(&str, &str, &str); 3] = [
    ("known_accuracy", "known_probe.test", "Test accuracy of a probe of what follows from the answers"),
    ("probe_accuracy", "linear_probe.test", "Test accuracy of a probe of all labels"),
    ("nmi", "clustering.nmi", "NMI of k-means and the classes, test split"),
];

/// The measurements of one run after one round; NaN where nothing could be measured.
pub struct Point {
    strategy: String,
    seed: u32,
    pairs: f64,
    values: [f64; MEASURES.len()],
}

impl Point {
    /// The points of a run, one a round.
    pub async fn of(run: &Run, strategy: &str, seed: u32) -> Result<Vec<Self>> {
        let column = |name: &str| format!("max(value) FILTER (WHERE name = '{name}')");
        let columns: Vec<String> = ["ask.spent"].into_iter().chain(MEASURES.map(|m| m.1)).map(column).collect();
        let query = format!("SELECT {} FROM metrics GROUP BY round ORDER BY round", columns.join(", "));
        let mut points = Vec::new();
        for batch in relata_data::query::collect(run.sql(&query).await?).await.map_err(OperatorError::from)? {
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

/// All measurements.
#[derive(Default)]
pub struct Curves {
    points: Vec<Point>,
}

impl Curves {
    /// Adds the points of a run.
    pub fn add(&mut self, points: Vec<Point>) {
        self.points.extend(points);
    }

    /// Prints the means of a strategy.
    pub fn show(&self, strategy: &str) {
        println!("{strategy}");
        for (measure, (name, ..)) in MEASURES.iter().enumerate() {
            let cell = |spread: &Spread| format!("{:>6.0}: {:.4}", spread.x, spread.mean);
            println!("  {name:<16}{}", self.curve(strategy, measure).iter().map(cell).collect::<String>());
        }
    }

    /// Writes `curves.parquet` and a plot of each measure.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let text = [Field::new("strategy", DataType::Utf8, false), Field::new("seed", DataType::UInt32, false)];
        let numbers = ["pairs"].into_iter().chain(MEASURES.map(|m| m.0));
        let fields = numbers.map(|name| Field::new(name, DataType::Float64, true));
        let schema = Arc::new(Schema::new(text.into_iter().chain(fields).collect::<Vec<_>>()));
        let of = |value: &dyn Fn(&Point) -> f64| -> Arc<dyn Array> {
            let finite = |point: &Point| Some(value(point)).filter(|value| value.is_finite());
            Arc::new(self.points.iter().map(finite).collect::<Float64Array>())
        };
        let mut columns: Vec<Arc<dyn Array>> = vec![
            Arc::new(StringArray::from_iter_values(self.points.iter().map(|p| &p.strategy))),
            Arc::new(UInt32Array::from_iter_values(self.points.iter().map(|p| p.seed))),
            of(&|point| point.pairs),
        ];
        columns.extend((0..MEASURES.len()).map(|measure| of(&|point| point.values[measure])));
        let mut sink = ParquetSink::create(&folder.join("curves.parquet"), schema.clone())?;
        sink.write(&RecordBatch::try_new(schema, columns).map_err(OperatorError::from)?)?;
        sink.finish()?;
        for (measure, (name, _, title)) in MEASURES.iter().enumerate() {
            let series: Vec<(String, Vec<Spread>)> =
                self.strategies().into_iter().map(|s| (s.to_owned(), self.curve(s, measure))).collect();
            let figure = bands(*title, *name, &series).with_x_label("pairs asked about");
            write_atomically(&folder.join(format!("{name}.svg")), figure.svg()?.as_bytes())?;
            write_atomically(&folder.join(format!("{name}.png")), &figure.png()?)?;
        }
        Ok(())
    }

    /// In words: how far answers ever hurt, and how many pairs each strategy needs for what random ones reach.
    pub fn votes(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let strategies = self.strategies();
        for &strategy in strategies.iter().filter(|&&s| s != NO_ANSWERS) {
            for measure in [1, 2] {
                let curve = self.curve(strategy, measure);
                let without = |x: f64| self.without(measure, x).unwrap_or(curve[0].mean);
                let worst = curve.iter().map(|at| at.mean - without(at.x)).fold(f64::INFINITY, f64::min);
                lines.push(format!("{strategy}: {} at worst {worst:+.4} of that without answers", MEASURES[measure].0));
            }
        }
        let random = self.curve("random_pairs", 2);
        let Some(last) = random.last().filter(|_| random.len() > 1) else { return lines };
        for &strategy in strategies.iter().filter(|&&s| s != NO_ANSWERS && s != "random_pairs") {
            let reached = self.curve(strategy, 2).iter().find(|at| at.x > 0.0 && at.mean >= last.mean).map(|at| at.x);
            lines.push(match reached {
                Some(pairs) => format!("{strategy}: {pairs} pairs for the NMI of {} random ones", last.x),
                None => format!("{strategy}: does not reach the NMI of {} random pairs", last.x),
            });
        }
        lines
    }

    /// What training on without answers came to after as many rounds, or in the end.
    fn without(&self, measure: usize, pairs: f64) -> Option<f64> {
        let curve = self.curve(NO_ANSWERS, measure);
        curve.iter().find(|at| at.x >= pairs).or(curve.last()).map(|at| at.mean)
    }

    /// The spread over the seeds at each number of pairs that one of them came to; a seed that asked about fewer in a
    /// round keeps its last value until its next.
    fn curve(&self, strategy: &str, measure: usize) -> Vec<Spread> {
        let measured = |p: &&Point| p.strategy == strategy && p.values[measure].is_finite();
        let mut xs: Vec<f64> = self.points.iter().filter(measured).map(|p| p.pairs).collect();
        xs.sort_by(f64::total_cmp);
        xs.dedup();
        let at = |x: f64| {
            let mut last = BTreeMap::new();
            for point in self.points.iter().filter(measured).filter(|p| p.pairs <= x) {
                last.insert(point.seed, point.values[measure]);
            }
            last.into_values()
        };
        xs.into_iter().map(|x| Spread::of(x, at(x))).collect()
    }

    fn strategies(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.points.iter().map(|p| p.strategy.as_str()).collect();
        names.dedup();
        names
    }
}
