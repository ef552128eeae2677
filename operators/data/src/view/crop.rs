//! Random resized crop (Szegedy et al. 2015, "Going deeper with convolutions").

use relata_registry::{Description, Settings};
use relata_schemas::FeatureShape;
use serde::{Deserialize, Serialize};

use super::augment::{Augment, View};
use super::checks;
use super::draw::uniform;
use crate::Result;
use crate::seed::Rng;

/// See [`crop`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Crop {
    min_area: f64,
    ratio: (f64, f64),
}

impl Default for Crop {
    fn default() -> Self {
        Self { min_area: 0.2, ratio: (3.0 / 4.0, 4.0 / 3.0) }
    }
}

impl Settings for Crop {
    const NAME: &'static str = "crop";
    const SUMMARY: &'static str = "random resized crop of an image";
}

/// Cuts a random window out of an image and stretches it to the image's size. The window's share of the area is
/// uniform in `min_area..1`, the ratio of its relative width to its relative height log-uniform in 3/4..4/3 (a side
/// longer than the image is cut to it), its place uniform. Sampling is bilinear with zeros outside of the image.
///
/// ```
/// use relata_data::view::{Augment, crop};
///
/// let view = crop(0.2);
/// assert_eq!(view.describe().to_string(), "crop min_area=0.2 ratio=[0.75, 1.3333333333333333]");
/// ```
pub fn crop(min_area: f64) -> Crop {
    Crop { min_area, ..Crop::default() }
}

impl Crop {
    /// Another range of width : height than 3/4..4/3.
    ///
    /// ```
    /// use relata_data::view::{Augment, crop};
    ///
    /// let view = crop(0.2).with_ratio(0.5, 2.0);
    /// assert_eq!(view.describe().to_string(), "crop min_area=0.2 ratio=[0.5, 2.0]");
    /// ```
    pub fn with_ratio(mut self, low: f64, high: f64) -> Self {
        self.ratio = (low, high);
        self
    }

    fn window(&self, rng: &mut Rng) -> Window {
        let area = uniform(rng, self.min_area, 1.0);
        let ratio = uniform(rng, self.ratio.0.ln(), self.ratio.1.ln()).exp();
        let (width, height) = ((area * ratio).sqrt().min(1.0), (area / ratio).sqrt().min(1.0));
        let left = uniform(rng, 0.0, 1.0) * (1.0 - width);
        let top = uniform(rng, 0.0, 1.0) * (1.0 - height);
        Window { left, top, width, height }
    }
}

impl Augment for Crop {
    fn check(&self, shape: &FeatureShape) -> Result<()> {
        checks::image("crop", shape)?;
        let holds = self.min_area > 0.0 && self.min_area <= 1.0;
        checks::setting("crop", "min_area", holds, "in (0, 1]", self.min_area)?;
        let (low, high) = self.ratio;
        let holds = low > 0.0 && low <= high && high.is_finite();
        checks::setting("crop", "ratio", holds, "a range of numbers above 0", format!("{low}..{high}"))
    }

    fn apply(&self, view: &mut View<'_>, rng: &mut Rng) {
        let window = self.window(rng);
        resize(view, &window);
    }

    fn describe(&self) -> Description {
        Description::of(self)
    }
}

/// A part of an image, in shares of the image's width and height.
struct Window {
    left: f32,
    top: f32,
    width: f32,
    height: f32,
}

/// Stretches a window to the whole image: torch's `grid_sample` of an `affine_grid` without rotation
/// (align_corners = False, zero padding), row by row. Output pixel i of n lies at the source position
/// `share * (i + 0.5) + start * n - 0.5`; one is added, because the blended row has a zero at either end.
fn resize(view: &mut View<'_>, window: &Window) {
    let Some((_, height, width)) = view.shape.as_image() else { return };
    let plane = height * width;
    let (values, room) = view.with_room(plane + 3 * width + 2);
    let (source, room) = room.split_at_mut(plane);
    let (blended, columns) = room.split_at_mut(width + 2);
    let (columns, shares) = columns.split_at_mut(width);
    let x_start = window.left * width as f32 + 0.5;
    let y_start = window.top * height as f32 + 0.5;
    // The columns that an output column lies between are the same in every row; their numbers are kept as bits.
    for (x, (column, share)) in columns.iter_mut().zip(shares.iter_mut()).enumerate() {
        let (right, of_right) = split(window.width * (x as f32 + 0.5) + x_start, width);
        (*column, *share) = (f32::from_bits(right as u32), of_right);
    }
    for image in values.chunks_exact_mut(plane) {
        source.copy_from_slice(image);
        blended[0] = 0.0;
        blended[width + 1] = 0.0;
        for (y, out) in image.chunks_exact_mut(width).enumerate() {
            let (below, share) = split(window.height * (y as f32 + 0.5) + y_start, height);
            blend(source, below, share, &mut blended[1..=width]);
            for ((out, column), share) in out.iter_mut().zip(columns.iter()).zip(shares.iter()) {
                let at = column.to_bits() as usize;
                let pair = &blended[at..at + 2];
                *out = pair[0] + share * (pair[1] - pair[0]);
            }
        }
    }
}

/// A position in 0..=n + 1 as a whole number up to n and the share of the next one.
fn split(position: f32, n: usize) -> (usize, f32) {
    // The conversion by way of i32 has an instruction of its own; the one to usize is several.
    let whole = (position as i32 as usize).min(n);
    (whole, position - whole as i32 as f32)
}

/// The weighted sum of source rows `below - 1` and `below`, where rows outside of the image are zeros.
fn blend(source: &[f32], below: usize, share: f32, out: &mut [f32]) {
    let width = out.len();
    let height = source.len() / width;
    let row = |y: usize| &source[y * width..(y + 1) * width];
    let (upper, upper_share) = if below > 0 { (row(below - 1), 1.0 - share) } else { (row(0), 0.0) };
    let (lower, lower_share) = if below < height { (row(below), share) } else { (row(height - 1), 0.0) };
    for ((out, upper), lower) in out.iter_mut().zip(upper).zip(lower) {
        *out = upper_share * upper + lower_share * lower;
    }
}

#[cfg(test)]
mod tests {
    use relata_schemas::Element;

    use super::super::fixture;
    use super::*;
    use crate::seed;

    /// `affine_grid` and `grid_sample` written out in normalised coordinates, in f64.
    fn grid_sample(values: &[f32], (c, h, w): (usize, usize, usize), window: &Window) -> Vec<f64> {
        let pixel = |plane: usize, y: f64, x: f64| {
            let inside = y >= 0.0 && y < h as f64 && x >= 0.0 && x < w as f64;
            if inside { f64::from(values[(plane * h + y as usize) * w + x as usize]) } else { 0.0 }
        };
        let (sx, sy) = (f64::from(window.width), f64::from(window.height));
        let cx = 2.0 * f64::from(window.left) + sx - 1.0;
        let cy = 2.0 * f64::from(window.top) + sy - 1.0;
        let mut out = vec![];
        for plane in 0..c {
            for i in 0..h {
                for j in 0..w {
                    let gx = sx * ((2 * j + 1) as f64 / w as f64 - 1.0) + cx;
                    let gy = sy * ((2 * i + 1) as f64 / h as f64 - 1.0) + cy;
                    let x = ((gx + 1.0) * w as f64 - 1.0) / 2.0;
                    let y = ((gy + 1.0) * h as f64 - 1.0) / 2.0;
                    let (x0, y0) = (x.floor(), y.floor());
                    let (tx, ty) = (x - x0, y - y0);
                    let top = (1.0 - tx) * pixel(plane, y0, x0) + tx * pixel(plane, y0, x0 + 1.0);
                    let bottom = (1.0 - tx) * pixel(plane, y0 + 1.0, x0) + tx * pixel(plane, y0 + 1.0, x0 + 1.0);
                    out.push((1.0 - ty) * top + ty * bottom);
                }
            }
        }
        out
    }

    fn image(shape: &FeatureShape) -> Vec<f32> {
        (0..shape.len()).map(|v| ((v * 7919) % 101) as f32 / 100.0).collect()
    }

    #[test]
    fn crops_agree_with_an_affine_grid() {
        for dims in [(1, 28, 28), (3, 9, 14), (2, 1, 5), (1, 6, 1)] {
            let shape = FeatureShape::image(dims.0, dims.1, dims.2, Element::F32);
            let values = image(&shape);
            let store = fixture::store(&shape, &values);
            for seed in 0..20 {
                let view = crop(0.1);
                let window = view.window(&mut seed::stream(seed, &[]));
                let out = fixture::apply_in(&store, &view, &values, seed);
                for (out, twin) in out.iter().zip(grid_sample(&values, dims, &window)) {
                    assert!((f64::from(*out) - twin).abs() < 2e-5, "{dims:?}: {out} and {twin}");
                }
            }
        }
    }

    #[test]
    fn the_whole_image_is_the_identity() {
        let shape = FeatureShape::image(3, 28, 20, Element::F32);
        assert_eq!(fixture::apply(&crop(1.0).with_ratio(1.0, 1.0), &shape, &image(&shape), 1), image(&shape));
    }

    #[test]
    fn windows_fill_their_ranges_and_stay_inside() {
        let view = crop(0.3);
        let mut rng = seed::stream(0, &[]);
        let windows: Vec<Window> = (0..20_000).map(|_| view.window(&mut rng)).collect();
        let mean = |f: fn(&Window) -> f32| windows.iter().map(|w| f64::from(f(w))).sum::<f64>() / windows.len() as f64;
        assert!(windows.iter().all(|w| w.left >= 0.0 && w.left + w.width <= 1.000_001 && w.width > 0.47));
        assert!(windows.iter().all(|w| w.top >= 0.0 && w.top + w.height <= 1.000_001 && w.height > 0.47));
        assert!((mean(|w| w.left + w.width / 2.0) - 0.5).abs() < 0.005);
        // Log-uniform ratios are symmetric: neither side is favoured, where uniform ones would favour the width.
        assert!((mean(|w| w.width) - mean(|w| w.height)).abs() < 0.005);
        // Away from the cut at the image's sides, areas are uniform.
        let small = windows.iter().filter(|w| w.width * w.height < 0.5).count();
        assert!(small.abs_diff(20_000 * 2 / 7) < 300, "{small}");
    }
}
