//! Matrix as a picture, such as that of a graph: a cell an entry, in diverging colours.

use std::error::Error;

use plotters::prelude::*;

use super::axis::Axis;
use super::diverging;
use super::figure::{Canvas, Figure};
use super::{frame, legend};

/// A picture of a square matrix; see [`matrix`].
#[derive(Debug, Clone)]
pub struct Matrix {
    title: String,
    label: String,
    size: usize,
    /// Row, column and value of what is not 0.
    entries: Vec<(usize, usize, f64)>,
    names: Vec<(String, f64)>,
}

/// The entries (row, column, value) of a matrix of `size` rows and columns that are not 0: blue above, red below, 1 and
/// -1 fully so. The first row is on top. Entries out of the matrix are left out.
pub fn matrix(title: impl Into<String>, size: usize, entries: impl IntoIterator<Item = (usize, usize, f64)>) -> Matrix {
    let inside = entries.into_iter().filter(|(row, column, _)| *row < size && *column < size);
    let mut entries: Vec<_> = inside.collect();
    entries.sort_by_key(|&(row, column, _)| (row, column));
    Matrix { title: title.into(), label: "row".to_owned(), size, entries, names: vec![] }
}

impl Matrix {
    /// The label of both axes, instead of `row`.
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds an entry of the legend: what a value means.
    pub fn with_meaning(mut self, value: f64, name: impl Into<String>) -> Self {
        self.names.push((name.into(), value));
        self
    }
}

impl Figure for Matrix {
    fn title(&self) -> &str {
        &self.title
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<'_, DB>) -> Result<(), Box<dyn Error + Send + Sync>>
    where
        DB::ErrorType: 'static,
    {
        let names: Vec<String> = self.names.iter().map(|(name, _)| name.clone()).collect();
        let area = legend::draw(canvas, &self.title, &names, |entry, area, (x, y)| {
            let half = canvas.px(6) as i32;
            let corners = [(x, y - half), (x + 2 * half, y + half)];
            let grey = RGBColor(0x99, 0x99, 0x99).stroke_width(canvas.scale);
            area.draw(&Rectangle::new(corners, diverging::colour(self.names[entry].1).filled()))?;
            Ok(area.draw(&Rectangle::new(corners, grey))?)
        })?;
        // A square in the middle of the room that there is.
        let (width, height) = frame::inside(canvas, &area);
        let spare = ((width - height).max(0.0) / 2.0) as i32;
        let area = area.margin(0, 0, spare, spare);
        let size = self.size.max(1) as f64;
        let axes = (Axis::new(0.0..size, 6), Axis::new(size..0.0, 6));
        let mut chart = frame::draw(canvas, &area, axes, (&self.label, &self.label))?;
        // Equal entries side by side are one rectangle.
        let follows = |a: &(usize, usize, f64), b: &(usize, usize, f64)| (a.0, a.1 + 1, a.2) == *b;
        let cells = |run: &[(usize, usize, f64)]| {
            let ((row, from, value), to) = (run[0], run[run.len() - 1].1 + 1);
            let corners = [(from as f64, row as f64), (to as f64, row as f64 + 1.0)];
            Rectangle::new(corners, diverging::colour(value).filled())
        };
        chart.draw_series(self.entries.chunk_by(follows).map(cells))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_cells_of_their_colour() {
        let entries = [(0, 0, 1.0), (0, 1, -1.0), (1, 0, 0.0), (7, 0, 1.0)];
        let figure = matrix("Graph", 2, entries).with_label("node").with_meaning(1.0, "positive");
        let svg = figure.svg().unwrap();
        for text in ["Graph", "node", "positive", "#332288", "#882255"] {
            assert!(svg.contains(text), "{text}");
        }
        let image = image::load_from_memory(&figure.png().unwrap()).unwrap().to_rgb8();
        let (above, below) = ([0x33, 0x22, 0x88], [0x88, 0x22, 0x55]);
        let places = |colour: [u8; 3]| image.enumerate_pixels().filter(move |(_, _, pixel)| pixel.0 == colour);
        let mean_x = |colour| places(colour).map(|(x, ..)| f64::from(x)).sum::<f64>() / places(colour).count() as f64;
        assert!(places(below).count() > 100_000 && places(below).all(|(_, y, _)| y < 700));
        assert!(mean_x(below) > mean_x(above));
        matrix("none", 0, []).svg().unwrap();
    }
}
