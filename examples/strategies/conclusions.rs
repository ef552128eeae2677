//! What the curves say, in words.

use crate::NO_ANSWERS;
use crate::curves::Curves;
use crate::point::MEASURES;

impl Curves {
    /// In words: how far answers ever hurt, and how many pairs each strategy needs for what random ones reach.
    pub fn conclusions(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let strategies = self.strategies();
        for &strategy in strategies.iter().filter(|&&s| s != NO_ANSWERS) {
            for measure in [1, 2] {
                let curve = self.curve(strategy, measure);
                let without = |x: f64| self.without(measure, x).unwrap_or(curve[0].mean);
                let worst = curve.iter().map(|at| at.mean - without(at.x)).fold(f64::INFINITY, f64::min);
                lines.push(format!("{strategy}: {} at worst {worst:+.4} of that without answers", MEASURES[measure].0));
            }
        }
        let random = self.curve("random_pairs", 2);
        let Some(last) = random.last().filter(|_| random.len() > 1) else { return lines };
        for &strategy in strategies.iter().filter(|&&s| s != NO_ANSWERS && s != "random_pairs") {
            let reached = self.curve(strategy, 2).iter().find(|at| at.x > 0.0 && at.mean >= last.mean).map(|at| at.x);
            lines.push(match reached {
                Some(pairs) => format!("{strategy}: {pairs} pairs for the NMI of {} random ones", last.x),
                None => format!("{strategy}: does not reach the NMI of {} random pairs", last.x),
            });
        }
        lines
    }

    /// What training on without answers came to after as many rounds, or in the end.
    fn without(&self, measure: usize, pairs: f64) -> Option<f64> {
        let curve = self.curve(NO_ANSWERS, measure);
        curve.iter().find(|at| at.x >= pairs).or(curve.last()).map(|at| at.mean)
    }
}
