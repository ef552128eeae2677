//! Bands: line charts of means over repeated trials, with their spread around each line.

use super::curves::{Curves, Series, curves};
use super::spread::Spread;

/// For each named series, a line through the means and a band of their spread, with a legend right of the chart. Spreads
/// come in the order of x; those that are not finite are left out.
///
/// ```
/// use relata::plot::{Figure, Spread, bands};
///
/// // Three trials at each of two budgets.
/// let trials = vec![Spread::of(100.0, [0.5, 0.6, 0.7]), Spread::of(200.0, [0.8, 0.9, 0.9])];
/// let chart = bands("Strategies", "accuracy", &[("boundary".to_owned(), trials)]);
/// assert!(chart.svg()?.contains("Strategies"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn bands(title: impl Into<String>, y_label: impl Into<String>, series: &[(String, Vec<Spread>)]) -> Curves {
    let means: Vec<Series> = series
        .iter()
        .map(|(name, spreads)| (name.clone(), spreads.iter().map(|spread| (spread.x, spread.mean)).collect()))
        .collect();
    let spreads = series.iter().map(|(_, spreads)| spreads.clone()).collect();
    let mut chart = curves(title, y_label, &means);
    chart.bands = spreads;
    chart
}

#[cfg(test)]
mod tests {
    use super::super::figure::Figure;
    use super::*;

    fn falling(from: f64) -> Vec<Spread> {
        (0..20).map(|x| Spread::of(f64::from(x), [0.9, 1.0, 1.1].map(|by| by * from / f64::from(x + 1)))).collect()
    }

    #[test]
    fn bands_lie_around_their_lines() {
        let series = [("active".to_owned(), falling(1.0)), ("passive".to_owned(), falling(3.0))];
        let figure = bands("Error", "test error", &series).with_x_label("pairs");
        let svg = figure.svg().unwrap();
        for text in ["Error", "test error", "pairs", "active", "passive", "<polygon", "opacity=\"0.16\""] {
            assert!(svg.contains(text), "{text}");
        }
        let image = image::load_from_memory(&figure.png().unwrap()).unwrap().to_rgb8();
        // Indigo, and indigo through which 84% of the white shows.
        for (colour, least) in [([0x33, 0x22, 0x88], 500), ([0xde, 0xdc, 0xec], 1000)] {
            let near = |pixel: &&image::Rgb<u8>| pixel.0.iter().zip(colour).all(|(a, b): (&u8, u8)| a.abs_diff(b) < 4);
            assert!(image.pixels().filter(near).count() > least, "{colour:?}");
        }
    }

    #[test]
    fn gaps_and_nothing_are_drawn() {
        let mut gap = falling(1.0);
        gap[4] = Spread::of(4.0, []);
        for series in [vec![], vec![("gap".to_owned(), gap)], vec![("none".to_owned(), vec![])]] {
            bands("t", "y", &series).svg().unwrap();
        }
    }
}
