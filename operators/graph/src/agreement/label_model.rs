//! Label model: how often each oracle is right, from how oracles agree (Dawid and Skene 1979; Ratner et al. 2019).

use std::collections::BTreeMap;

/// What is said about a pair.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct VotePattern {
    /// `(oracle, whether it calls the pair related)`, ascending; those that say nothing are left out.
    pub votes: Vec<(u32, bool)>,
    /// Whether the pair is related, if that is known.
    pub known: Option<bool>,
}

/// How often an oracle is right as long as nothing is compared with what it says: better than chance, not by much.
pub(super) const PRIOR_ACCURACY: f64 = 0.75;

/// The prior counts like so many statements.
const PRIOR_STATEMENTS: f64 = 10.0;

/// So many pairs of every set of oracles are related as often as those of all sets together.
const PRIOR_PAIRS: f64 = 2.0;

/// An oracle says both yes and no if the rarer of the two is at least this share of what it says.
const RARER: f64 = 0.001;

const ITERATIONS: usize = 500;
const TOLERANCE: f64 = 1e-7;

/// The estimated share of each oracle's statements that is right, from how many pairs have which votes.
///
/// Which pairs an oracle speaks about is not modelled, only what it says of them. So the share of related pairs is one
/// for each set of oracles that speak, and an oracle that never says no is no evidence for its yes: that two such
/// oracles agree is no news. They are judged by those that say both. From agreement alone, three oracles can be told
/// apart, of which two say both; with fewer, only pairs whose truth is known count, and without such pairs the prior
/// stands. Mistakes that oracles share go unseen.
///
/// The rates of calling related pairs related and unrelated ones unrelated are fitted by expectation maximisation, which
/// starts from votes that are as good as the prior. Linear in the patterns per iteration.
pub(super) fn label_model(patterns: &BTreeMap<VotePattern, u64>, oracles: usize) -> Vec<f64> {
    let used = informative(patterns, oracles);
    let mut numbers: BTreeMap<Vec<u32>, usize> = BTreeMap::new();
    let mut set_of = Vec::with_capacity(used.len());
    for (pattern, _) in &used {
        let next = numbers.len();
        set_of.push(*numbers.entry(pattern.votes.iter().map(|vote| vote.0).collect()).or_insert(next));
    }
    let mut related: Vec<f64> = used.iter().map(|(pattern, _)| at_their_word(pattern)).collect();
    for _ in 0..ITERATIONS {
        let evidence = evidence(&used, &related, oracles);
        let odds = odds(&used, &related, &set_of, numbers.len());
        let each = used.iter().zip(&set_of);
        let next: Vec<f64> = each.map(|((pattern, _), &set)| posterior(pattern, &evidence, odds[set])).collect();
        let change = related.iter().zip(&next).map(|(old, new)| (old - new).abs()).fold(0.0, f64::max);
        related = next;
        if change < TOLERANCE {
            break;
        }
    }
    let mut tallies = vec![Tally::default(); oracles];
    for ((pattern, pairs), related) in used.iter().zip(&related) {
        for &(oracle, yes) in &pattern.votes {
            tallies[oracle as usize].add(pairs * if yes { *related } else { 1.0 - related }, *pairs);
        }
    }
    tallies.into_iter().map(Tally::rate).collect()
}

/// The patterns that say something about how good oracles are, and how many pairs have each.
fn informative(patterns: &BTreeMap<VotePattern, u64>, oracles: usize) -> Vec<(&VotePattern, f64)> {
    let mut said = vec![[0u64; 2]; oracles];
    for (pattern, pairs) in patterns.iter().filter(|(pattern, _)| pattern.votes.len() > 1) {
        pattern.votes.iter().for_each(|&(oracle, yes)| said[oracle as usize][usize::from(yes)] += pairs);
    }
    let says_both = |[no, yes]: &[u64; 2]| no.min(yes) > &0 && *no.min(yes) as f64 >= RARER * (no + yes) as f64;
    let both: Vec<bool> = said.iter().map(says_both).collect();
    let compared = said.iter().filter(|[no, yes]| no + yes > 0).count();
    let identifiable = compared > 2 && both.iter().filter(|both| **both).count() > 1;
    let is_compared = |pattern: &VotePattern| {
        identifiable && pattern.votes.len() > 1 && pattern.votes.iter().any(|vote| both[vote.0 as usize])
    };
    let used = patterns.iter().filter(|(pattern, _)| pattern.known.is_some() || is_compared(pattern));
    used.map(|(pattern, &pairs)| (pattern, pairs as f64)).collect()
}

/// The probability that a pair is related if every oracle is as good as the prior.
fn at_their_word(pattern: &VotePattern) -> f64 {
    let vote = logit(PRIOR_ACCURACY);
    posterior_of(pattern, pattern.votes.iter().map(|&(_, yes)| if yes { vote } else { -vote }).sum())
}

fn posterior(pattern: &VotePattern, evidence: &[[f64; 2]], odds: f64) -> f64 {
    let said = pattern.votes.iter().map(|&(oracle, yes)| evidence[oracle as usize][usize::from(yes)]);
    posterior_of(pattern, odds + said.sum::<f64>())
}

fn posterior_of(pattern: &VotePattern, odds: f64) -> f64 {
    match pattern.known {
        Some(true) => 1.0,
        Some(false) => 0.0,
        None => 1.0 / (1.0 + (-odds).exp()),
    }
}

/// Right statements and all statements, those of the prior included.
#[derive(Clone, Copy)]
struct Tally {
    right: f64,
    all: f64,
}

impl Default for Tally {
    fn default() -> Self {
        Self { right: PRIOR_ACCURACY * PRIOR_STATEMENTS, all: PRIOR_STATEMENTS }
    }
}

impl Tally {
    fn add(&mut self, right: f64, all: f64) {
        self.right += right;
        self.all += all;
    }

    /// Inside (0, 1), by the prior.
    fn rate(self) -> f64 {
        self.right / self.all
    }
}

/// What a no and a yes of each oracle add to the log-odds that a pair is related.
fn evidence(used: &[(&VotePattern, f64)], related: &[f64], oracles: usize) -> Vec<[f64; 2]> {
    // Of related and of unrelated pairs.
    let mut tallies = vec![[Tally::default(); 2]; oracles];
    for ((pattern, pairs), related) in used.iter().zip(related) {
        let (positives, negatives) = (pairs * related, pairs * (1.0 - related));
        for &(oracle, yes) in &pattern.votes {
            let [on_related, on_unrelated] = &mut tallies[oracle as usize];
            on_related.add(if yes { positives } else { 0.0 }, positives);
            on_unrelated.add(if yes { 0.0 } else { negatives }, negatives);
        }
    }
    let of = |[on_related, on_unrelated]: [Tally; 2]| {
        let (sensitivity, specificity) = (on_related.rate(), on_unrelated.rate());
        [((1.0 - sensitivity) / specificity).ln(), (sensitivity / (1.0 - specificity)).ln()]
    };
    tallies.into_iter().map(of).collect()
}

/// The log-odds that a pair about which a set of oracles speaks is related. Pairs whose truth is known are left out:
/// questions are not chosen at random.
fn odds(used: &[(&VotePattern, f64)], related: &[f64], set_of: &[usize], sets: usize) -> Vec<f64> {
    let mut counts = vec![(0.0, 0.0); sets];
    for (((pattern, pairs), related), &set) in used.iter().zip(related).zip(set_of) {
        if pattern.known.is_none() {
            counts[set] = (counts[set].0 + pairs * related, counts[set].1 + pairs);
        }
    }
    let (positives, all) = counts.iter().fold((1.0, 2.0), |sum, set| (sum.0 + set.0, sum.1 + set.1));
    let share = |&(positives_of_set, of_set): &(f64, f64)| {
        (positives_of_set + PRIOR_PAIRS * positives / all) / (of_set + PRIOR_PAIRS)
    };
    counts.iter().map(|set| logit(share(set))).collect()
}

fn logit(p: f64) -> f64 {
    (p / (1.0 - p)).ln()
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use relata_data::seed::stream;

    use super::*;

    /// An oracle that speaks about six of ten pairs and is right at this rate; `true` if it passes on its no.
    type Planted = (f64, bool);

    /// The votes of oracles on pairs of which three of ten are related, the truth being known at the rate `known`, and
    /// the share of each oracle's statements that is right.
    fn planted(pairs: usize, oracles: &[Planted], known: f64) -> (BTreeMap<VotePattern, u64>, Vec<f64>) {
        let mut rng = stream(5, &[pairs as u64, oracles.len() as u64]);
        let (mut patterns, mut tallies) = (BTreeMap::new(), vec![Tally { right: 0.0, all: 0.0 }; oracles.len()]);
        for _ in 0..pairs {
            let related = rng.random_bool(0.3);
            let mut votes = Vec::new();
            for (oracle, &(rate, never_no)) in (0..).zip(oracles) {
                let (speaks, right) = (rng.random_bool(0.6), rng.random_bool(rate));
                if speaks && (right == related || !never_no) {
                    votes.push((oracle, right == related));
                    tallies[oracle as usize].add(f64::from(u8::from(right)), 1.0);
                }
            }
            let known = rng.random_bool(known).then_some(related);
            *patterns.entry(VotePattern { votes, known }).or_default() += 1;
        }
        (patterns, tallies.into_iter().map(Tally::rate).collect())
    }

    /// The largest error of the estimates.
    fn error(pairs: usize, oracles: &[Planted], known: f64) -> f64 {
        let (patterns, right) = planted(pairs, oracles, known);
        let found = label_model(&patterns, oracles.len());
        found.iter().zip(&right).map(|(found, right)| (found - right).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn planted_accuracies_are_recovered_without_the_truth() {
        let five = [0.95, 0.9, 0.8, 0.7, 0.6].map(|rate| (rate, false));
        assert!(error(10_000, &five, 0.0) < 0.025, "{}", error(10_000, &five, 0.0));
        assert!(error(10_000, &five[..3], 0.0) < 0.04, "{}", error(10_000, &five[..3], 0.0));
    }

    #[test]
    fn an_adversary_is_found_out() {
        let oracles = [(0.9, false), (0.85, false), (0.8, false), (0.2, false)];
        assert!(error(10_000, &oracles, 0.0) < 0.03);
        let (patterns, _) = planted(10_000, &oracles, 0.0);
        assert!(label_model(&patterns, 4)[3] < 0.25);
    }

    #[test]
    fn one_that_never_says_no_is_judged_by_those_that_do() {
        let oracles = [(0.9, false), (0.85, false), (0.8, false), (0.7, true)];
        let (_, right) = planted(10_000, &oracles, 0.0);
        assert!(right[3] < 0.55, "{right:?}");
        assert!(error(10_000, &oracles, 0.0) < 0.06, "{}", error(10_000, &oracles, 0.0));
    }

    #[test]
    fn the_prior_stands_where_agreement_says_nothing() {
        let two = [(0.95, false), (0.7, false)];
        assert_eq!(label_model(&planted(5000, &two, 0.0).0, 2), [PRIOR_ACCURACY; 2]);
        let never_no = [(0.9, true); 3];
        assert_eq!(label_model(&planted(5000, &never_no, 0.0).0, 3), [PRIOR_ACCURACY; 3]);
        assert_eq!(label_model(&BTreeMap::new(), 2), [PRIOR_ACCURACY; 2]);
    }

    #[test]
    fn what_is_known_tells_two_oracles_apart() {
        assert!(error(20_000, &[(0.95, false), (0.7, false)], 0.05) < 0.05);
        assert!(error(20_000, &[(0.95, true), (0.7, true)], 0.05) < 0.07);
    }

    #[test]
    fn the_same_votes_give_the_same_bits() {
        let (patterns, _) = planted(3000, &[(0.9, false), (0.8, false), (0.6, true)], 0.01);
        assert_eq!(label_model(&patterns, 3), label_model(&patterns, 3));
    }
}
