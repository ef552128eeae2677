//! Figures: what draws itself on a canvas and can be saved as SVG and PNG.

use std::error::Error;
use std::ffi::OsString;
use std::fmt;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Once;

use image::imageops::thumbnail;
use image::{ImageFormat, RgbImage};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::{FontStyle, TextStyle, register_font};
use relata_data::sink::write_atomically;

use super::error::PlotError;

/// The size of a figure in SVG units; the PNG has twice as many pixels each way.
const SIZE: (u32, u32) = (960, 600);
/// Pixels per unit of the PNG.
const PNG_SCALE: u32 = 2;
/// Pixels drawn per pixel of the PNG each way, averaged so that edges are smooth.
const OVERSAMPLING: u32 = 2;

/// What a figure draws on: an area of the drawing library, and the pixels per unit of length.
pub struct Canvas<'a, DB: DrawingBackend> {
    /// The whole area, already white.
    pub area: &'a DrawingArea<DB, Shift>,
    /// Pixels per unit; line widths and font sizes are multiples of it.
    pub scale: u32,
}

impl<DB: DrawingBackend> fmt::Debug for Canvas<'_, DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pixels = self.area.dim_in_pixel();
        f.debug_struct("Canvas").field("pixels", &pixels).field("scale", &self.scale).finish()
    }
}

impl<DB: DrawingBackend> Canvas<'_, DB> {
    /// A length in pixels.
    pub fn px(&self, units: u32) -> u32 {
        units * self.scale
    }

    /// A text style of this size in units, in a dark grey.
    pub fn text(&self, units: u32) -> TextStyle<'static> {
        ("sans-serif", self.px(units)).into_font().color(&RGBColor(0x33, 0x33, 0x33))
    }
}

/// A picture with a title.
pub trait Figure {
    /// The title, for errors.
    fn title(&self) -> &str;

    /// Draws everything, the title included.
    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<'_, DB>) -> Result<(), Box<dyn Error + Send + Sync>>
    where
        DB::ErrorType: 'static;

    /// The picture as SVG.
    fn svg(&self) -> Result<String, PlotError> {
        let mut svg = String::new();
        render(self, SVGBackend::with_string(&mut svg, SIZE), 1)?;
        Ok(svg)
    }

    /// The picture as an encoded PNG of 1920 x 1200 pixels.
    fn png(&self) -> Result<Vec<u8>, PlotError> {
        let scale = PNG_SCALE * OVERSAMPLING;
        let (width, height) = (SIZE.0 * scale, SIZE.1 * scale);
        let mut pixels = RgbImage::new(width, height);
        render(self, BitMapBackend::with_buffer(&mut pixels, (width, height)), scale)?;
        let smooth = thumbnail(&pixels, SIZE.0 * PNG_SCALE, SIZE.1 * PNG_SCALE);
        let mut png = Cursor::new(vec![]);
        smooth.write_to(&mut png, ImageFormat::Png)?;
        Ok(png.into_inner())
    }

    /// Writes `path` with `.svg` and `.png` added.
    fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        let with = |extension: &str| {
            let mut name = OsString::from(path.as_ref());
            name.push(extension);
            PathBuf::from(name)
        };
        write_atomically(&with(".svg"), self.svg()?.as_bytes())?;
        Ok(write_atomically(&with(".png"), &self.png()?)?)
    }
}

fn render<F: Figure + ?Sized, DB: DrawingBackend>(figure: &F, backend: DB, scale: u32) -> Result<(), PlotError>
where
    DB::ErrorType: 'static,
{
    static FONT: Once = Once::new();
    // A font that failed to register shows up as an error of the drawing below.
    FONT.call_once(|| drop(register_font("sans-serif", FontStyle::Normal, epaint_default_fonts::UBUNTU_LIGHT)));
    let area = backend.into_drawing_area();
    let drawn = area
        .fill(&WHITE)
        .map_err(Into::into)
        .and_then(|()| figure.draw(&Canvas { area: &area, scale }))
        .and_then(|()| area.present().map_err(Into::into));
    drawn.map_err(|error| PlotError::Draw { title: figure.title().to_owned(), why: error.to_string() })
}
