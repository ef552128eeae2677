//! Calibration: the probability that two rows are related, by logistic regression on their cosine similarity.

/// Logistic regression of relatedness on similarity (as Platt 1999 calibrates a classifier): `1 / (1 + exp(-(slope
/// similarity + intercept)))`, with a slope of at least 0.
///
/// ```
/// use relata_active::calibration::Calibration;
///
/// let answers: Vec<_> = (0..100).map(|at| at as f32 / 100.0).map(|cosine| (cosine, cosine > 0.7, 1.0)).collect();
/// let calibration = Calibration::fit(&answers);
/// assert!(calibration.probability(0.9) > 0.9 && calibration.probability(0.5) < 0.1);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    slope: f64,
    intercept: f64,
}

/// Before there are answers: one half at a similarity of 0.5, 0.95 at 1 and 0.05 at 0.
const PRIOR: Calibration = Calibration { slope: 6.0, intercept: -3.0 };

/// The prior counts as much as one answer at each of these similarities.
const PSEUDO: [f64; 2] = [0.25, 0.75];

/// Newton's method ends when a step promises a smaller gain than this.
const TOLERANCE: f64 = 1e-12;

const STEPS: usize = 100;

/// `weight` observations at a similarity, of which a share `target` is related.
#[derive(Clone, Copy)]
struct Observation {
    similarity: f64,
    target: f64,
    weight: f64,
}

impl Calibration {
    /// What to expect before there are answers.
    ///
    /// ```
    /// use relata_active::calibration::Calibration;
    ///
    /// assert_eq!(Calibration::prior().probability(0.5), 0.5);
    /// ```
    pub fn prior() -> Self {
        PRIOR
    }

    /// Fits to pairs of (cosine similarity, whether related, weight of the answer). Two pseudo-answers of weight 1, at
    /// similarities 0.25 and 0.75, say what [`prior`](Self::prior) expects there: without pairs the prior comes back,
    /// and few pairs cannot push it to an extreme. Pairs without weight or with a similarity that is no number are
    /// passed over.
    ///
    /// ```
    /// use relata_active::calibration::Calibration;
    ///
    /// // Alike as they are, these rows turned out not to be related.
    /// let found = Calibration::fit(&[(0.9, false, 1.0), (0.95, false, 1.0)]);
    /// assert!(found.probability(0.9) < Calibration::prior().probability(0.9));
    /// ```
    pub fn fit(pairs: &[(f32, bool, f32)]) -> Self {
        let pseudo = PSEUDO.map(|similarity| Observation { similarity, target: PRIOR.at(similarity), weight: 1.0 });
        let usable = pairs.iter().filter(|(s, _, w)| s.is_finite() && w.is_finite() && *w > 0.0);
        let observed = usable.map(|&(similarity, related, weight)| Observation {
            similarity: similarity.into(),
            target: f64::from(u8::from(related)),
            weight: weight.into(),
        });
        let observations: Vec<_> = pseudo.into_iter().chain(observed).collect();
        let best = newton(&observations);
        if best.slope >= 0.0 {
            return best;
        }
        // The loss is convex, so the best slope that is allowed is 0, where the best probability is the mean.
        let all: f64 = observations.iter().map(|o| o.weight).sum();
        let related: f64 = observations.iter().map(|o| o.weight * o.target).sum();
        Self { slope: 0.0, intercept: (related / (all - related)).ln() }
    }

    /// The probability that two rows of this cosine similarity are related.
    pub fn probability(&self, similarity: f32) -> f32 {
        self.at(similarity.into()) as f32
    }

    fn at(&self, similarity: f64) -> f64 {
        1.0 / (1.0 + (-(self.slope * similarity + self.intercept)).exp())
    }

    /// The negative log-likelihood: `log(1 + exp(z)) - target z`, without overflow.
    fn loss(&self, observations: &[Observation]) -> f64 {
        let of = |o: &Observation| {
            let z = self.slope * o.similarity + self.intercept;
            o.weight * (z.max(0.0) + (-z.abs()).exp().ln_1p() - o.target * z)
        };
        observations.iter().map(of).sum()
    }
}

/// Newton's method from the prior, with steps halved until they help. The pseudo-answers make the loss strictly convex
/// with a finite minimum.
fn newton(observations: &[Observation]) -> Calibration {
    let mut best = PRIOR;
    let mut loss = best.loss(observations);
    for _ in 0..STEPS {
        let (mut gradient, mut hessian) = ([0.0; 2], [0.0; 3]);
        for o in observations {
            let p = best.at(o.similarity);
            let (error, curvature) = (o.weight * (p - o.target), o.weight * p * (1.0 - p));
            gradient = [gradient[0] + error * o.similarity, gradient[1] + error];
            hessian[0] += curvature * o.similarity * o.similarity;
            hessian[1] += curvature * o.similarity;
            hessian[2] += curvature;
        }
        let determinant = hessian[0] * hessian[2] - hessian[1] * hessian[1];
        let step = [
            (hessian[2] * gradient[0] - hessian[1] * gradient[1]) / determinant,
            (hessian[0] * gradient[1] - hessian[1] * gradient[0]) / determinant,
        ];
        let promised = step[0] * gradient[0] + step[1] * gradient[1];
        // A flat loss (no curvature left in double precision) promises no number.
        if promised.is_nan() || promised <= TOLERANCE {
            break;
        }
        let shorter = (0..40).map(|halvings| 0.5_f64.powi(halvings)).find_map(|length| {
            let slope = best.slope - length * step[0];
            let next = Calibration { slope, intercept: best.intercept - length * step[1] };
            let there = next.loss(observations);
            (there < loss).then_some((next, there))
        });
        let Some(better) = shorter else { break };
        (best, loss) = better;
    }
    best
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn observations(pairs: &[(f32, bool, f32)]) -> Vec<Observation> {
        let pseudo = PSEUDO.map(|similarity| Observation { similarity, target: PRIOR.at(similarity), weight: 1.0 });
        let observed = pairs.iter().map(|&(similarity, related, weight)| Observation {
            similarity: similarity.into(),
            target: f64::from(u8::from(related)),
            weight: weight.into(),
        });
        pseudo.into_iter().chain(observed).collect()
    }

    /// The lowest loss over slopes in [0, 60] and intercepts, refined around the best three times.
    fn grid_search(observations: &[Observation]) -> f64 {
        let (mut best, mut loss, mut width) = (Calibration { slope: 30.0, intercept: 0.0 }, f64::INFINITY, 30.0);
        for _ in 0..8 {
            let centre = best;
            for (i, j) in (-20..=20).flat_map(|i| (-20..=20).map(move |j| (i, j))) {
                let slope = (centre.slope + f64::from(i) * width / 20.0).max(0.0);
                let intercept = centre.intercept + f64::from(j) * width / 10.0;
                let there = Calibration { slope, intercept };
                if there.loss(observations) < loss {
                    (best, loss) = (there, there.loss(observations));
                }
            }
            width /= 4.0;
        }
        loss
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn nothing_on_a_grid_is_better(
            pairs in prop::collection::vec((-1.0..1.0f32, any::<bool>(), 0.1..1.0f32), 0..40),
        ) {
            let (fitted, observations) = (Calibration::fit(&pairs), observations(&pairs));
            prop_assert!(fitted.slope >= 0.0);
            prop_assert!(fitted.loss(&observations) <= grid_search(&observations) + 1e-9);
        }
    }

    #[test]
    fn without_answers_it_is_the_prior() {
        let fitted = Calibration::fit(&[(f32::NAN, true, 1.0), (0.3, true, 0.0)]);
        for similarity in [-1.0, 0.0, 0.5, 1.0] {
            assert!((fitted.probability(similarity) - PRIOR.probability(similarity)).abs() < 1e-6);
        }
        assert_eq!(PRIOR.probability(0.5), 0.5);
    }

    #[test]
    fn many_answers_outweigh_the_prior() {
        // Related above a cosine of 0.9, as between embeddings that all lie in a narrow cone.
        let pairs: Vec<_> = (0..400).map(|i| 0.8 + i as f32 / 2000.0).map(|s| (s, s > 0.9, 1.0)).collect();
        let fitted = Calibration::fit(&pairs);
        assert!(fitted.probability(0.88) < 0.1 && fitted.probability(0.92) > 0.9, "{fitted:?}");
    }

    #[test]
    fn one_answer_moves_it_a_little() {
        let before = PRIOR.probability(0.6);
        let after = Calibration::fit(&[(0.6, false, 1.0)]).probability(0.6);
        assert!(after < before && after > 0.3, "{before} {after}");
    }

    #[test]
    fn similarity_never_counts_against_relatedness() {
        let pairs: Vec<_> = (0..50).map(|i| i as f32 / 50.0).map(|s| (s, s < 0.5, 1.0)).collect();
        let fitted = Calibration::fit(&pairs);
        assert_eq!(fitted.probability(0.0), fitted.probability(1.0));
        assert!((fitted.probability(0.3) - 0.5).abs() < 0.01);
    }
}
