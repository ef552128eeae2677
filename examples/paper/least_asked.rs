//! The paper's active rule, word for word.

use faer::Mat;
use rand::seq::index::sample;
use relata::data::seed::Rng;
use relata::train::closed_form::Solution;

use super::circles::CLASSES;
use super::setting::WIDTH;

/// What is known of the rows, class by class.
pub struct LeastAsked {
    /// The class of each row, where it is known.
    known: Vec<Option<usize>>,
    /// For each class, the rows that were found not to be in it.
    not_in: Vec<Vec<bool>>,
    /// How many questions were asked about each class.
    asked: Vec<usize>,
    /// Whether candidates are drawn by what the embedding predicts.
    predicts: bool,
}

impl LeastAsked {
    /// One row of each class is known: the first, where there is one.
    pub fn new(classes: &[usize], predicts: bool) -> Self {
        let mut known = vec![None; classes.len()];
        for class in 0..CLASSES {
            if let Some(row) = classes.iter().position(|&of| of == class) {
                known[row] = Some(class);
            }
        }
        Self { known, not_in: vec![vec![false; classes.len()]; CLASSES], asked: vec![0; CLASSES], predicts }
    }

    /// What is known of two rows: whether they are related. A known row is related to those of its class, unrelated to
    /// those of other classes and to the rows that were found not to be in its class.
    pub fn relation(&self, a: usize, b: usize) -> Option<bool> {
        match (self.known[a], self.known[b]) {
            (Some(of_a), Some(of_b)) => Some(of_a == of_b),
            (Some(class), None) => self.not_in[class][b].then_some(false),
            (None, Some(class)) => self.not_in[class][a].then_some(false),
            (None, None) => None,
        }
    }

    /// A round of at most `most` questions about the class that has been asked about least. Candidates are rows neither
    /// known nor asked against it; of these those that the embedding predicts to be in it, if there are more than `most`.
    pub fn ask(&mut self, solution: &Solution, points: &[f32], classes: &[usize], most: usize, rng: &mut Rng) {
        let open = |class: usize| -> Vec<usize> {
            (0..self.known.len()).filter(|&row| self.known[row].is_none() && !self.not_in[class][row]).collect()
        };
        let by_questions = (0..CLASSES).map(|class| (class, open(class))).filter(|(_, open)| !open.is_empty());
        let Some((class, mut candidates)) = by_questions.min_by_key(|(class, _)| self.asked[*class]) else { return };
        if self.predicts {
            let predicted = self.predict(class, &solution.embed(points));
            let likely: Vec<usize> = candidates.iter().copied().filter(|&row| predicted[row]).collect();
            candidates = if likely.len() > most { likely } else { candidates };
        }
        for at in sample(rng, candidates.len(), most.min(candidates.len())) {
            let row = candidates[at];
            self.asked[class] += 1;
            match classes[row] == class {
                true => self.known[row] = Some(class),
                false => self.not_in[class][row] = true,
            }
        }
    }

    /// Whether each row is predicted to be in a class: the sign of the least-squares fit to what is known, 1 for the rows
    /// of the class and -1 for those that are not in it.
    fn predict(&self, class: usize, embedding: &[f32]) -> Vec<bool> {
        let all = Mat::from_fn(self.known.len(), WIDTH, |row, k| f64::from(embedding[row * WIDTH + k]));
        let sign = |row: usize| match self.known[row] {
            Some(of) => Some(if of == class { 1.0 } else { -1.0 }),
            None => self.not_in[class][row].then_some(-1.0),
        };
        let known: Vec<(usize, f64)> = (0..self.known.len()).filter_map(|row| Some((row, sign(row)?))).collect();
        let of_known = Mat::from_fn(known.len(), WIDTH, |at, k| all[(known[at].0, k)]);
        let signs = Mat::from_fn(known.len(), 1, |at, _| known[at].1);
        // There may be fewer known rows than dimensions.
        let inverse = of_known.thin_svd().map_or_else(|_| Mat::zeros(WIDTH, known.len()), |svd| svd.pseudoinverse());
        let fitted = all * (inverse * signs);
        (0..self.known.len()).map(|row| fitted[(row, 0)] > 0.0).collect()
    }
}
