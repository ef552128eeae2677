//! Line charts of measurements over steps.

use std::error::Error;

use plotters::coord::Shift;
use plotters::prelude::*;

use super::axis::{Axis, padded};
use super::figure::{Canvas, Figure};
use super::spread::Spread;
use super::{frame, legend, palette};

/// The most points that are drawn of a series; longer ones are drawn as means of runs of points.
const POINTS: usize = 500;

/// How much of the background a band covers.
const BAND_OPACITY: f64 = 0.16;

/// A named run of points, in the order of x.
pub type Series = (String, Vec<(f64, f64)>);

/// A line chart; see [`curves`] and [`bands`](super::bands).
#[derive(Debug, Clone)]
pub struct Curves {
    pub(super) title: String,
    pub(super) x_label: String,
    pub(super) y_label: String,
    pub(super) series: Vec<Series>,
    /// The spread around the line of each series; empty without any.
    pub(super) bands: Vec<Vec<Spread>>,
}

/// A line per series over steps, with a legend right of the chart. Points that are not finite are left out.
///
/// ```
/// use relata::plot::{Figure, curves};
///
/// let chart = curves("Training loss", "loss", &[("total".to_owned(), vec![(0.0, 3.0), (1.0, 2.0)])]);
/// assert!(chart.svg()?.contains("Training loss"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn curves(title: impl Into<String>, y_label: impl Into<String>, series: &[Series]) -> Curves {
    Curves {
        title: title.into(),
        x_label: "step".to_owned(),
        y_label: y_label.into(),
        series: series.iter().map(|(name, points)| (name.clone(), thinned(points))).collect(),
        bands: vec![],
    }
}

impl Curves {
    /// The x axis' label, instead of `step`.
    ///
    /// ```
    /// use relata::plot::{Figure, curves};
    ///
    /// let chart = curves("Cost", "accuracy", &[("boundary".to_owned(), vec![(0.0, 0.5), (100.0, 0.9)])]);
    /// assert!(chart.with_x_label("units spent").svg()?.contains("units spent"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_x_label(mut self, label: impl Into<String>) -> Self {
        self.x_label = label.into();
        self
    }

    fn visible(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let ends = self.bands.iter().flatten().flat_map(|spread| [(spread.x, spread.low), (spread.x, spread.high)]);
        let points = self.series.iter().flat_map(|(_, points)| points).copied();
        points.chain(ends).filter(shows)
    }

    /// The axes, with a little room around the points on the scale of each.
    pub(super) fn axes(&self) -> (Axis, Axis) {
        let x = Axis::new(padded(self.visible().map(|point| point.0), 0.01), 8);
        (x, Axis::new(padded(self.visible().map(|point| point.1), 0.05), 6))
    }

    /// Draws bands and lines, in colours from number `first` on.
    pub(super) fn draw_on<DB: DrawingBackend>(
        &self,
        canvas: &Canvas<'_, DB>,
        chart: &mut frame::Chart<'_, DB>,
        first: usize,
    ) -> Result<(), Box<dyn Error + Send + Sync>>
    where
        DB::ErrorType: 'static,
    {
        self.draw_bands(chart, first)?;
        self.draw_series(canvas, chart, first)
    }

    fn draw_bands<DB: DrawingBackend>(
        &self,
        chart: &mut frame::Chart<'_, DB>,
        first: usize,
    ) -> Result<(), Box<dyn Error + Send + Sync>>
    where
        DB::ErrorType: 'static,
    {
        for (number, spreads) in (first..).zip(&self.bands) {
            let style = palette::colour(number).mix(BAND_OPACITY).filled();
            let shown = |spread: &Spread| shows(&(spread.x, spread.low)) && shows(&(spread.x, spread.high));
            for run in spreads.split(|spread| !shown(spread)).filter(|run| run.len() > 1) {
                let there = run.iter().map(|spread| (spread.x, spread.high));
                let back = run.iter().rev().map(|spread| (spread.x, spread.low));
                chart.draw_series([Polygon::new(there.chain(back).collect::<Vec<_>>(), style)])?;
            }
        }
        Ok(())
    }

    fn draw_series<DB: DrawingBackend>(
        &self,
        canvas: &Canvas<'_, DB>,
        chart: &mut frame::Chart<'_, DB>,
        first: usize,
    ) -> Result<(), Box<dyn Error + Send + Sync>>
    where
        DB::ErrorType: 'static,
    {
        for (number, (_, points)) in (first..).zip(&self.series) {
            let style = palette::colour(number).stroke_width(2 * canvas.scale);
            let runs = points.split(|point| !shows(point)).filter(|run| !run.is_empty());
            for run in runs {
                match run {
                    [point] => drop(chart.draw_series([Circle::new(*point, canvas.px(3), style.color.filled())])?),
                    _ if palette::second_round(number) => {
                        let dashes = (canvas.px(8), canvas.px(5));
                        chart.draw_series(DashedLineSeries::new(run.iter().copied(), dashes.0, dashes.1, style))?;
                    }
                    _ => drop(chart.draw_series(LineSeries::new(run.iter().copied(), style))?),
                }
            }
        }
        Ok(())
    }
}

impl Figure for Curves {
    fn title(&self) -> &str {
        &self.title
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<'_, DB>) -> Result<(), Box<dyn Error + Send + Sync>>
    where
        DB::ErrorType: 'static,
    {
        let names: Vec<String> = self.series.iter().map(|(name, _)| name.clone()).collect();
        let area = legend::draw(canvas, &self.title, &names, |number, area, at| draw_key(canvas, number, area, at))?;
        let mut chart = frame::draw(canvas, &area, self.axes(), (&self.x_label, &self.y_label))?;
        self.draw_on(canvas, &mut chart, 0)
    }
}

/// The legend's sample of a line.
pub(super) fn draw_key<DB: DrawingBackend>(
    canvas: &Canvas<'_, DB>,
    number: usize,
    area: &DrawingArea<DB, Shift>,
    (x, y): (i32, i32),
) -> Result<(), Box<dyn Error + Send + Sync>>
where
    DB::ErrorType: 'static,
{
    let style = palette::colour(number).stroke_width(2 * canvas.scale);
    let length = canvas.px(if palette::second_round(number) { 4 } else { 12 }) as i32;
    let starts = [0, canvas.px(8) as i32];
    let dashes = if palette::second_round(number) { 2 } else { 1 };
    for start in &starts[..dashes] {
        area.draw(&PathElement::new([(x + start, y), (x + start + length, y)], style))?;
    }
    Ok(())
}

fn shows(point: &(f64, f64)) -> bool {
    point.0.is_finite() && point.1.is_finite()
}

fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mean = |run: &[(f64, f64)]| {
        let (x, y) = run.iter().fold((0.0, 0.0), |sum, point| (sum.0 + point.0, sum.1 + point.1));
        (x / run.len() as f64, y / run.len() as f64)
    };
    points.chunks(points.len().div_ceil(POINTS).max(1)).map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn losses() -> Vec<Series> {
        let decay = |rate: f64| (0..3000).map(|x| (x as f64, 3.0 * (-rate * x as f64).exp() + 0.01)).collect();
        vec![("nt_xent & co".to_owned(), decay(0.001)), ("vicreg".to_owned(), decay(0.004))]
    }

    #[test]
    fn the_svg_has_the_texts_and_the_png_decodes() {
        let figure = curves("Loss", "loss", &losses());
        let svg = figure.svg().unwrap();
        for text in ["nt_xent &amp; co", "vicreg", "Loss", "step", "loss"] {
            assert!(svg.contains(text), "{text}");
        }
        let image = image::load_from_memory(&figure.png().unwrap()).unwrap().to_rgb8();
        assert_eq!(image.dimensions(), (1920, 1200));
        let indigo = image::Rgb([0x33, 0x22, 0x88]);
        assert!(image.pixels().filter(|pixel| **pixel == indigo).count() > 500);
    }

    #[test]
    fn long_series_are_averaged_and_gaps_stay_gaps() {
        let thin = thinned(&(0..10_000).map(|x| (x as f64, 2.0 * x as f64)).collect::<Vec<_>>());
        assert_eq!((thin.len(), thin[0]), (500, (9.5, 19.0)));
        let gap = vec![("a".to_owned(), vec![(0.0, 1.0), (1.0, f64::NAN), (2.0, -1.0), (3.0, 5.0)])];
        for figure in [curves("t", "y", &gap), curves("t", "y", &[])] {
            figure.svg().unwrap();
        }
    }

    #[test]
    fn both_files_are_written() {
        let folder = tempfile::tempdir().unwrap();
        curves("Loss", "loss", &losses()).save(folder.path().join("plots/loss.v1")).unwrap();
        assert!(folder.path().join("plots/loss.v1.svg").exists() && folder.path().join("plots/loss.v1.png").exists());
    }
}
