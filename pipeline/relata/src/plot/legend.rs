//! Legend in a column of its own, right of the chart, so that it never covers any data.

use std::error::Error;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::figure::Canvas;

/// Font size of the entries, in units.
const TEXT: u32 = 14;
/// Height of an entry, in units.
const LINE: u32 = 22;
/// Room for the sample of a line or mark, and around the legend, in units.
const KEY: u32 = 20;
const PADDING: u32 = 12;
/// Height of the title, in units.
const TITLE: u32 = 54;
/// The widest a legend gets, in units; longer names are cut.
const WIDEST: u32 = 240;

/// Draws the title and the legend, and returns the area that is left for the chart. `draw_key` is called with the
/// number of each entry, the legend's area, and where the key's left end is, at the middle of its height.
pub(super) fn draw<DB: DrawingBackend>(
    canvas: &Canvas<'_, DB>,
    title: &str,
    names: &[String],
    mut draw_key: impl FnMut(usize, &DrawingArea<DB, Shift>, (i32, i32)) -> Result<(), Box<dyn Error + Send + Sync>>,
) -> Result<DrawingArea<DB, Shift>, Box<dyn Error + Send + Sync>>
where
    DB::ErrorType: 'static,
{
    let style = canvas.text(TEXT).pos(Pos::new(HPos::Left, VPos::Center));
    let margin = canvas.px(24);
    let (width, height) = canvas.area.dim_in_pixel();
    let title_style = canvas.text(22);
    let title = fitted(canvas, title, &title_style, width - 2 * margin);
    canvas.area.draw_text(&title, &title_style, (margin as i32, canvas.px(18) as i32))?;
    let (_, below) = canvas.area.split_vertically(canvas.px(TITLE));

    let names: Vec<String> = names.iter().map(|name| fitted(canvas, name, &style, canvas.px(WIDEST - KEY))).collect();
    let mut widest = 0;
    for name in &names {
        widest = widest.max(canvas.area.estimate_text_size(name, &style)?.0);
    }
    if names.is_empty() {
        return Ok(below);
    }
    // An SVG is shown in the reader's font, which may be wider.
    let legend_width = widest + widest / 6 + canvas.px(KEY + 2 * PADDING);
    let (chart, legend) = below.split_horizontally(width - legend_width);

    // Entries that do not fit below each other are squeezed.
    let room = (height - canvas.px(TITLE + 24)) / names.len() as u32;
    let line = canvas.px(LINE).min(room) as i32;
    for (number, name) in names.iter().enumerate() {
        let middle = canvas.px(18) as i32 + line * number as i32;
        draw_key(number, &legend, (canvas.px(PADDING) as i32, middle))?;
        // A centred text sits a little high in bitmaps.
        legend.draw_text(name, &style, (canvas.px(PADDING + KEY) as i32, middle + canvas.px(1) as i32))?;
    }
    Ok(chart)
}

/// The text, cut with an ellipsis if it is wider than `room` pixels.
fn fitted<DB: DrawingBackend>(canvas: &Canvas<'_, DB>, text: &str, style: &TextStyle<'_>, room: u32) -> String {
    let fits = |text: &str| canvas.area.estimate_text_size(text, style).is_ok_and(|(width, _)| width <= room);
    if fits(text) {
        return text.to_owned();
    }
    let mut kept: Vec<char> = text.chars().collect();
    loop {
        let shorter: String = kept.iter().chain(&['…']).collect();
        if kept.pop().is_none() || fits(&shorter) {
            return shorter;
        }
    }
}
