//! Frame of a chart: axes with labels and a light grid.

use std::error::Error;

use plotters::coord::Shift;
use plotters::prelude::*;

use super::axis::Axis;
use super::figure::Canvas;

/// Room for the labels of the y and the x axis, and around the chart, in units.
const LEFT: u32 = 64;
const BOTTOM: u32 = 44;
const MARGIN: u32 = 14;

/// A chart whose frame is drawn.
pub(super) type Chart<'a, DB> = ChartContext<'a, DB, Cartesian2d<Axis, Axis>>;

/// Width and height in pixels of what is inside the frame.
pub(super) fn inside<DB: DrawingBackend>(canvas: &Canvas<'_, DB>, area: &DrawingArea<DB, Shift>) -> (f64, f64) {
    let (width, height) = area.dim_in_pixel();
    (
        f64::from(width) - f64::from(canvas.px(LEFT + 2 * MARGIN)),
        f64::from(height) - f64::from(canvas.px(BOTTOM + MARGIN)),
    )
}

/// Draws the frame.
pub(super) fn draw<'a, DB: DrawingBackend + 'a>(
    canvas: &Canvas<'_, DB>,
    area: &DrawingArea<DB, Shift>,
    axes: (Axis, Axis),
    labels: (&str, &str),
) -> Result<Chart<'a, DB>, Box<dyn Error + Send + Sync>>
where
    DB::ErrorType: 'static,
{
    draw_with_room(canvas, area, axes, labels, 0)
}

/// Draws the frame, and leaves room right of it, in units.
pub(super) fn draw_with_room<'a, DB: DrawingBackend + 'a>(
    canvas: &Canvas<'_, DB>,
    area: &DrawingArea<DB, Shift>,
    (x, y): (Axis, Axis),
    (x_label, y_label): (&str, &str),
    right: u32,
) -> Result<Chart<'a, DB>, Box<dyn Error + Send + Sync>>
where
    DB::ErrorType: 'static,
{
    let mut chart = ChartBuilder::on(area)
        .margin_right(canvas.px(MARGIN + right))
        .margin_bottom(canvas.px(MARGIN))
        .margin_left(canvas.px(MARGIN))
        .x_label_area_size(canvas.px(BOTTOM))
        .y_label_area_size(canvas.px(LEFT))
        .build_cartesian_2d(x, y)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(RGBColor(0xe4, 0xe4, 0xe4).stroke_width(canvas.scale))
        .axis_style(RGBColor(0x99, 0x99, 0x99).stroke_width(canvas.scale))
        .set_all_tick_mark_size(canvas.px(4))
        .label_style(canvas.text(13))
        .axis_desc_style(canvas.text(15))
        .x_desc(x_label)
        .y_desc(y_label)
        .draw()?;
    Ok(chart)
}
