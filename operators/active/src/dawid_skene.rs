//! Dawid-Skene model (1979): how good each annotator is, and what their votes say together, for yes and no.

/// What an annotator said about an item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Vote {
    /// The item, such as a pair of rows; items are numbered from 0.
    pub item: usize,
    /// The annotator, numbered from 0.
    pub annotator: usize,
    /// Whether the annotator holds the pair to be related.
    pub related: bool,
    /// How much the vote counts, in (0, 1], such as the annotator's own confidence.
    pub weight: f32,
}

/// The maximum of the posterior that [`dawid_skene`] found.
#[derive(Debug, Clone, PartialEq)]
pub struct CrowdModel {
    /// By item: the probability that it is related; [`prior`](Self::prior) where nobody voted.
    pub posterior: Vec<f64>,
    /// By annotator: the probability of calling a related pair related.
    pub sensitivity: Vec<f64>,
    /// By annotator: the probability of calling an unrelated pair unrelated.
    pub specificity: Vec<f64>,
    /// The share of items that are related.
    pub prior: f64,
    /// How many iterations it took.
    pub iterations: usize,
}

/// An annotator has made so many votes at the rates of the whole crowd before the first one counts: a Beta prior whose
/// mode is the crowd's rate, so that an annotator of few votes is taken for an average one.
const AVERAGE_VOTES: f64 = 5.0;

/// The crowd as a whole has made so many right and wrong votes. Votes that never overlap, such as those of one
/// annotator alone, say nothing about their quality: then this prior decides, and it takes them at their word.
const CROWD_RIGHT: f64 = 2.0;
const CROWD_WRONG: f64 = 0.01;

/// Of one related and one unrelated item the votes are known beforehand.
const ITEMS: f64 = 1.0;

const ITERATIONS: usize = 200;
const TOLERANCE: f64 = 1e-5;

/// Fits the quality of annotators and the truth of items to votes by expectation maximisation, from the share of "yes"
/// among the votes on each item (Dawid and Skene 1979, Applied Statistics 28). Weights multiply the log-likelihood of a
/// vote; votes without weight are passed over. An annotator's rates have a Beta prior around the crowd's rates, which
/// are estimated along (see `AVERAGE_VOTES`), so that few votes do no harm. Linear in the votes per iteration.
///
/// ```
/// use relata_active::dawid_skene::{Vote, dawid_skene};
///
/// let vote = |annotator, item, related| Vote { item, annotator, related, weight: 1.0 };
/// // Two annotators agree on three pairs, the third contradicts them every time.
/// let truth = [true, false, true];
/// let votes: Vec<Vote> = (0..3)
///     .flat_map(|item| [(0, truth[item]), (1, truth[item]), (2, !truth[item])].map(|(by, said)| vote(by, item, said)))
///     .collect();
/// let model = dawid_skene(&votes);
/// assert!(model.posterior[0] > 0.5 && model.posterior[1] < 0.5);
/// assert!(model.sensitivity[0] > model.sensitivity[2]);
/// ```
pub fn dawid_skene(votes: &[Vote]) -> CrowdModel {
    let items = votes.iter().map(|vote| vote.item + 1).max().unwrap_or(0);
    let annotators = votes.iter().map(|vote| vote.annotator + 1).max().unwrap_or(0);
    let votes: Vec<Vote> = votes.iter().copied().filter(|v| v.weight > 0.0 && v.weight.is_finite()).collect();
    let mut voted = vec![false; items];
    votes.iter().for_each(|vote| voted[vote.item] = true);

    let mut posterior = shares(&votes, items);
    let mut model = maximise(&votes, &posterior, &voted, annotators);
    let mut iterations = 0;
    while iterations < ITERATIONS {
        iterations += 1;
        let next = expect(&votes, &model, items);
        let change = posterior.iter().zip(&next).map(|(old, new)| (old - new).abs()).fold(0.0, f64::max);
        posterior = next;
        model = maximise(&votes, &posterior, &voted, annotators);
        if change < TOLERANCE {
            break;
        }
    }
    CrowdModel { posterior, iterations, ..model }
}

/// The weighted share of "yes" by item; one half where nobody voted.
fn shares(votes: &[Vote], items: usize) -> Vec<f64> {
    let mut counts = vec![(0.0, 0.0); items];
    for vote in votes {
        let (yes, all) = &mut counts[vote.item];
        *all += f64::from(vote.weight);
        *yes += if vote.related { f64::from(vote.weight) } else { 0.0 };
    }
    counts.iter().map(|&(yes, all)| if all > 0.0 { yes / all } else { 0.5 }).collect()
}

/// Right votes and all votes on items of one kind.
#[derive(Clone, Copy, Default)]
struct Tally {
    right: f64,
    all: f64,
}

impl Tally {
    fn rate(self, prior_right: f64, prior_all: f64) -> f64 {
        (self.right + prior_right) / (self.all + prior_all)
    }
}

/// The most probable rates, given the probabilities of the items.
fn maximise(votes: &[Vote], posterior: &[f64], voted: &[bool], annotators: usize) -> CrowdModel {
    // Of each annotator on related and on unrelated items.
    let mut tallies = vec![[Tally::default(); 2]; annotators];
    for vote in votes {
        let (weight, related) = (f64::from(vote.weight), posterior[vote.item]);
        let [on_related, on_unrelated] = &mut tallies[vote.annotator];
        on_related.all += weight * related;
        on_unrelated.all += weight * (1.0 - related);
        if vote.related {
            on_related.right += weight * related;
        } else {
            on_unrelated.right += weight * (1.0 - related);
        }
    }
    let [sensitivity, specificity] = [0, 1].map(|kind| {
        let sum = tallies.iter().fold(Tally::default(), |sum, tally| Tally {
            right: sum.right + tally[kind].right,
            all: sum.all + tally[kind].all,
        });
        let crowd = sum.rate(CROWD_RIGHT, CROWD_RIGHT + CROWD_WRONG);
        tallies.iter().map(|tally| tally[kind].rate(AVERAGE_VOTES * crowd, AVERAGE_VOTES)).collect()
    });
    let known = voted.iter().filter(|&&voted| voted).count() as f64;
    let related: f64 = posterior.iter().zip(voted).filter(|(_, voted)| **voted).map(|(p, _)| p).sum();
    let prior = (related + ITEMS) / (known + 2.0 * ITEMS);
    CrowdModel { posterior: vec![], sensitivity, specificity, prior, iterations: 0 }
}

/// The probabilities of the items, given the rates.
fn expect(votes: &[Vote], model: &CrowdModel, items: usize) -> Vec<f64> {
    // What a "yes" and a "no" of each annotator add to the logarithm of the odds; rates are inside (0, 1).
    let rates = model.sensitivity.iter().zip(&model.specificity);
    let evidence: Vec<[f64; 2]> = rates.map(|(yes, no)| [(yes / (1.0 - no)).ln(), ((1.0 - yes) / no).ln()]).collect();
    let mut odds = vec![(model.prior / (1.0 - model.prior)).ln(); items];
    for vote in votes {
        odds[vote.item] += f64::from(vote.weight) * evidence[vote.annotator][usize::from(!vote.related)];
    }
    odds.iter().map(|odds| 1.0 / (1.0 + (-odds).exp())).collect()
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use relata_data::seed::stream;

    use super::*;

    /// Votes of annotators with (sensitivity, specificity) on items of which every third is related.
    fn votes(items: usize, rates: &[(f64, f64)]) -> Vec<Vote> {
        let mut rng = stream(3, &[items as u64]);
        let mut votes = Vec::new();
        for item in 0..items {
            for (annotator, &(sensitivity, specificity)) in rates.iter().enumerate() {
                let yes = if is_related(item) { sensitivity } else { 1.0 - specificity };
                votes.push(Vote { item, annotator, related: rng.random_bool(yes), weight: 1.0 });
            }
        }
        votes
    }

    fn is_related(item: usize) -> bool {
        item.is_multiple_of(3)
    }

    fn mistakes(probability: &[f64]) -> usize {
        probability.iter().enumerate().filter(|&(item, &p)| (p > 0.5) != is_related(item)).count()
    }

    #[test]
    fn planted_qualities_are_recovered_and_beat_the_majority() {
        let rates = [(0.95, 0.97), (0.9, 0.8), (0.6, 0.65), (0.55, 0.6), (0.6, 0.5)];
        let votes = votes(3000, &rates);
        let model = dawid_skene(&votes);
        for (annotator, &(sensitivity, specificity)) in rates.iter().enumerate() {
            assert!((model.sensitivity[annotator] - sensitivity).abs() < 0.04, "{annotator}: {model:?}");
            assert!((model.specificity[annotator] - specificity).abs() < 0.04, "{annotator}");
        }
        assert!((model.prior - 1.0 / 3.0).abs() < 0.03);
        let (model, majority) = (mistakes(&model.posterior), mistakes(&shares(&votes, 3000)));
        assert!(3 * model < majority, "{model} and {majority} mistakes");
    }

    #[test]
    fn posteriors_are_calibrated() {
        let model = dawid_skene(&votes(20_000, &[(0.8, 0.8), (0.75, 0.9), (0.85, 0.7)]));
        for bin in 0..10 {
            let inside = |p: f64| p >= f64::from(bin) / 10.0 && p < f64::from(bin + 1) / 10.0;
            let items: Vec<_> = model.posterior.iter().enumerate().filter(|(_, p)| inside(**p)).collect();
            let mean = items.iter().map(|(_, p)| **p).sum::<f64>() / items.len() as f64;
            let share = items.iter().filter(|(item, _)| is_related(*item)).count() as f64 / items.len() as f64;
            assert!(items.len() < 300 || (mean - share).abs() < 0.06, "{mean} {share} of {}", items.len());
        }
    }

    #[test]
    fn those_who_all_agree_are_believed() {
        let model = dawid_skene(&votes(30, &[(1.0, 1.0); 3]));
        assert_eq!(mistakes(&model.posterior), 0);
        assert!(model.posterior.iter().all(|p| !(0.02..=0.98).contains(p)), "{model:?}");
        assert!(model.sensitivity.iter().chain(&model.specificity).all(|&rate| rate > 0.95 && rate < 1.0));
    }

    #[test]
    fn one_annotator_alone_is_believed() {
        for yes in [1, 5, 50, 99] {
            let votes: Vec<_> =
                (0..100).map(|item| Vote { item, annotator: 0, related: item < yes, weight: 1.0 }).collect();
            let model = dawid_skene(&votes);
            for (item, p) in model.posterior.iter().enumerate() {
                assert_eq!(*p > 0.5, item < yes, "{item} of {yes}: {p}");
            }
        }
    }

    #[test]
    fn who_always_says_yes_says_nothing() {
        let model = dawid_skene(&votes(300, &[(0.9, 0.9), (0.9, 0.95), (0.92, 0.9), (1.0, 0.0)]));
        assert!(model.sensitivity[3] > 0.97 && model.specificity[3] < 0.06, "{model:?}");
        let odds = (model.sensitivity[3] / (1.0 - model.specificity[3])).ln();
        assert!(odds.abs() < 0.06);
        assert!(mistakes(&model.posterior) < 15);
    }

    #[test]
    fn a_newcomer_counts_as_an_average_annotator() {
        let mut votes = votes(300, &[(0.9, 0.9), (0.8, 0.8), (0.8, 0.85)]);
        votes.push(Vote { item: 300, annotator: 3, related: true, weight: 1.0 });
        let model = dawid_skene(&votes);
        assert!((0.75..0.95).contains(&model.sensitivity[3]), "{model:?}");
        assert!((0.75..0.95).contains(&model.specificity[3]));
    }

    #[test]
    fn weights_count() {
        let vote = |annotator, related, weight| Vote { item: 0, annotator, related, weight };
        let light = dawid_skene(&[vote(0, true, 0.2), vote(1, false, 1.0)]);
        let heavy = dawid_skene(&[vote(0, true, 1.0), vote(1, false, 0.2)]);
        assert!(light.posterior[0] < 0.5 && heavy.posterior[0] > 0.5, "{light:?} {heavy:?}");
        assert_eq!(dawid_skene(&[vote(1, true, f32::NAN), vote(0, true, 0.0)]).posterior, [0.5]);
    }

    #[test]
    fn no_votes_no_model() {
        let model = dawid_skene(&[]);
        assert!(model.posterior.is_empty() && model.sensitivity.is_empty());
        assert_eq!(model.prior, 0.5);
    }
}
