//! The losses once more, in 64 bits, naively and straight from their definitions, to compare ours with.

use std::collections::HashMap;

use relata_schemas::InducedEdges;

/// A batch of embeddings and its signed edges.
pub struct ReferenceBatch {
    pub z: Vec<Vec<f64>>,
    pub edges: Vec<(usize, usize, f64)>,
}

impl ReferenceBatch {
    pub fn new(z: &[f32], width: usize, edges: &InducedEdges) -> Self {
        let z = z.chunks(width).map(|row| row.iter().map(|&v| v.into()).collect()).collect();
        let ends = edges.src.iter().zip(&edges.dst).zip(&edges.weight);
        Self { z, edges: ends.map(|((&i, &j), &w)| (i as usize, j as usize, w.into())).collect() }
    }

    fn rows(&self) -> usize {
        self.z.len()
    }

    fn width(&self) -> usize {
        self.z[0].len()
    }

    fn of_sign(&self, sign: f64) -> Vec<(usize, usize, f64)> {
        let edges = self.edges.iter().filter(|e| e.2 * sign > 0.0);
        edges.map(|&(i, j, w)| (i, j, w.abs())).collect()
    }

    fn squared_distance(&self, i: usize, j: usize) -> f64 {
        self.z[i].iter().zip(&self.z[j]).map(|(a, b)| (a - b).powi(2)).sum()
    }

    fn dot(&self, i: usize, j: usize) -> f64 {
        self.z[i].iter().zip(&self.z[j]).map(|(a, b)| a * b).sum()
    }

    fn cosine(&self, i: usize, j: usize) -> f64 {
        self.dot(i, j) / (self.dot(i, i) * self.dot(j, j)).sqrt()
    }

    /// `sum (z_k - mean) (z_l - mean)` over the rows.
    fn scatter(&self, k: usize, l: usize) -> f64 {
        let mean = |k: usize| self.z.iter().map(|row| row[k]).sum::<f64>() / self.rows() as f64;
        let (a, b) = (mean(k), mean(l));
        self.z.iter().map(|row| (row[k] - a) * (row[l] - b)).sum()
    }
}

/// The weighted mean of `f` over edges; 0 without edges.
fn mean(edges: &[(usize, usize, f64)], f: impl Fn(usize, usize) -> f64) -> f64 {
    let total: f64 = edges.iter().map(|e| e.2).sum();
    if total == 0.0 { 0.0 } else { edges.iter().map(|&(i, j, w)| w * f(i, j)).sum::<f64>() / total }
}

/// VICReg with its default coefficients.
pub fn vicreg(batch: &ReferenceBatch) -> f64 {
    let (n, width) = (batch.rows() as f64, batch.width());
    let k = width as f64;
    let covariance = |a, b| batch.scatter(a, b) / (n - 1.0);
    let invariance = mean(&batch.of_sign(1.0), |i, j| batch.squared_distance(i, j) / k);
    let variance: f64 = (0..width).map(|a| (1.0 - (covariance(a, a) + 1e-4).sqrt()).max(0.0) / k).sum();
    let others = (0..width).flat_map(|a| (0..width).filter(move |&b| b != a).map(move |b| (a, b)));
    let off_diagonal: f64 = others.map(|(a, b)| covariance(a, b).powi(2) / k).sum();
    let repulsion = mean(&batch.of_sign(-1.0), |i, j| (1.0 - batch.squared_distance(i, j) / (2.0 * k)).max(0.0));
    25.0 * invariance + 25.0 * variance + off_diagonal + repulsion
}

/// The spectral contrastive loss.
pub fn spectral_contrastive(batch: &ReferenceBatch) -> f64 {
    let n = batch.rows();
    let total: f64 = batch.edges.iter().map(|e| e.2.abs()).sum();
    let attraction: f64 = batch.edges.iter().map(|&(i, j, w)| -2.0 * w * batch.dot(i, j)).sum();
    let pairs = (0..n).flat_map(|i| (0..n).filter(move |&j| j != i).map(move |j| (i, j)));
    let uniformity: f64 = pairs.map(|(i, j)| batch.dot(i, j).powi(2)).sum();
    let attraction = if total == 0.0 { 0.0 } else { attraction / total };
    attraction + uniformity / (n * (n - 1)) as f64
}

/// NT-Xent with the default temperature 0.5.
pub fn nt_xent(batch: &ReferenceBatch, denominator: &str, reduction: &str) -> f64 {
    let n = batch.rows();
    let weight: HashMap<(usize, usize), f64> =
        batch.edges.iter().flat_map(|&(i, j, w)| [((i, j), w), ((j, i), w)]).collect();
    let weight = |i, k| weight.get(&(i, k)).copied().unwrap_or(0.0);
    let in_denominator = |i: usize, j: usize, k: usize| match denominator {
        "all_others" => k != i,
        "known_negatives" => k == j || weight(i, k) < 0.0,
        _ => k == j || (k != i && weight(i, k) <= 0.0),
    };
    let similarity = |i, j| batch.cosine(i, j) / 0.5;
    let loss = |i: usize, j: usize| {
        let sum: f64 = (0..n).filter(|&k| in_denominator(i, j, k)).map(|k| similarity(i, k).exp()).sum();
        sum.ln() - similarity(i, j)
    };
    let directed: Vec<_> = batch.of_sign(1.0).into_iter().flat_map(|(i, j, w)| [(i, j, w), (j, i, w)]).collect();
    if reduction == "per_edge" {
        return mean(&directed, loss);
    }
    let of_anchor = |i| directed.iter().copied().filter(|e| e.0 == i).collect::<Vec<_>>();
    let anchors: Vec<_> = (0..n).map(of_anchor).filter(|edges| !edges.is_empty()).collect();
    let sum: f64 = anchors.iter().map(|edges| mean(edges, loss)).sum();
    sum / anchors.len().max(1) as f64
}

/// Barlow Twins with the default lambda 5e-3; 0 without a positive edge.
pub fn barlow_twins(batch: &ReferenceBatch) -> f64 {
    let (n, width) = (batch.rows() as f64, batch.width());
    let positive = batch.of_sign(1.0);
    if positive.is_empty() {
        return 0.0;
    }
    let column = |k: usize| -> Vec<f64> {
        let mean = batch.z.iter().map(|row| row[k]).sum::<f64>() / n;
        let deviation = (batch.scatter(k, k) / n + 1e-5).sqrt();
        batch.z.iter().map(|row| (row[k] - mean) / deviation).collect()
    };
    let u: Vec<Vec<f64>> = (0..width).map(column).collect();
    let correlation = |k: usize, l: usize| mean(&positive, |i, j| 0.5 * (u[k][i] * u[l][j] + u[k][j] * u[l][i]));
    let entry = |k: usize, l: usize| {
        if k == l { (1.0 - correlation(k, k)).powi(2) } else { 5e-3 * correlation(k, l).powi(2) }
    };
    (0..width).flat_map(|k| (0..width).map(move |l| (k, l))).map(|(k, l)| entry(k, l)).sum()
}
