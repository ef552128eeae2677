//! Scatter plots coloured by class, with the same scale on both axes.

use std::error::Error;
use std::ops::Range;

use plotters::element::{DynElement, IntoDynElement};
use plotters::prelude::*;

use super::axis::{Axis, padded};
use super::figure::{Canvas, Figure};
use super::{frame, legend, palette};

/// The most entries of the legend.
const ENTRIES: usize = 20;

/// A scatter plot; see [`scatter`].
#[derive(Debug, Clone)]
pub struct Scatter {
    title: String,
    x_label: String,
    y_label: String,
    points: Vec<(f64, f64)>,
    /// The legend entry of each point.
    entries: Vec<usize>,
    names: Vec<String>,
    /// The entry of the classes that are not told apart.
    other: Option<usize>,
}

/// A point per row, coloured by its class; `names` are the names of the classes. Of more than 20 classes the 19 with
/// the most points are told apart and the rest is `other`. Points without a class, or not finite, are left out.
///
/// ```
/// use relata::plot::{Figure, scatter};
///
/// let names = ["cat", "dog"].map(String::from);
/// let plot = scatter("Embeddings", &[(0.0, 0.0), (1.0, 1.0)], &[0, 1], &names);
/// assert!(plot.with_axes("first", "second").svg()?.contains("dog"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn scatter(title: impl Into<String>, points: &[(f64, f64)], classes: &[u32], names: &[String]) -> Scatter {
    let mut counts = vec![0usize; names.len()];
    let shown =
        |point: &(f64, f64), class: u32| point.0.is_finite() && point.1.is_finite() && (class as usize) < names.len();
    let shown: Vec<_> = points.iter().zip(classes).filter(|(point, class)| shown(point, **class)).collect();
    shown.iter().for_each(|(_, class)| counts[**class as usize] += 1);
    let mut kept: Vec<usize> = (0..names.len()).filter(|class| counts[*class] > 0).collect();
    let other = (kept.len() > ENTRIES).then(|| {
        kept.sort_by_key(|class| std::cmp::Reverse(counts[*class]));
        kept.truncate(ENTRIES - 1);
        kept.sort_unstable();
        kept.len()
    });
    let entry = |class: &u32| kept.binary_search(&(*class as usize)).unwrap_or(ENTRIES - 1);
    let mut entry_names: Vec<String> = kept.iter().map(|class| names[*class].clone()).collect();
    entry_names.extend(other.map(|_| "other".to_owned()));
    Scatter {
        title: title.into(),
        x_label: "x".to_owned(),
        y_label: "y".to_owned(),
        points: shown.iter().map(|(point, _)| **point).collect(),
        entries: shown.iter().map(|(_, class)| entry(class)).collect(),
        names: entry_names,
        other,
    }
}

impl Scatter {
    /// The labels of the axes.
    ///
    /// ```
    /// use relata::plot::{Figure, scatter};
    ///
    /// let plot = scatter("Embeddings", &[(0.0, 0.0), (1.0, 1.0)], &[0, 0], &["cat".to_owned()]);
    /// assert!(plot.with_axes("first axis", "second axis").svg()?.contains("first axis"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_axes(mut self, x: impl Into<String>, y: impl Into<String>) -> Self {
        (self.x_label, self.y_label) = (x.into(), y.into());
        self
    }

    /// The mark of a legend entry, at a point of the chart or of the legend.
    fn mark<DB: DrawingBackend, C: Clone + 'static>(
        &self,
        entry: usize,
        at: C,
        scale: u32,
    ) -> DynElement<'static, DB, C> {
        let other = Some(entry) == self.other;
        let colour = if other { palette::OTHER } else { palette::colour(entry) }.mix(0.75).filled();
        if !other && palette::second_round(entry) {
            TriangleMarker::new(at, 4 * scale, colour).into_dyn()
        } else {
            Circle::new(at, 3 * scale, colour).into_dyn()
        }
    }

    /// Ranges of both axes such that a unit is as long on one as on the other, for a chart of this size in pixels.
    fn ranges(&self, (width, height): (f64, f64)) -> (Range<f64>, Range<f64>) {
        let x = padded(self.points.iter().map(|point| point.0), 0.04);
        let y = padded(self.points.iter().map(|point| point.1), 0.04);
        let per_pixel = ((x.end - x.start) / width).max((y.end - y.start) / height);
        let around = |range: Range<f64>, pixels: f64| {
            let (middle, half) = ((range.start + range.end) / 2.0, per_pixel * pixels / 2.0);
            middle - half..middle + half
        };
        (around(x, width), around(y, height))
    }
}

impl Figure for Scatter {
    fn title(&self) -> &str {
        &self.title
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<'_, DB>) -> Result<(), Box<dyn Error + Send + Sync>>
    where
        DB::ErrorType: 'static,
    {
        let area = legend::draw(canvas, &self.title, &self.names, |entry, area, (x, y)| {
            Ok(area.draw(&self.mark(entry, (x + canvas.px(6) as i32, y), canvas.scale))?)
        })?;
        let (x, y) = self.ranges(frame::inside(canvas, &area));
        let axes = (Axis::new(x, 8), Axis::new(y, 6));
        let mut chart = frame::draw(canvas, &area, axes, (&self.x_label, &self.y_label))?;
        // In the order of the rows, so that no class lies on top of all others; the grey rest goes below.
        for below in [true, false] {
            let points = self.points.iter().zip(&self.entries);
            let layer = points.filter(|(_, entry)| (Some(**entry) == self.other) == below);
            chart.draw_series(layer.map(|(point, entry)| self.mark(*entry, *point, canvas.scale)))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn many(classes: u32) -> Scatter {
        let class = |row: u32| row % classes;
        let classes_of: Vec<u32> = (0..50 * classes).map(class).collect();
        let points: Vec<(f64, f64)> =
            (0..50 * classes).map(|row| (f64::from(class(row)), f64::from(row / classes))).collect();
        let names: Vec<String> = (0..classes).map(|class| format!("class <{class}>")).collect();
        scatter("Embeddings", &points, &classes_of, &names).with_axes("PC 1", "PC 2")
    }

    #[test]
    fn the_svg_names_the_classes_and_the_png_shows_their_colours() {
        let figure = many(12);
        let svg = figure.svg().unwrap();
        for text in ["Embeddings", "PC 1", "PC 2", "class &lt;0&gt;", "class &lt;11&gt;"] {
            assert!(svg.contains(text), "{text}");
        }
        let image = image::load_from_memory(&figure.png().unwrap()).unwrap().to_rgb8();
        let colourful =
            image.pixels().filter(|pixel| pixel.0.iter().max().unwrap() - pixel.0.iter().min().unwrap() > 60);
        assert!(colourful.count() > 10_000);
    }

    #[test]
    fn rare_classes_become_other() {
        let mut classes: Vec<u32> = (0..30).flat_map(|class| vec![class; 2]).collect();
        classes.extend(vec![29; 5]);
        let points = vec![(1.0, 2.0); classes.len()];
        let names: Vec<String> = (0..30).map(|class| class.to_string()).collect();
        let figure = scatter("t", &points, &classes, &names);
        assert_eq!((figure.names.len(), figure.other), (20, Some(19)));
        assert_eq!(
            (figure.names[17].as_str(), figure.names[18].as_str(), figure.names[19].as_str()),
            ("17", "29", "other")
        );
        assert_eq!(figure.entries.iter().filter(|entry| **entry == 19).count(), 22);
    }

    #[test]
    fn a_unit_is_as_long_on_both_axes() {
        let (x, y) = many(3).ranges((700.0, 350.0));
        assert!(((x.end - x.start) / 700.0 - (y.end - y.start) / 350.0).abs() < 1e-9);
        scatter("t", &[(f64::NAN, 0.0)], &[0], &["a".to_owned()]).svg().unwrap();
    }
}
