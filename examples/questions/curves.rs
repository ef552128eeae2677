//! Measurements over the number of pairs: their means, as a Parquet file, and as a plot.

use std::path::Path;
use std::sync::Arc;

use relata::arrow::array::{Float64Array, RecordBatch, StringArray, UInt32Array};
use relata::arrow::datatypes::{DataType, Field, Schema};
use relata::data::DataError;
use relata::data::sink::ParquetSink;
use relata::plot::{Figure, Spread, bands};

use crate::MARKS;

/// What one seed of a strategy had learned after so many pairs.
pub struct Point {
    pub strategy: &'static str,
    pub seed: u32,
    pub pairs: u32,
    pub accuracy: f64,
    pub nmi: f64,
}

#[derive(Default)]
pub struct Curves {
    points: Vec<Point>,
}

impl Curves {
    pub fn add(&mut self, points: Vec<Point>) {
        self.points.extend(points);
    }

    /// The mean over the seeds of a strategy.
    pub fn mean(&self, strategy: &str, pairs: usize, value: fn(&Point) -> f64) -> f64 {
        let found: Vec<f64> = self.at(strategy, pairs).map(value).collect();
        found.iter().sum::<f64>() / found.len() as f64
    }

    pub fn write(&self, path: &Path) -> relata::Result<()> {
        let field = |name: &str, data_type| Field::new(name, data_type, false);
        let schema = Arc::new(Schema::new(vec![
            field("strategy", DataType::Utf8),
            field("seed", DataType::UInt32),
            field("pairs", DataType::UInt32),
            field("accuracy", DataType::Float64),
            field("nmi", DataType::Float64),
        ]));
        let batch = RecordBatch::try_new(
            schema.clone(),
            vec![
                Arc::new(StringArray::from_iter_values(self.points.iter().map(|p| p.strategy))),
                Arc::new(UInt32Array::from_iter_values(self.points.iter().map(|p| p.seed))),
                Arc::new(UInt32Array::from_iter_values(self.points.iter().map(|p| p.pairs))),
                Arc::new(Float64Array::from_iter_values(self.points.iter().map(|p| p.accuracy))),
                Arc::new(Float64Array::from_iter_values(self.points.iter().map(|p| p.nmi))),
            ],
        );
        let mut sink = ParquetSink::create(path, schema)?;
        sink.write(&batch.map_err(DataError::from)?)?;
        sink.finish()?;
        Ok(())
    }

    /// Draws accuracy over pairs to `path` as SVG and PNG.
    pub fn draw(&self, path: &Path) -> relata::Result<()> {
        let mut names: Vec<&str> = self.points.iter().map(|point| point.strategy).collect();
        names.dedup();
        let spread = |name, mark| Spread::of(mark as f64, self.at(name, mark).map(|point| point.accuracy));
        let series: Vec<(String, Vec<Spread>)> =
            names.iter().map(|&name| (name.to_owned(), MARKS.map(|mark| spread(name, mark)).to_vec())).collect();
        let title = "Digits: test accuracy from answers about pairs";
        bands(title, "accuracy", &series).with_x_label("pairs asked").save(path)?;
        Ok(())
    }

    fn at(&self, strategy: &str, pairs: usize) -> impl Iterator<Item = &Point> {
        self.points.iter().filter(move |point| point.strategy == strategy && point.pairs as usize == pairs)
    }
}
