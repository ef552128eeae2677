//! Contours: functions over the plane, side by side, as levels of colour with lines between them.

use std::error::Error;
use std::ops::Range;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::axis::Axis;
use super::figure::{Canvas, Figure};
use super::{diverging, palette};

/// Levels of colour to each side of 0.
const LEVELS: i32 = 5;
/// Functions in a row.
const COLUMNS: usize = 3;
/// Height of the title of the figure and of each function, in units.
const TITLE: u32 = 54;
const NAME: u32 = 24;

/// Functions over the plane; see [`contours`].
#[derive(Debug, Clone)]
pub struct Contours {
    title: String,
    /// What both coordinates go over, and how many places there are along each.
    range: Range<f64>,
    places: usize,
    /// Name and values of each function, row by row from the bottom.
    functions: Vec<(String, Vec<f64>)>,
    points: Vec<(f64, f64, u32)>,
}

/// The functions of these names over a square, measured at `places` times `places` points by `values`, which takes the
/// points and gives a number per point and function (point by point). Every function is shown on the scale of its
/// largest magnitude.
///
/// ```
/// use relata::plot::{Figure, contours};
///
/// let plane = |points: &[(f64, f64)]| points.iter().flat_map(|(x, y)| [x + y, x * y]).collect();
/// let figure = contours("Two functions", -1.0..1.0, 20, ["sum", "product"], plane);
/// assert!(figure.svg()?.contains("product"));
/// # Ok::<(), relata::plot::PlotError>(())
/// ```
pub fn contours<const N: usize>(
    title: impl Into<String>,
    range: Range<f64>,
    places: usize,
    names: [&str; N],
    values: impl FnOnce(&[(f64, f64)]) -> Vec<f64>,
) -> Contours {
    let places = places.max(2);
    let at = |place: usize| range.start + (range.end - range.start) * place as f64 / (places - 1) as f64;
    let points: Vec<_> = (0..places).flat_map(|y| (0..places).map(move |x| (at(x), at(y)))).collect();
    let values = values(&points);
    let of = |function: usize| values.iter().skip(function).step_by(N).copied().collect();
    let functions = names.iter().enumerate().map(|(number, name)| ((*name).to_owned(), of(number))).collect();
    Contours { title: title.into(), range, places, functions, points: vec![] }
}

impl Contours {
    /// Adds points in the colours of their classes to every picture.
    pub fn with_points(mut self, points: &[(f64, f64)], classes: &[u32]) -> Self {
        self.points.extend(points.iter().zip(classes).map(|(point, class)| (point.0, point.1, *class)));
        self
    }

    fn draw_function<DB: DrawingBackend>(
        &self,
        canvas: &Canvas<'_, DB>,
        area: &DrawingArea<DB, Shift>,
        (name, values): &(String, Vec<f64>),
    ) -> Result<(), Box<dyn Error + Send + Sync>>
    where
        DB::ErrorType: 'static,
    {
        let (width, height) = area.dim_in_pixel();
        let style = canvas.text(15).pos(Pos::new(HPos::Center, VPos::Top));
        area.draw_text(name, &style, (width as i32 / 2, 0))?;
        let (_, area) = area.split_vertically(canvas.px(NAME));
        let (side, height) = (width.min(height - canvas.px(NAME)), height - canvas.px(NAME));
        let (spare_x, spare_y) = ((width - side) as i32 / 2, (height - side) as i32 / 2);
        let area = area.margin(spare_y, spare_y, spare_x, spare_x);
        let axis = || Axis::new(self.range.clone(), 4);
        let mut chart = ChartBuilder::on(&area).margin(canvas.px(8)).build_cartesian_2d(axis(), axis())?;

        let largest = values.iter().filter(|v| v.is_finite()).fold(f64::MIN_POSITIVE, |most, v| most.max(v.abs()));
        let scaled = |x: usize, y: usize| values[y * self.places + x] / largest;
        let step = (self.range.end - self.range.start) / (self.places - 1) as f64;
        let at = |place: f64| self.range.start + step * place;
        // Cells around the points; those of one level that lie side by side are one rectangle.
        let level = |x: usize, y: usize| (scaled(x, y) * f64::from(LEVELS)).round() as i32;
        let edge = |place: usize| at((place as f64 - 0.5).clamp(0.0, (self.places - 1) as f64));
        for y in 0..self.places {
            let mut from = 0;
            for x in 1..=self.places {
                if x == self.places || level(x, y) != level(from, y) {
                    let colour = diverging::colour(0.8 * f64::from(level(from, y)) / f64::from(LEVELS));
                    let corners = [(edge(from), edge(y)), (edge(x), edge(y + 1))];
                    chart.draw_series([Rectangle::new(corners, colour.filled())])?;
                    from = x;
                }
            }
        }
        let line = RGBColor(0x77, 0x77, 0x77).stroke_width(canvas.scale);
        for boundary in (-LEVELS..LEVELS).map(|level| (f64::from(level) + 0.5) / f64::from(LEVELS)) {
            let pieces = level_lines(self.places, scaled, boundary);
            chart.draw_series(
                pieces.into_iter().map(|piece| PathElement::new(piece.map(|(x, y)| (at(x), at(y))), line)),
            )?;
        }
        let dot = |&(x, y, class): &(f64, f64, u32)| {
            Circle::new((x, y), canvas.px(3) / 2, palette::colour(class as usize).filled())
        };
        chart.draw_series(self.points.iter().map(dot))?;
        let corners = [(self.range.start, self.range.start), (self.range.end, self.range.end)];
        chart.draw_series([Rectangle::new(corners, RGBColor(0x99, 0x99, 0x99).stroke_width(canvas.scale))])?;
        Ok(())
    }
}

impl Figure for Contours {
    fn title(&self) -> &str {
        &self.title
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<'_, DB>) -> Result<(), Box<dyn Error + Send + Sync>>
    where
        DB::ErrorType: 'static,
    {
        let at = (canvas.px(24) as i32, canvas.px(18) as i32);
        canvas.area.draw_text(&self.title, &canvas.text(22), at)?;
        let (_, area) = canvas.area.split_vertically(canvas.px(TITLE));
        let columns = self.functions.len().clamp(1, COLUMNS);
        let parts = area.split_evenly((self.functions.len().div_ceil(columns).max(1), columns));
        parts.iter().zip(&self.functions).try_for_each(|(part, function)| self.draw_function(canvas, part, function))
    }
}

/// The pieces of the lines along which values on a grid pass a boundary, in places (marching squares).
fn level_lines(places: usize, value: impl Fn(usize, usize) -> f64, boundary: f64) -> Vec<[(f64, f64); 2]> {
    let mut pieces = Vec::new();
    for (x, y) in (1..places).flat_map(|y| (1..places).map(move |x| (x - 1, y - 1))) {
        let corners = [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)];
        let crossing = |side: usize| {
            let (a, b) = (corners[side], corners[(side + 1) % 4]);
            let (of_a, of_b) = (value(a.0, a.1) - boundary, value(b.0, b.1) - boundary);
            let share = of_a / (of_a - of_b);
            let between = |a: usize, b: usize| a as f64 + share * (b as f64 - a as f64);
            ((of_a < 0.0) != (of_b < 0.0)).then(|| (between(a.0, b.0), between(a.1, b.1)))
        };
        let crossings: Vec<_> = (0..4).filter_map(crossing).collect();
        pieces.extend(crossings.chunks_exact(2).map(|pair| [pair[0], pair[1]]));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn level_lines_lie_on_the_boundary() {
        let pieces = level_lines(21, |x, y| (x as f64 - 10.0).hypot(y as f64 - 10.0), 6.0);
        assert!(pieces.len() > 30);
        for (x, y) in pieces.into_iter().flatten() {
            assert!(((x - 10.0).hypot(y - 10.0) - 6.0).abs() < 0.05, "{x} {y}");
        }
    }

    #[test]
    fn both_signs_are_shown_and_flat_functions_are_drawn() {
        let plane = |points: &[(f64, f64)]| points.iter().flat_map(|(x, _)| [*x, 0.0]).collect();
        let figure = contours("Functions", -2.0..2.0, 30, ["x", "flat"], plane).with_points(&[(0.0, 1.0)], &[1]);
        let svg = figure.svg().unwrap();
        for text in ["Functions", ">\nx\n<", "flat", "#CC6677"] {
            assert!(svg.contains(text), "{text}");
        }
        let image = image::load_from_memory(&figure.png().unwrap()).unwrap().to_rgb8();
        let ends = [-0.8, 0.8].map(|value| {
            let RGBColor(red, green, blue) = diverging::colour(value);
            image::Rgb([red, green, blue])
        });
        for colour in ends {
            assert!(image.pixels().filter(|pixel| **pixel == colour).count() > 5000, "{colour:?}");
        }
    }
}
