//! Line charts of means over repeated trials, with a band around each line for their spread.

use super::{Curves, Series, curves};

/// What trials measured at one x: their mean, and one standard deviation to both sides of it, but no further than the
/// least and the largest value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Where it was measured.
    pub x: f64,
    /// The lower end of the band.
    pub low: f64,
    /// The mean.
    pub mean: f64,
    /// The upper end of the band.
    pub high: f64,
}

impl Spread {
    /// The spread of the values that are finite; not a number without any.
    pub fn of(x: f64, values: impl IntoIterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let deviation = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt();
        let (least, largest) =
            values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &value| (a.min(value), b.max(value)));
        Self { x, low: (mean - deviation).max(least), mean, high: (mean + deviation).min(largest) }
    }
}

/// For each named series, a line through the means and a band of their spread, with a legend right of the chart. Spreads
/// come in the order of x; those that are not finite are left out.
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
    use super::super::Figure;
    use super::*;

    fn falling(from: f64) -> Vec<Spread> {
        (0..20).map(|x| Spread::of(f64::from(x), [0.9, 1.0, 1.1].map(|by| by * from / f64::from(x + 1)))).collect()
    }

    #[test]
    fn a_spread_is_a_standard_deviation_within_the_values() {
        let spread = Spread::of(3.0, [1.0, 2.0, 3.0, f64::NAN]);
        let deviation = (2.0f64 / 3.0).sqrt();
        assert_eq!((spread.x, spread.mean), (3.0, 2.0));
        assert!((spread.low - (2.0 - deviation)).abs() < 1e-12 && (spread.high - (2.0 + deviation)).abs() < 1e-12);
        // One deviation below the mean of an error that is nearly always 0 would be negative.
        let skewed = Spread::of(0.0, [0.0, 0.0, 0.0, 0.0, 1.0]);
        assert_eq!((skewed.low, skewed.mean), (0.0, 0.2));
        assert!(Spread::of(0.0, []).mean.is_nan());
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
