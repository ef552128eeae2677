//! The two rules by which questions are chosen.

use std::collections::HashSet;

use rand::RngExt;
use relata::active::calibration::Calibration;
use relata::active::inference::Belief;
use relata::data::seed::Rng;
use relata::prelude::*;
use relata::train::closed_form::Solution;

use super::least_asked::least_asked;

/// Pairs that are asked about at once.
pub const AT_ONCE: usize = 10;

/// How questions are chosen.
#[derive(Clone, Copy)]
pub enum Rule {
    /// The paper's.
    LeastAsked,
    /// The library's, which looks at cosines and takes the most probable rows instead of any.
    Representatives,
}

impl Rule {
    /// Pairs to ask about.
    pub fn ask(
        self,
        belief: &Belief,
        labelled: &[u32],
        solution: &Solution,
        train: &[f32],
        round: u32,
        rng: &mut Rng,
    ) -> Vec<(u32, u32)> {
        let (mut embeddings, width) = (solution.embed(train), solution.width());
        if let Self::LeastAsked = self {
            return least_asked(belief, labelled, &embeddings, width, AT_ONCE, rng);
        }
        for row in embeddings.chunks_exact_mut(width) {
            let norm = row.iter().map(|x| x * x).sum::<f32>().sqrt();
            row.iter_mut().for_each(|x| *x /= norm);
        }
        let (calibration, closed, seed) = (Calibration::prior(), HashSet::new(), rng.random());
        let context = QueryContext {
            embeddings: &embeddings,
            width,
            belief,
            calibration: &calibration,
            closed: &closed,
            seed,
            round,
        };
        let queries = representatives(AT_ONCE).propose(&context, AT_ONCE).into_iter();
        queries.flat_map(|of| of.candidates.into_iter().map(move |candidate| (of.anchor, candidate))).collect()
    }
}
