//! Class probabilities: what label propagation says of each row, at a temperature.

use relata_graph::label_propagation::LabelPropagation;

/// A chance below this is as good as none.
const LEAST: f32 = 1e-9;

/// Log-probabilities of all rows and classes.
pub(super) struct ClassProbabilities {
    /// Class by class, the logarithms of chances divided by the temperature.
    scores: Vec<Vec<f64>>,
}

impl ClassProbabilities {
    pub fn new(chances: &LabelPropagation, temperature: f64) -> Self {
        let scores = |class: usize| chances.of(class).iter().map(|&chance| score(chance) / temperature).collect();
        Self { scores: (0..chances.classes()).map(scores).collect() }
    }

    /// The class of the greatest mean score of some rows among those that are allowed, and its probability; the last class,
    /// which is none of the others, where no seed is near.
    pub fn best(&self, rows: &[usize], allowed: impl Fn(u32) -> bool) -> (Option<u32>, f64) {
        let mean = |scores: &Vec<f64>| rows.iter().map(|&row| scores[row]).sum::<f64>() / rows.len() as f64;
        let scores: Vec<(u32, f64)> =
            (0..).zip(self.scores.iter().map(mean)).filter(|(class, _)| allowed(*class)).collect();
        // The first of equal ones.
        let best = scores.iter().copied().reduce(|best, next| if next.1 > best.1 { next } else { best });
        let Some((class, most)) = best else { return (None, 1.0) };
        let sum: f64 = scores.iter().map(|(_, score)| (score - most).exp()).sum();
        let reached = scores.iter().any(|(_, score)| *score < most);
        ((reached || scores.len() == 1).then_some(class), 1.0 / sum)
    }
}

/// The logarithm of a chance, finite.
pub(super) fn score(chance: f32) -> f64 {
    f64::from(chance.max(LEAST)).ln()
}
