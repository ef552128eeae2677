//! Table of the curves, `curves.parquet`: every trial's every point.

use std::path::Path;
use std::sync::Arc;

use relata::Result;
use relata::arrow::array::{Float64Array, RecordBatch, StringArray, UInt32Array};
use relata::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use relata::data::DataError;
use relata::data::sink::ParquetSink;

use super::experiment::{Experiment, Point};

/// The file while it is written.
pub struct Table {
    schema: SchemaRef,
    sink: ParquetSink,
}

impl Table {
    /// Starts the file.
    pub fn create(path: &Path) -> Result<Self> {
        let column = |name: &str, of: DataType| Field::new(name, of, name == "components");
        let schema = Arc::new(Schema::new(vec![
            column("experiment", DataType::Utf8),
            column("series", DataType::Utf8),
            column("x", DataType::Float64),
            column("trial", DataType::UInt32),
            column("error", DataType::Float64),
            column("components", DataType::UInt32),
        ]));
        Ok(Self { sink: ParquetSink::create(path, schema.clone())?, schema })
    }

    /// Adds an experiment.
    pub fn write(&mut self, experiment: &Experiment, measured: &[Vec<Point>]) -> Result<()> {
        let rows: Vec<(u32, &Point)> =
            (0..).zip(measured).flat_map(|(trial, points)| points.iter().map(move |point| (trial, point))).collect();
        let names = rows.iter().map(|(_, point)| experiment.series[point.series].name);
        let batch = RecordBatch::try_new(
            self.schema.clone(),
            vec![
                Arc::new(StringArray::from_iter_values(rows.iter().map(|_| experiment.name))),
                Arc::new(StringArray::from_iter_values(names)),
                Arc::new(Float64Array::from_iter_values(rows.iter().map(|(_, point)| point.x))),
                Arc::new(UInt32Array::from_iter_values(rows.iter().map(|(trial, _)| *trial))),
                Arc::new(Float64Array::from_iter_values(rows.iter().map(|(_, point)| point.error))),
                Arc::new(UInt32Array::from_iter(rows.iter().map(|(_, point)| point.components.map(|n| n as u32)))),
            ],
        );
        Ok(self.sink.write(&batch.map_err(DataError::from)?)?)
    }

    /// Completes the file.
    pub fn finish(self) -> Result<()> {
        self.sink.finish()?;
        Ok(())
    }
}
