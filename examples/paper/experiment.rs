//! An experiment: what one trial measures, repeated, as curves of mean and spread.

use rayon::prelude::*;
use relata::Result;
use relata::data::seed::{Rng, stream};
use relata::plot::{Spread, TwoAxes, bands};

/// A test error at one point of a curve.
pub struct Point {
    /// The curve, by its place in the experiment's series.
    pub series: usize,
    /// Where on the curve.
    pub x: f64,
    /// The share of test rows that were misclassified.
    pub error: f64,
    /// The connected components of the graph, where they are counted.
    pub components: Option<usize>,
}

/// A curve, and what an independent program measured on it, which agrees with the figures that the authors published.
pub struct Series {
    /// Its name.
    pub name: &'static str,
    /// Points of it: x and error.
    pub reference: &'static [(f64, f64)],
}

/// One of the five.
pub struct Experiment {
    /// Its name in the table and of the figure's files.
    pub name: &'static str,
    /// The figure's title.
    pub title: &'static str,
    /// The figure's x axis.
    pub x_label: &'static str,
    /// Its curves.
    pub series: &'static [Series],
    /// The most trials of it.
    pub most: u32,
    /// Trials in a row that share their data.
    pub on_same_data: u32,
    /// Measures all points of one trial, each curve's in order. The first stream draws data, the other all else.
    pub trial: fn(&mut Rng, &mut Rng) -> Result<Vec<Point>>,
}

impl Experiment {
    /// The points of each trial; a trial's are the same whatever the number of trials and threads.
    pub fn measure(&self, trials: u32, seed: u64) -> Result<Vec<Vec<Point>>> {
        let name: Vec<u64> = self.name.bytes().map(u64::from).collect();
        let draw = |of: u64, number: u32| stream(seed, &[&name[..], &[of, number.into()]].concat());
        let measured = (0..trials.min(self.most)).into_par_iter();
        measured.map(|trial| (self.trial)(&mut draw(0, trial / self.on_same_data), &mut draw(1, trial))).collect()
    }

    /// The spread of the trials along each curve.
    pub fn curves(&self, measured: &[Vec<Point>]) -> Vec<Vec<Spread>> {
        (0..self.series.len()).map(|series| spreads(measured, series, |point| Some(point.error))).collect()
    }

    /// The curves as a figure, with the components of the graph on an axis of their own where they were counted.
    pub fn figure(&self, curves: &[Vec<Spread>], measured: &[Vec<Point>]) -> TwoAxes {
        let names = self.series.iter().map(|series| series.name.to_owned());
        let series: Vec<_> = names.zip(curves.iter().cloned()).collect();
        let errors = bands(self.title, "test error", &series).with_x_label(self.x_label);
        let components = spreads(measured, 0, |point| point.components.map(|components| components as f64));
        let components = if components.is_empty() { vec![] } else { vec![("components".to_owned(), components)] };
        errors.with_second_axis("connected components", &components)
    }
}

/// The spread of a number over the trials, at each point of a curve that has it.
fn spreads(measured: &[Vec<Point>], series: usize, number: impl Fn(&Point) -> Option<f64>) -> Vec<Spread> {
    let first = measured.first().map_or(&[][..], |trial| trial);
    let there = (0..first.len()).filter(|&at| first[at].series == series && number(&first[at]).is_some());
    there.map(|at| Spread::of(first[at].x, measured.iter().filter_map(|trial| number(&trial[at])))).collect()
}
