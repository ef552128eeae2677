//! Bilinear sampling of an image under an affine map, with zeros outside of the image.

use super::augment::View;

/// Replaces an image by its warp: the output pixel at `p` (from the image's centre, in pixels, x to the right and y
/// down) takes the value at `linear * (p - moved)`, where `linear` is [[a, b], [c, d]] as `[a, b, c, d]`.
pub(super) fn warp(view: &mut View<'_>, linear: [f32; 4], moved: (f32, f32)) {
    let Some((channels, height, width)) = view.shape.as_image() else { return };
    // A border of zeros makes every read one of the padded image, so that the inner loop has no branches.
    let stride = width + 2;
    let padded_plane = (height + 2) * stride;
    let (values, padded) = view.with_room(channels * padded_plane);
    padded.fill(0.0);
    for (plane, padded) in values.chunks_exact(height * width).zip(padded.chunks_exact_mut(padded_plane)) {
        for (row, padded) in plane.chunks_exact(width).zip(padded[stride..].chunks_exact_mut(stride)) {
            padded[1..=width].copy_from_slice(row);
        }
    }
    let (cx, cy) = ((width - 1) as f32 / 2.0, (height - 1) as f32 / 2.0);
    let [a, b, c, d] = linear;
    for y in 0..height {
        let dy = y as f32 - cy - moved.1;
        for x in 0..width {
            let dx = x as f32 - cx - moved.0;
            let (x0, x_share) = place(a * dx + b * dy + cx, width);
            let (y0, y_share) = place(c * dx + d * dy + cy, height);
            let corner = y0 * stride + x0;
            for channel in 0..channels {
                let at = channel * padded_plane + corner;
                let upper = padded[at] + x_share * (padded[at + 1] - padded[at]);
                let at = at + stride;
                let lower = padded[at] + x_share * (padded[at + 1] - padded[at]);
                values[(channel * height + y) * width + x] = upper + y_share * (lower - upper);
            }
        }
    }
}

/// A source position as the padded pixel before it and the share of the one after it. Positions outside of the
/// image end in the border: everything there is 0.
fn place(position: f32, n: usize) -> (usize, f32) {
    let padded = (position + 1.0).clamp(0.0, (n + 1) as f32);
    let whole = (padded as i32 as usize).min(n);
    (whole, padded - whole as i32 as f32)
}

#[cfg(test)]
mod tests {
    use relata_schemas::{Element, FeatureShape};

    use super::super::fixture;
    use super::*;

    /// The warp in f64, by the definition: the sum over all source pixels of value x hat(x) x hat(y).
    fn twin(values: &[f32], (ch, h, w): (usize, usize, usize), linear: [f32; 4], moved: (f32, f32)) -> Vec<f64> {
        let [a, b, c, d] = linear.map(f64::from);
        let (cx, cy) = ((w as f64 - 1.0) / 2.0, (h as f64 - 1.0) / 2.0);
        let hat = |distance: f64| (1.0 - distance.abs()).max(0.0);
        let mut out = vec![0.0; ch * h * w];
        for (at, out) in out.iter_mut().enumerate() {
            let dx = (at % w) as f64 - cx - f64::from(moved.0);
            let dy = (at / w % h) as f64 - cy - f64::from(moved.1);
            let (sx, sy) = (a * dx + b * dy + cx, c * dx + d * dy + cy);
            let plane = at / (h * w) * h * w;
            for y in 0..h {
                for x in 0..w {
                    let value = f64::from(values[plane + y * w + x]);
                    *out += value * hat(sx - x as f64) * hat(sy - y as f64);
                }
            }
        }
        out
    }

    #[test]
    fn warps_agree_with_their_definition() {
        let cases = [
            ([1.0, 0.0, 0.0, 1.0], (0.25, -1.5)),
            ([0.8, -0.6, 0.6, 0.8], (0.0, 0.0)),
            ([0.4, 0.7, -1.3, 0.5], (2.0, 1.0)),
        ];
        for dims @ (channels, height, width) in [(1, 8, 8), (3, 5, 9), (1, 1, 4), (2, 3, 1)] {
            let shape = FeatureShape::image(channels, height, width, Element::F32);
            let values: Vec<f32> = (0..shape.len()).map(|v| ((v * 37) % 11) as f32 / 10.0).collect();
            let store = fixture::store(&shape, &values);
            for (linear, moved) in cases {
                let mut out = values.clone();
                let mut scratch = vec![f32::NAN; 3];
                let view = &mut View::new(&mut out, &mut scratch, &shape, &store);
                warp(view, linear, moved);
                for (out, twin) in out.iter().zip(twin(&values, dims, linear, moved)) {
                    assert!((f64::from(*out) - twin).abs() < 1e-5, "{dims:?} {linear:?}: {out} and {twin}");
                }
            }
        }
    }
}
