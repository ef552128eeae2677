//! Second axis: a line chart with lines on a scale of their own, whose numbers stand on the right.

use std::error::Error;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::bands::bands;
use super::curves::{Curves, draw_key};
use super::figure::{Canvas, Figure};
use super::spread::Spread;
use super::{frame, legend, ticks};

/// Room for the labels of the second axis, in units.
const RIGHT: u32 = 60;

/// A line chart with a second y axis; see [`Curves::with_second_axis`].
#[derive(Debug, Clone)]
pub struct TwoAxes {
    left: Curves,
    right: Curves,
}

impl Curves {
    /// Adds lines with their spread on a scale of their own, whose axis is on the right. Without any there is none.
    pub fn with_second_axis(self, y_label: impl Into<String>, series: &[(String, Vec<Spread>)]) -> TwoAxes {
        TwoAxes { right: bands("", y_label, series), left: self }
    }
}

impl Figure for TwoAxes {
    fn title(&self) -> &str {
        self.left.title()
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<'_, DB>) -> Result<(), Box<dyn Error + Send + Sync>>
    where
        DB::ErrorType: 'static,
    {
        if self.right.series.is_empty() {
            return self.left.draw(canvas);
        }
        let names = self.left.series.iter().chain(&self.right.series).map(|(name, _)| name.clone());
        let names: Vec<String> = names.collect();
        let draw_key = |number: usize, area: &_, at| draw_key(canvas, number, area, at);
        let area = legend::draw(canvas, &self.left.title, &names, draw_key)?;
        let (axes, labels) = (self.left.axes(), (self.left.x_label.as_str(), self.left.y_label.as_str()));
        let y = axes.1.clone();
        let mut chart = frame::draw_with_room(canvas, &area, axes, labels, RIGHT)?;
        self.left.draw_on(canvas, &mut chart, 0)?;

        let own = self.right.axes().1;
        let placed = |value: f64| own.moved_to(&y, value);
        let mut right = self.right.clone();
        right.series.iter_mut().flat_map(|(_, points)| points).for_each(|point| point.1 = placed(point.1));
        for spread in right.bands.iter_mut().flatten() {
            (spread.low, spread.high) = (placed(spread.low), placed(spread.high));
        }
        right.draw_on(canvas, &mut chart, self.left.series.len())?;

        // The axis: a line, marks with numbers, and the label from top to bottom.
        let (x_pixels, y_pixels) = chart.plotting_area().get_pixel_range();
        let line = RGBColor(0x99, 0x99, 0x99).stroke_width(canvas.scale);
        let (edge, mark) = (x_pixels.end, canvas.px(4) as i32);
        canvas.area.draw(&PathElement::new([(edge, y_pixels.start), (edge, y_pixels.end)], line))?;
        let numbers = canvas.text(13).pos(Pos::new(HPos::Left, VPos::Center));
        for &tick in own.ticks() {
            let (_, at) = chart.backend_coord(&(0.0, placed(tick)));
            canvas.area.draw(&PathElement::new([(edge, at), (edge + mark, at)], line))?;
            canvas.area.draw_text(&ticks::label(tick), &numbers, (edge + 2 * mark, at))?;
        }
        let label = canvas.text(15).transform(FontTransform::Rotate90).pos(Pos::new(HPos::Center, VPos::Bottom));
        let middle = (y_pixels.start + y_pixels.end) / 2;
        canvas.area.draw_text(&self.right.y_label, &label, (edge + canvas.px(RIGHT - 8) as i32, middle))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_scales_have_numbers_and_lines() {
        let line = |by: f64| (0..10).map(|x| Spread::of(f64::from(x), [by * f64::from(x)])).collect::<Vec<_>>();
        let errors = bands("Missing", "error", &[("positive".to_owned(), line(0.1))]);
        let both = errors.clone().with_second_axis("components", &[("count".to_owned(), line(1e4))]);
        let svg = both.svg().unwrap();
        for text in ["Missing", "error", "positive", "components", "count", "0.8", "80k"] {
            assert!(svg.contains(text), "{text}");
        }
        // On its own scale the second line runs as the first.
        assert_eq!(svg.matches("<polyline fill=\"none\" opacity=\"1\" stroke=\"#332288\"").count(), 2);
        assert_eq!(errors.clone().with_second_axis("none", &[]).svg().unwrap(), errors.svg().unwrap());
    }
}
