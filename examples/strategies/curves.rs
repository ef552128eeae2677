//! Curves over the number of pairs asked about: means, a table, and plots.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use relata::Result;
use relata::arrow::array::{Array, Float64Array, RecordBatch, StringArray, UInt32Array};
use relata::arrow::datatypes::{DataType, Field, Schema};
use relata::data::DataError;
use relata::data::sink::ParquetSink;
use relata::plot::{Figure, Spread, bands};

use crate::point::{MEASURES, Point};

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
        sink.write(&RecordBatch::try_new(schema, columns).map_err(DataError::from)?)?;
        sink.finish()?;
        for (measure, (name, _, title)) in MEASURES.iter().enumerate() {
            let series: Vec<(String, Vec<Spread>)> =
                self.strategies().into_iter().map(|s| (s.to_owned(), self.curve(s, measure))).collect();
            let figure = bands(*title, *name, &series).with_x_label("pairs asked about");
            figure.save(folder.join(name))?;
        }
        Ok(())
    }

    /// The spread over the seeds at each number of pairs that one of them came to; a seed that asked about fewer in a
    /// round keeps its last value until its next.
    pub fn curve(&self, strategy: &str, measure: usize) -> Vec<Spread> {
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

    /// The strategies in the order in which they were added.
    pub fn strategies(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.points.iter().map(|p| p.strategy.as_str()).collect();
        names.dedup();
        names
    }
}
