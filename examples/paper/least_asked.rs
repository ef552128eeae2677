//! The paper's active rule, word for word.

use faer::Mat;
use rand::seq::index::sample;
use relata::active::inference::{Belief, BeliefSettings, Constraint, Relation};
use relata::data::seed::Rng;
use relata::prelude::TrainingRow;
use relata::train::closed_form::Solution;

use super::circles::CLASSES;
use super::setting::WIDTH;

/// What the answers say so far, and how many questions were asked about each class.
pub struct LeastAsked {
    belief: Belief,
    /// A row of each class, which is known to be in it from the start.
    classes: Vec<TrainingRow>,
    asked: Vec<usize>,
    answers: u64,
    /// Whether candidates are drawn by what the embedding predicts.
    predicts: bool,
}

impl LeastAsked {
    /// One row of each class is known: the first.
    pub fn new(labels: &[usize], predicts: bool) -> Self {
        let first = |class: usize| labels.iter().position(|&label| label == class).map(|row| TrainingRow(row as u32));
        let classes: Vec<TrainingRow> = (0..CLASSES).filter_map(first).collect();
        let belief = Belief::new(labels.len(), BeliefSettings::default());
        let mut rule = Self { belief, asked: vec![0; classes.len()], classes, answers: 0, predicts };
        for (a, b) in (0..rule.classes.len()).flat_map(|a| (0..a).map(move |b| (a, b))) {
            rule.answer(rule.classes[a], rule.classes[b], false);
        }
        rule
    }

    /// What follows about two rows from the answers: whether they are related.
    pub fn relation(&self, a: usize, b: usize) -> Option<bool> {
        let relation = self.belief.relation(TrainingRow(a as u32), TrainingRow(b as u32));
        relation.map(|relation| relation == Relation::Positive)
    }

    /// A round of at most `most` questions about the class that has been asked about least. Candidates are rows neither
    /// known nor asked against it; of these those that the embedding predicts to be in it, if there are more than `most`.
    pub fn ask(&mut self, solution: &Solution, points: &[f32], labels: &[usize], most: usize, rng: &mut Rng) {
        let open = |class: usize| -> Vec<usize> {
            (0..labels.len()).filter(|&row| self.is_in(class, row).is_none()).collect()
        };
        let by_questions = (0..self.classes.len()).map(|class| (class, open(class)));
        let open = by_questions.filter(|(_, open)| !open.is_empty());
        let Some((class, mut candidates)) = open.min_by_key(|(class, _)| self.asked[*class]) else { return };
        if self.predicts {
            let predicted = self.predict(class, &solution.embed(points), labels.len());
            let likely: Vec<usize> = candidates.iter().copied().filter(|&row| predicted[row]).collect();
            candidates = if likely.len() > most { likely } else { candidates };
        }
        let anchor = self.classes[class];
        for at in sample(rng, candidates.len(), most.min(candidates.len())) {
            let row = candidates[at];
            self.asked[class] += 1;
            self.answer(anchor, TrainingRow(row as u32), labels[row] == labels[anchor.index()]);
        }
    }

    fn answer(&mut self, a: TrainingRow, b: TrainingRow, related: bool) {
        self.answers += 1;
        self.belief.add(Constraint { number: self.answers, a, b, related, weight: 1.0 });
    }

    /// Whether a row is in a class, as far as that is known.
    fn is_in(&self, class: usize, row: usize) -> Option<bool> {
        let first = self.classes[class].index();
        if row == first { Some(true) } else { self.relation(first, row) }
    }

    /// Whether each row is predicted to be in a class: the sign of the least-squares fit to what is known, 1 for the rows
    /// of the class and -1 for those that are not in it.
    fn predict(&self, class: usize, embedding: &[f32], rows: usize) -> Vec<bool> {
        let all = Mat::from_fn(rows, WIDTH, |row, k| f64::from(embedding[row * WIDTH + k]));
        let known: Vec<(usize, bool)> = (0..rows).filter_map(|row| Some((row, self.is_in(class, row)?))).collect();
        let of_known = Mat::from_fn(known.len(), WIDTH, |at, k| all[(known[at].0, k)]);
        let signs = Mat::from_fn(known.len(), 1, |at, _| if known[at].1 { 1.0 } else { -1.0 });
        // There may be fewer known rows than dimensions.
        let inverse = of_known.thin_svd().map_or_else(|_| Mat::zeros(WIDTH, known.len()), |svd| svd.pseudoinverse());
        let fitted = all * (inverse * signs);
        (0..rows).map(|row| fitted[(row, 0)] > 0.0).collect()
    }
}
