//! NT-Xent over a graph: SimCLR (Chen et al. 2020) and SupCon (Khosla et al. 2020) are settings of it.

use burn::tensor::{Bool, Tensor, TensorData};
use relata_kernels::contrast::{Contrast, RowLists};
use relata_registry::{Description, Settings};
use relata_schemas::InducedEdges;
use serde::{Deserialize, Serialize};

use super::contrast::on_cpu;
use super::error::{Result, SettingError};
use super::graph_loss::{GraphLoss, LossValue, zero};
use super::signed_edges::{SignedEdges, floats, indices};

/// Stands for minus infinity where a row has nothing in its denominator; finite, so that no gradient is NaN.
const NOTHING: f64 = -1e9;

/// Which rows stand in the denominator of an edge (i, j), beside j.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Denominator {
    /// Every row that is not a known positive of i.
    ExcludeOtherPositives,
    /// Every other row.
    AllOthers,
    /// Known negatives of i only.
    KnownNegatives,
}

/// How edges are averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reduction {
    /// Weighted mean over directed positive edges.
    PerEdge,
    /// Weighted mean within each anchor, then the mean over anchors with a positive.
    PerAnchor,
}

/// See [`nt_xent`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NtXent {
    tau: f64,
    denominator: Denominator,
    reduction: Reduction,
}

impl Default for NtXent {
    fn default() -> Self {
        Self { tau: 0.5, denominator: Denominator::ExcludeOtherPositives, reduction: Reduction::PerEdge }
    }
}

impl Settings for NtXent {
    const NAME: &'static str = "nt_xent";
    const SUMMARY: &'static str = "cross-entropy of picking a related sample among others (SimCLR, Chen et al. 2020)";
}

/// Cross-entropy of picking a positive among other rows by cosine similarity over the temperature `tau`
/// (0.1 to 1; 0.5 in SimCLR's small experiments).
///
/// ```
/// use relata_loss::{GraphLoss, nt_xent, score};
/// # use burn::tensor::Device;
/// # use relata_schemas::InducedEdges;
/// // Rows 0 and 1 are related, rows 0 and 2 are not.
/// let edges = InducedEdges { nodes: 3, src: vec![0, 0], dst: vec![1, 2], weight: vec![1.0, -1.0] };
/// let embeddings = vec![1.0, 0.0, 0.9, 0.1, 0.0, 1.0];
/// let loss = nt_xent(0.5);
/// let found = score(&loss, embeddings, 2, &edges, &Device::flex());
/// assert!(found.value.is_finite());
/// assert_eq!(loss.describe().name, "nt_xent");
/// ```
pub fn nt_xent(tau: f64) -> NtXent {
    NtXent { tau, ..NtXent::default() }
}

impl NtXent {
    /// The temperature.
    ///
    /// ```
    /// use relata_loss::{GraphLoss, nt_xent};
    ///
    /// assert_eq!(nt_xent(0.5).with_tau(0.1).describe()["tau"], 0.1);
    /// ```
    pub fn with_tau(mut self, tau: f64) -> Self {
        self.tau = tau;
        self
    }

    /// Which rows stand in the denominator.
    ///
    /// ```
    /// use relata_loss::{Denominator, GraphLoss, nt_xent};
    ///
    /// let loss = nt_xent(0.5).with_denominator(Denominator::KnownNegatives);
    /// assert_eq!(loss.describe()["denominator"], "known_negatives");
    /// ```
    pub fn with_denominator(mut self, denominator: Denominator) -> Self {
        self.denominator = denominator;
        self
    }

    /// How edges are averaged.
    ///
    /// ```
    /// use relata_loss::{GraphLoss, Reduction, nt_xent};
    ///
    /// let loss = nt_xent(0.5).with_reduction(Reduction::PerAnchor);
    /// assert_eq!(loss.describe()["reduction"], "per_anchor");
    /// ```
    pub fn with_reduction(mut self, reduction: Reduction) -> Self {
        self.reduction = reduction;
        self
    }

    /// SupCon: all other rows in the denominator, averaged per anchor.
    ///
    /// ```
    /// use relata_loss::{GraphLoss, nt_xent};
    ///
    /// let loss = nt_xent(0.1).supcon();
    /// assert_eq!(loss.describe().to_string(), "nt_xent denominator=all_others reduction=per_anchor tau=0.1");
    /// ```
    pub fn supcon(self) -> Self {
        self.with_denominator(Denominator::AllOthers).with_reduction(Reduction::PerAnchor)
    }

    /// What the kernel needs to know of the edges.
    fn contrast(&self, positive: &SignedEdges, edges: &InducedEdges) -> Contrast {
        let only_listed = self.denominator == Denominator::KnownNegatives;
        let is_listed = |at: &usize| match self.denominator {
            Denominator::AllOthers => false,
            Denominator::ExcludeOtherPositives => edges.weight[*at] > 0.0,
            Denominator::KnownNegatives => edges.weight[*at] <= 0.0,
        };
        let both_ways = |at: usize| {
            let (a, b) = (edges.src[at], edges.dst[at]);
            [(a, b, 1.0), (b, a, 1.0)]
        };
        let anchors = positive.src.iter().chain(&positive.dst);
        let candidates = positive.dst.iter().chain(&positive.src);
        let positives = anchors.zip(candidates).zip(self.shares(positive, edges.nodes));
        Contrast {
            tau: self.tau as f32,
            listed: RowLists::new(edges.nodes, (0..edges.len()).filter(is_listed).flat_map(both_ways).collect()),
            only_listed,
            with_positive: self.denominator != Denominator::AllOthers,
            positives: RowLists::new(edges.nodes, positives.map(|((&a, &b), share)| (a, b, share)).collect()),
        }
    }

    /// log sum over the denominator's rows (without j) of exp(s_ik), `[n, 1]`.
    fn log_denominator(&self, similarity: &Tensor<2>, edges: &InducedEdges) -> Tensor<2> {
        let n = edges.nodes;
        let mut excluded = vec![matches!(self.denominator, Denominator::KnownNegatives); n * n];
        (0..n).for_each(|i| excluded[i * n + i] = true);
        for at in 0..edges.len() {
            let (i, j) = (edges.src[at] as usize, edges.dst[at] as usize);
            let exclude = match self.denominator {
                Denominator::AllOthers => continue,
                Denominator::ExcludeOtherPositives | Denominator::KnownNegatives => edges.weight[at] > 0.0,
            };
            excluded[i * n + j] = exclude;
            excluded[j * n + i] = exclude;
        }
        let mask = Tensor::<2, Bool>::from_data(TensorData::new(excluded, [n, n]), &similarity.device());
        let masked = similarity.clone().mask_fill(mask, NOTHING);
        let highest = masked.clone().detach().max_dim(1);
        (masked - highest.clone()).exp().sum_dim(1).log() + highest
    }

    /// The share of each directed edge in the mean: first all (src, dst), then all (dst, src).
    fn shares(&self, positive: &SignedEdges, nodes: usize) -> Vec<f32> {
        let anchors = || positive.src.iter().chain(&positive.dst);
        let weights = || positive.weight.iter().chain(&positive.weight);
        match self.reduction {
            Reduction::PerEdge => {
                let total = 2.0 * positive.total_weight();
                weights().map(|&w| (f64::from(w) / total) as f32).collect()
            }
            Reduction::PerAnchor => {
                let mut per_anchor = vec![0.0f64; nodes];
                anchors().zip(weights()).for_each(|(&i, &w)| per_anchor[i as usize] += f64::from(w));
                let count = per_anchor.iter().filter(|&&w| w > 0.0).count() as f64;
                let share = |(&i, &w): (&u32, &f32)| (f64::from(w) / (per_anchor[i as usize] * count)) as f32;
                anchors().zip(weights()).map(share).collect()
            }
        }
    }
}

impl GraphLoss for NtXent {
    fn describe(&self) -> Description {
        Description::of(self)
    }

    fn check(&self) -> Result<()> {
        if self.tau > 0.0 && self.tau.is_finite() {
            return Ok(());
        }
        Err(SettingError::new("nt_xent", "tau", "a temperature above 0", self.tau))
    }

    /// With the other denominators a known negative is repelled like any row of which nothing is known.
    fn uses_negatives(&self) -> bool {
        self.denominator == Denominator::KnownNegatives
    }

    fn needs_positives(&self) -> bool {
        true
    }

    fn forward(&self, z: Tensor<2>, edges: &InducedEdges) -> LossValue {
        let positive = SignedEdges::positive(edges);
        if positive.is_empty() {
            let total = zero(&z);
            return LossValue { total: total.clone(), terms: vec![("cross_entropy", total)] };
        }
        if let Some(total) = on_cpu(&z, || self.contrast(&positive, edges)) {
            return LossValue { total: total.clone(), terms: vec![("cross_entropy", total)] };
        }
        let (n, device) = (edges.nodes, z.device());
        let norms = (z.clone() * z.clone()).sum_dim(1).add_scalar(1e-24).sqrt();
        let directions = z / norms;
        let similarity = directions.clone().matmul(directions.transpose()).div_scalar(self.tau);
        let others = self.log_denominator(&similarity, edges);

        let anchors: Vec<u32> = positive.src.iter().chain(&positive.dst).copied().collect();
        let candidates = positive.dst.iter().chain(&positive.src);
        let flat: Vec<u32> = anchors.iter().zip(candidates).map(|(&i, &j)| i * n as u32 + j).collect();
        let to_positive = similarity.reshape([n * n]).select(0, indices(&flat, &device));
        let to_others = others.reshape([n]).select(0, indices(&anchors, &device));
        let margin = to_others - to_positive;
        let losses = match self.denominator {
            Denominator::AllOthers => margin,
            _ => softplus(margin),
        };
        let total = (losses * floats(self.shares(&positive, n), &device)).sum();
        LossValue { total: total.clone(), terms: vec![("cross_entropy", total)] }
    }
}

/// log(1 + exp(x)) without overflow.
fn softplus(x: Tensor<1>) -> Tensor<1> {
    burn::tensor::activation::relu(x.clone()) + x.abs().neg().exp().log1p()
}
