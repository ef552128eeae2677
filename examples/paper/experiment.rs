//! An experiment: what one trial measures, repeated, as curves of mean and spread.

use rayon::prelude::*;
use relata::Result;
use relata::data::seed::{Rng, stream};
use relata::plot::{Curves, Spread, bands};

/// A test error at one point of a curve.
pub struct Point {
    /// The curve, by its place in the experiment's series.
    pub series: usize,
    /// Where on the curve.
    pub x: f64,
    /// The share of test rows that were misclassified.
    pub error: f64,
}

/// A curve, and what an independent program measured on it (means of 20 trials).
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
    /// Measures all points of one trial, each curve's in order.
    pub trial: fn(&mut Rng) -> Result<Vec<Point>>,
}

impl Experiment {
    /// The points of each trial; a trial's are the same whatever the number of trials and threads.
    pub fn measure(&self, trials: u32, seed: u64) -> Result<Vec<Vec<Point>>> {
        let purpose = self.name.bytes().map(u64::from);
        let parts = |trial: u32| purpose.clone().chain([trial.into()]).collect::<Vec<u64>>();
        (0..trials).into_par_iter().map(|trial| (self.trial)(&mut stream(seed, &parts(trial)))).collect()
    }

    /// The spread of the trials along each curve.
    pub fn curves(&self, measured: &[Vec<Point>]) -> Vec<Vec<Spread>> {
        let first = measured.first().map_or(&[][..], |trial| trial);
        let curve = |series: usize| {
            let of_series = (0..first.len()).filter(move |&at| first[at].series == series);
            of_series.map(|at| Spread::of(first[at].x, measured.iter().map(|trial| trial[at].error))).collect()
        };
        (0..self.series.len()).map(curve).collect()
    }

    /// The curves as a figure.
    pub fn figure(&self, curves: &[Vec<Spread>]) -> Curves {
        let names = self.series.iter().map(|series| series.name.to_owned());
        let series: Vec<_> = names.zip(curves.iter().cloned()).collect();
        bands(self.title, "test error", &series).with_x_label(self.x_label)
    }
}
