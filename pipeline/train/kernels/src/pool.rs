//! Global average pooling: `[images, positions, channels]` to `[images, channels]`.

use rayon::prelude::*;

/// The mean over positions.
pub fn forward(input: &[f32], positions: usize, channels: usize) -> Vec<f32> {
    let mut output = vec![0.0; input.len() / positions.max(1)];
    let factor = 1.0 / positions as f32;
    let images = input.par_chunks_exact(positions * channels);
    output.par_chunks_exact_mut(channels).zip(images).for_each(|(to, image)| {
        image.chunks_exact(channels).for_each(|row| to.iter_mut().zip(row).for_each(|(to, &x)| *to += x));
        to.iter_mut().for_each(|to| *to *= factor);
    });
    output
}

/// The gradient of the input.
pub fn backward(gradient: &[f32], positions: usize, channels: usize) -> Vec<f32> {
    let mut output = vec![0.0; gradient.len() * positions];
    let factor = 1.0 / positions as f32;
    let images = output.par_chunks_exact_mut(positions * channels);
    images.zip(gradient.par_chunks_exact(channels)).for_each(|(image, gradient)| {
        for row in image.chunks_exact_mut(channels) {
            row.iter_mut().zip(gradient).for_each(|(to, &g)| *to = g * factor);
        }
    });
    output
}
