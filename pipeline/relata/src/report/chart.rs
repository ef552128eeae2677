//! Line charts of the page, as SVG whose text stays readable on a narrow screen.

use std::fmt::Write;
use std::ops::Range;

use super::html::{escaped, number};

/// The size of a chart; about the pixels that it gets, so that its text has the size of the page's small print.
const SIZE: (f64, f64) = (360.0, 216.0);
/// Room left, right, above and below the lines.
const LEFT: f64 = 42.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 34.0;
/// Series whose points are marked have at most so many.
const MARKED: usize = 40;
/// The colours of the page, in its style sheet.
pub(super) const COLOURS: usize = 10;

/// A series of a chart.
#[derive(Debug, Clone, Default)]
pub(super) struct Line {
    /// What a reader sees who points at one of its points.
    pub name: String,
    /// The number of its colour.
    pub colour: usize,
    /// Whether it is in the background.
    pub faint: bool,
    /// In the order of x.
    pub points: Vec<(f64, f64)>,
}

/// The style class of a colour.
pub(super) fn colour(number: usize) -> String {
    format!("c{}", number % COLOURS)
}

/// A chart of lines with its title. Points that are not finite are left out; nothing is drawn without points.
pub(super) fn chart(title: &str, x_label: &str, lines: &[Line]) -> String {
    let points =
        || lines.iter().flat_map(|line| &line.points).filter(|point| point.0.is_finite() && point.1.is_finite());
    if points().next().is_none() {
        return String::new();
    }
    let x = range(points().map(|point| point.0), 0.0);
    let y = range(points().map(|point| point.1), 0.08);
    let right = SIZE.0 - RIGHT;
    let bottom = SIZE.1 - BOTTOM;
    let at_x = |value: f64| LEFT + (value - x.start) / (x.end - x.start) * (right - LEFT);
    let at_y = |value: f64| bottom - (value - y.start) / (y.end - y.start) * (bottom - TOP);
    let mut svg = format!(
        "<figure><figcaption>{title}</figcaption><svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{title}\">",
        SIZE.0,
        SIZE.1,
        title = escaped(title)
    );
    let mut add = |text: String| svg.push_str(&text);
    for (value, label) in ticks(&y, 5) {
        let at = at_y(value);
        add(format!("<path class=\"grid\" d=\"M{LEFT} {at:.1}H{right}\"/>"));
        add(format!("<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>", LEFT - 6.0, at + 3.5));
    }
    for (value, label) in ticks(&x, 5) {
        add(format!("<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{label}</text>", at_x(value), bottom + 15.0));
    }
    let (middle, below) = ((LEFT + right) / 2.0, SIZE.1 - 4.0);
    add(format!("<path class=\"axis\" d=\"M{LEFT} {bottom}H{right}\"/>"));
    add(format!("<text x=\"{middle}\" y=\"{below}\" text-anchor=\"middle\">{}</text>", escaped(x_label)));
    for line in lines.iter().filter(|line| line.faint).chain(lines.iter().filter(|line| !line.faint)) {
        let shown = || line.points.iter().filter(|point| point.0.is_finite() && point.1.is_finite());
        let class = format!("{}{}", colour(line.colour), if line.faint { " faint" } else { "" });
        let path: Vec<String> = shown().map(|(x, y)| format!("{:.1},{:.1}", at_x(*x), at_y(*y))).collect();
        add(format!("<polyline class=\"{class}\" points=\"{}\"/>", path.join(" ")));
        if !line.faint && line.points.len() <= MARKED {
            for (x, y) in shown() {
                let tip = format!("{}: {} at {}", line.name, number(*y), number(*x));
                let (x, y) = (at_x(*x), at_y(*y));
                add(format!(
                    "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.6\"><title>{}</title></circle>",
                    escaped(&tip)
                ));
            }
        }
    }
    // What a line alone comes to is written where it ends.
    let end = |line: &Line| line.points.iter().rfind(|point| point.0.is_finite() && point.1.is_finite()).copied();
    if let ([line], Some(last)) = (lines, lines.first().and_then(end)) {
        svg += &format!(
            "<text class=\"end {}\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            colour(line.colour),
            right + 6.0,
            at_y(last.1) - 9.0,
            number(last.1)
        );
    }
    svg + "</svg></figure>"
}

/// What the colours of a chart stand for.
pub(super) fn legend(names: &[(String, String)]) -> String {
    let mut html = String::from("<ul class=\"legend\">");
    for (class, name) in names {
        // Writing to a String cannot fail.
        let _ = write!(html, "<li class=\"{class}\">{}</li>", escaped(name));
    }
    html + "</ul>"
}

/// At most `most` points, each the mean of a run of them.
pub(super) fn thinned(points: &[(f64, f64)], most: usize) -> Vec<(f64, f64)> {
    let mean = |run: &[(f64, f64)]| {
        let (x, y) = run.iter().fold((0.0, 0.0), |sum, point| (sum.0 + point.0, sum.1 + point.1));
        (x / run.len() as f64, y / run.len() as f64)
    };
    points.chunks(points.len().div_ceil(most).max(1)).map(mean).collect()
}

/// From the smallest to the largest value with a share of the distance added at both ends; some room around one value.
fn range(values: impl Iterator<Item = f64>, share: f64) -> Range<f64> {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    let size = low.abs().max(high.abs()).max(1e-6);
    let room = if high - low > 1e-9 * size { share * (high - low) } else { 0.1 * size };
    low - room..high + room
}

/// Round numbers in a range, about `count` of them, with as many digits as their distance needs.
fn ticks(range: &Range<f64>, count: usize) -> Vec<(f64, String)> {
    let rough = (range.end - range.start) / count as f64;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= rough * 0.999);
    let step = step.unwrap_or(10.0 * power);
    let digits = (-(step * 1.001).log10().floor()).max(0.0) as usize;
    let label = |value: f64| if digits == 0 { number(value) } else { format!("{value:.digits$}").replace('-', "−") };
    let first = (range.start / step - 1e-9).ceil() as i64;
    let last = (range.end / step + 1e-9).floor() as i64;
    (first..=last).map(|at| at as f64 * step).map(|value| (value, label(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_inside_and_alike() {
        let labels = |range: Range<f64>| ticks(&range, 4).into_iter().map(|tick| tick.1).collect::<Vec<_>>();
        assert_eq!(labels(0.8..1.0), ["0.80", "0.85", "0.90", "0.95", "1.00"]);
        assert_eq!(labels(0.0..3500.0), ["0", "1,000", "2,000", "3,000"]);
        assert_eq!(labels(-0.003..0.005), ["−0.002", "0.000", "0.002", "0.004"]);
    }

    #[test]
    fn lines_lie_where_their_numbers_are() {
        let line =
            |points: &[(f64, f64)]| Line { name: "a <b>".to_owned(), points: points.to_vec(), ..Line::default() };
        let svg = chart("t & u", "cost", &[line(&[(0.0, 0.0), (5.0, 1.0), (10.0, f64::NAN)])]);
        // The line goes from left to right, with a little room below and above.
        let (low, high) = (182.0 - 162.0 * 0.08 / 1.16, 182.0 - 162.0 * 1.08 / 1.16);
        assert!(svg.contains(&format!("points=\"42.0,{low:.1} 348.0,{high:.1}\"")), "{svg}");
        assert!(svg.contains("t &amp; u") && svg.contains("a &lt;b&gt;: 1 at 5") && !svg.contains("NaN"));
        assert_eq!(chart("t", "x", &[line(&[])]), "");
        assert!(chart("t", "x", &[line(&[(3.0, 7.0)])]).contains("<circle"));
    }

    #[test]
    fn long_series_are_averaged() {
        let points: Vec<_> = (0..1000).map(|x| (f64::from(x), 2.0 * f64::from(x))).collect();
        let thin = thinned(&points, 100);
        assert_eq!((thin.len(), thin[0]), (100, (4.5, 9.0)));
        assert_eq!(thinned(&points[..3], 100), points[..3]);
    }
}
