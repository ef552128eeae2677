//! Naive reference of a layer, in 64 bits, as it is defined.

use relata_kernels::{ConvGeometry, FilterLayout};

const EPSILON: f64 = 1e-5;

/// A layer and its input.
#[derive(Clone)]
pub struct Naive {
    geometry: ConvGeometry,
    layout: FilterLayout,
    pub input: Vec<f64>,
    pub filter: Vec<f64>,
    pub gamma: Vec<f64>,
    pub beta: Vec<f64>,
    pub residual: Option<Vec<f64>>,
    /// The gradient of the output.
    pub upstream: Vec<f64>,
}

/// Numbers in [-1, 1) that single precision holds exactly.
pub fn numbers(seed: u64, len: usize) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        f64::from((state >> 40) as u32) / f64::from(1u32 << 23) - 1.0
    };
    std::iter::repeat_with(next).take(len).collect()
}

impl Naive {
    pub fn new(geometry: ConvGeometry, layout: FilterLayout, residual: bool, seed: u64) -> Self {
        let g = geometry;
        let len = g.rows() * g.outputs;
        Self {
            geometry,
            layout,
            input: numbers(seed + 1, g.images * g.height * g.width * g.inputs),
            filter: numbers(seed + 2, g.weights()),
            gamma: numbers(seed + 3, g.outputs).iter().map(|x| x + 1.5).collect(),
            beta: numbers(seed + 4, g.outputs),
            residual: residual.then(|| numbers(seed + 5, len)),
            upstream: numbers(seed + 6, len),
        }
    }

    /// Calls `visit(output, input, weight)` for every product of the linear part.
    fn products(&self, mut visit: impl FnMut(usize, usize, usize)) {
        let g = self.geometry;
        let [height, width] = g.out();
        for image in 0..g.images {
            for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
                for (ky, kx) in (0..g.kernel).flat_map(|y| (0..g.kernel).map(move |x| (y, x))) {
                    let (iy, ix) =
                        ((y * g.stride + ky).wrapping_sub(g.padding), (x * g.stride + kx).wrapping_sub(g.padding));
                    if iy >= g.height || ix >= g.width {
                        continue;
                    }
                    for (i, o) in (0..g.inputs).flat_map(|i| (0..g.outputs).map(move |o| (i, o))) {
                        let weight = self.layout.at(o, i, ky * g.kernel + kx);
                        let output = ((image * height + y) * width + x) * g.outputs + o;
                        visit(output, ((image * g.height + iy) * g.width + ix) * g.inputs + i, weight);
                    }
                }
            }
        }
    }

    /// Normalised linear part and one divided by its standard deviations.
    fn normalised(&self) -> (Vec<f64>, Vec<f64>) {
        let (n, channels) = (self.geometry.rows(), self.geometry.outputs);
        let mut y = vec![0.0; n * channels];
        self.products(|o, i, w| y[o] += self.input[i] * self.filter[w]);
        let mut deviations = vec![0.0; channels];
        for c in 0..channels {
            let mean = (0..n).map(|r| y[r * channels + c]).sum::<f64>() / n as f64;
            let variance = (0..n).map(|r| (y[r * channels + c] - mean).powi(2)).sum::<f64>() / n as f64;
            deviations[c] = 1.0 / (variance + EPSILON).sqrt();
            (0..n).for_each(|r| y[r * channels + c] = (y[r * channels + c] - mean) * deviations[c]);
        }
        (y, deviations)
    }

    /// What ReLU is applied to.
    fn before(&self) -> Vec<f64> {
        let channels = self.geometry.outputs;
        let (x, _) = self.normalised();
        let residual = |at: usize| self.residual.as_ref().map_or(0.0, |r| r[at]);
        let one = |(at, x): (usize, &f64)| x * self.gamma[at % channels] + self.beta[at % channels] + residual(at);
        x.iter().enumerate().map(one).collect()
    }

    /// The least distance of what ReLU is applied to from 0.
    pub fn nearest_to_the_kink(&self) -> f64 {
        self.before().iter().fold(f64::MAX, |least, x| least.min(x.abs()))
    }

    pub fn output(&self) -> Vec<f64> {
        self.before().iter().map(|x| x.max(0.0)).collect()
    }

    /// Output, and gradients of filter, input, gamma, beta and residual.
    pub fn gradients(&self) -> Vec<Vec<f64>> {
        let (n, channels) = (self.geometry.rows(), self.geometry.outputs);
        let (x, deviations) = self.normalised();
        let output = self.output();
        let behind: Vec<f64> =
            output.iter().zip(&self.upstream).map(|(&o, &g)| if o > 0.0 { g } else { 0.0 }).collect();
        let (mut of_gamma, mut of_beta) = (vec![0.0; channels], vec![0.0; channels]);
        for (at, &g) in behind.iter().enumerate() {
            of_beta[at % channels] += g;
            of_gamma[at % channels] += g * x[at];
        }
        let of_y: Vec<f64> = (0..x.len())
            .map(|at| {
                let c = at % channels;
                let inner = behind[at] - of_beta[c] / n as f64 - x[at] * of_gamma[c] / n as f64;
                self.gamma[c] * deviations[c] * inner
            })
            .collect();
        let (mut of_filter, mut of_input) = (vec![0.0; self.filter.len()], vec![0.0; self.input.len()]);
        self.products(|o, i, w| {
            of_filter[w] += of_y[o] * self.input[i];
            of_input[i] += of_y[o] * self.filter[w];
        });
        vec![output, of_filter, of_input, of_gamma, of_beta, behind]
    }
}
