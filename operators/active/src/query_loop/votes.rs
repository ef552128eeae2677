//! Votes on pairs: the entries of the ledger become constraints. Answers that were taken back drop out, and where
//! several annotators answered, Dawid and Skene's model decides how probable the relation is.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use relata_data::index::TrainingRow;
use relata_oracle::Answer;

use crate::dawid_skene::{self, dawid_skene};
use crate::inference::{AnswerPolicy, Constraint, weight_of};
use crate::ledger::LedgerEntry;

/// What was said about a pair, by sequence number.
type PairVotes = BTreeMap<u64, RecordedVote>;

/// What an annotator said when asked.
#[derive(Debug, Clone)]
struct RecordedVote {
    question: u64,
    annotator: String,
    related: Option<bool>,
    confidence: f32,
}

/// What annotators said about pairs of rows (smaller first). Whoever is asked about a pair again, as about one that is
/// doubted, has said it twice.
#[derive(Debug, Default)]
pub(super) struct Votes {
    pairs: BTreeMap<(TrainingRow, TrainingRow), PairVotes>,
    /// Pairs that more than one annotator spoke about.
    several: usize,
    /// The pair of every row, for undoing.
    rows: BTreeMap<u64, (TrainingRow, TrainingRow)>,
}

/// What a new row of the ledger means.
#[derive(Debug, PartialEq)]
pub(super) enum VoteEffect {
    /// One annotator said something new: the belief takes it as it is.
    Constraint(Constraint),
    /// The belief has to be built anew from all [`constraints`](Votes::constraints).
    Rebuild,
    /// Nothing follows, as from a pass.
    Nothing,
}

impl Votes {
    /// Takes in a row about the pair `(a, b)`.
    pub fn add(&mut self, row: &LedgerEntry, a: TrainingRow, b: TrainingRow) -> VoteEffect {
        let pair = (a.min(b), a.max(b));
        if let Some(undone) = row.undoes {
            return self.undo(undone);
        }
        let Answer { question, related, confidence, annotator, .. } = &row.answer;
        self.rows.insert(row.sequence, pair);
        let said = self.pairs.entry(pair).or_default();
        let before = annotators(said);
        let (annotator, question) = (annotator.clone(), *question);
        said.insert(row.sequence, RecordedVote { question, annotator, related: *related, confidence: *confidence });
        self.several += usize::from(before == 1 && annotators(said) == 2);
        match related {
            _ if self.is_crowd() => VoteEffect::Rebuild,
            Some(related) => constraint(row.sequence, pair, *related, *confidence)
                .map_or(VoteEffect::Nothing, VoteEffect::Constraint),
            None => VoteEffect::Nothing,
        }
    }

    /// Whether several annotators spoke about some pair, so that their quality can be told.
    pub fn is_crowd(&self) -> bool {
        self.several > 0
    }

    /// All constraints that follow, in the order in which a belief is to be told: if the latest win, that of the
    /// ledger; else the surest first where a crowd spoke, or by question and pair.
    pub fn constraints(&self, confidence: f64, policy: AnswerPolicy) -> Vec<Constraint> {
        let mut constraints: Vec<Constraint> = match self.is_crowd() {
            true => self.posterior(confidence),
            false => {
                let said = self.pairs.iter().flat_map(|(pair, said)| said.iter().map(move |said| (*pair, said)));
                let said = said.filter_map(|(pair, (sequence, v))| {
                    Some((v.question, constraint(*sequence, pair, v.related?, v.confidence)?))
                });
                in_order(said.collect(), policy)
            }
        };
        if self.is_crowd() {
            let surest_first = policy != AnswerPolicy::LatestWins;
            constraints.sort_by(|a, b| {
                let surer = if surest_first { b.weight.total_cmp(&a.weight) } else { Ordering::Equal };
                surer.then(a.number.cmp(&b.number))
            });
        }
        constraints
    }

    /// How often a pair was asked about.
    pub fn questions(&self, a: TrainingRow, b: TrainingRow) -> usize {
        let said = self.pairs.get(&(a.min(b), a.max(b)));
        said.map_or(0, |said| said.values().map(|vote| vote.question).collect::<BTreeSet<_>>().len())
    }

    fn undo(&mut self, undone: u64) -> VoteEffect {
        let Some(pair) = self.rows.remove(&undone) else { return VoteEffect::Nothing };
        if let Some(said) = self.pairs.get_mut(&pair) {
            let before = annotators(said);
            said.remove(&undone);
            self.several -= usize::from(before == 2 && annotators(said) == 1);
            if said.is_empty() {
                self.pairs.remove(&pair);
            }
        }
        VoteEffect::Rebuild
    }

    fn posterior(&self, confidence: f64) -> Vec<Constraint> {
        let names: BTreeSet<&str> = self.pairs.values().flat_map(|said| said.values().map(|v| &*v.annotator)).collect();
        let numbers: BTreeMap<&str, usize> = names.into_iter().zip(0..).collect();
        let mut votes = Vec::new();
        for (item, said) in self.pairs.values().enumerate() {
            for (name, vote) in latest(said) {
                if let Some(related) = vote.related {
                    votes.push(dawid_skene::Vote { item, annotator: numbers[name], related, weight: vote.confidence });
                }
            }
        }
        let model = dawid_skene(&votes);
        let voted = |said: &PairVotes| latest(said).values().any(|vote| vote.related.is_some());
        let items = self.pairs.iter().zip(&model.posterior).filter(|((_, said), _)| voted(said));
        items
            .filter(|(_, p)| p.max(1.0 - *p) >= confidence)
            .filter_map(|((pair, said), &p)| Some((said, p, constraint(0, *pair, p >= 0.5, p.max(1.0 - p) as f32)?)))
            .flat_map(|(said, p, whole)| {
                // A pair that was asked about again and got the same answer of everybody has been confirmed: it has as
                // many constraints, which share the weight.
                let related = p >= 0.5;
                let rows = |agree: bool| -> BTreeMap<u64, u64> {
                    let rows = said.iter().filter(|(_, vote)| !agree || vote.related == Some(related));
                    rows.map(|(&number, vote)| (vote.question, number)).collect()
                };
                // The rows that said so, if any did: annotators who are mostly wrong may stand for the contrary.
                let agreeing = rows(true);
                let mut numbers = if agreeing.is_empty() { rows(false) } else { agreeing };
                let dissent = said.values().filter(|vote| vote.related.is_some_and(|said| said != related));
                let dissent: BTreeSet<u64> = dissent.map(|vote| vote.question).collect();
                let first = numbers.first_key_value().map(|(&question, _)| question);
                numbers.retain(|question, _| Some(*question) == first || !dissent.contains(question));
                let weight = whole.weight / numbers.len() as f32;
                numbers.into_values().map(move |number| Constraint { number, weight, ..whole })
            })
            .collect()
    }
}

/// Constraints, each with its question, in the order in which a belief is to be told: that of the ledger if the latest
/// win. Else by question and pair: answers that come at the same time, from people or over a network, are written in
/// any order, and the same answers are to give the same edges.
pub(super) fn in_order(mut said: Vec<(u64, Constraint)>, policy: AnswerPolicy) -> Vec<Constraint> {
    match policy {
        AnswerPolicy::LatestWins => said.sort_by_key(|(_, said)| said.number),
        _ => said.sort_by_key(|(question, said)| (*question, said.a.min(said.b), said.a.max(said.b), said.number)),
    }
    said.into_iter().map(|(_, constraint)| constraint).collect()
}

fn annotators(said: &PairVotes) -> usize {
    said.values().map(|vote| &vote.annotator).collect::<BTreeSet<_>>().len()
}

/// The model of a crowd takes annotators as they are, each with one opinion: the last.
fn latest(said: &PairVotes) -> BTreeMap<&str, &RecordedVote> {
    said.values().map(|vote| (&*vote.annotator, vote)).collect()
}

/// An answer that is as likely wrong as right states nothing.
fn constraint(number: u64, (a, b): (TrainingRow, TrainingRow), related: bool, confidence: f32) -> Option<Constraint> {
    Some(Constraint { number, a, b, related, weight: weight_of(confidence)? })
}

#[cfg(test)]
mod tests {
    use relata_data::index::SampleId;

    use super::*;

    const LOW: TrainingRow = TrainingRow(3);
    const HIGH: TrainingRow = TrainingRow(5);

    fn row(sequence: u64, annotator: &str, related: Option<bool>, undoes: Option<u64>) -> LedgerEntry {
        let answer = Answer {
            question: 1,
            anchor: SampleId(5),
            candidate: SampleId(3),
            related,
            confidence: 1.0,
            oracle: "test".to_owned(),
            annotator: annotator.to_owned(),
            cost: 1.0,
            answered_at: 0,
        };
        LedgerEntry { sequence, answer, undoes }
    }

    #[test]
    fn one_annotator_is_believed_and_undo_takes_it_back() {
        let mut votes = Votes::default();
        let expected = Constraint { number: 1, a: LOW, b: HIGH, related: true, weight: 1.0 };
        assert_eq!(votes.add(&row(1, "ann", Some(true), None), HIGH, LOW), VoteEffect::Constraint(expected));
        assert_eq!(votes.constraints(0.9, AnswerPolicy::WeightedVote), [expected]);
        assert_eq!(votes.add(&row(2, "ann", Some(true), Some(1)), HIGH, LOW), VoteEffect::Rebuild);
        assert!(votes.constraints(0.9, AnswerPolicy::WeightedVote).is_empty() && votes.questions(LOW, HIGH) == 0);
        assert_eq!(votes.add(&row(3, "ann", None, None), HIGH, LOW), VoteEffect::Nothing);
        assert_eq!(votes.questions(LOW, HIGH), 1);
    }

    #[test]
    fn asked_again_the_same_annotator_adds_to_what_it_said() {
        let mut votes = Votes::default();
        let constraint = |number| Constraint { number, a: LOW, b: HIGH, related: true, weight: 1.0 };
        for sequence in 1..=2 {
            let news = votes.add(&row(sequence, "ann", Some(true), None), HIGH, LOW);
            assert_eq!(news, VoteEffect::Constraint(constraint(sequence)));
        }
        assert_eq!(votes.constraints(0.9, AnswerPolicy::WeightedVote), [constraint(1), constraint(2)]);
        assert!(!votes.is_crowd());
        assert_eq!(votes.add(&row(3, "ann", Some(true), Some(2)), HIGH, LOW), VoteEffect::Rebuild);
        assert_eq!(votes.constraints(0.9, AnswerPolicy::WeightedVote), [constraint(1)]);
        votes.add(&row(4, "ann", Some(false), None), HIGH, LOW);
        votes.add(&row(5, "bob", Some(false), None), HIGH, LOW);
        let said = votes.constraints(0.5, AnswerPolicy::WeightedVote);
        assert!(votes.is_crowd() && said.len() == 1 && !said[0].related, "each annotator's last word counts: {said:?}");
    }

    #[test]
    fn a_pair_that_a_crowd_was_asked_about_again_has_two_statements() {
        let mut votes = Votes::default();
        for (sequence, question) in [(1, 1), (2, 1), (3, 2), (4, 2)] {
            let mut row = row(sequence, ["ann", "bob"][sequence as usize % 2], Some(true), None);
            row.answer.question = question;
            votes.add(&row, HIGH, LOW);
        }
        let said = votes.constraints(0.5, AnswerPolicy::WeightedVote);
        assert_eq!(said.iter().map(|s| (s.number, s.related)).collect::<Vec<_>>(), [(2, true), (4, true)]);
        assert_eq!(said[0].weight, said[1].weight);
    }

    #[test]
    fn a_second_question_with_a_dissenting_voice_confirms_nothing() {
        let mut votes = Votes::default();
        let said = [(1, 1, "ann", true), (2, 1, "bob", true), (3, 2, "cid", true), (4, 2, "dan", false)];
        for (sequence, question, annotator, related) in said {
            let mut row = row(sequence, annotator, Some(related), None);
            row.answer.question = question;
            votes.add(&row, HIGH, LOW);
        }
        assert_eq!(
            votes
                .constraints(0.5, AnswerPolicy::WeightedVote)
                .iter()
                .map(|s| (s.number, s.related))
                .collect::<Vec<_>>(),
            [(2, true)]
        );
        assert_eq!(
            [votes.questions(LOW, HIGH), votes.questions(HIGH, LOW), votes.questions(TrainingRow(1), LOW)],
            [2, 2, 0]
        );
    }

    #[test]
    fn an_answer_that_is_as_likely_wrong_as_right_states_nothing() {
        let mut votes = Votes::default();
        let mut unsure = row(1, "ann", Some(true), None);
        unsure.answer.confidence = 0.5;
        assert_eq!(votes.add(&unsure, HIGH, LOW), VoteEffect::Nothing);
        assert!(votes.constraints(0.9, AnswerPolicy::WeightedVote).is_empty());
        assert_eq!(votes.questions(LOW, HIGH), 1, "it was asked about all the same");
    }

    #[test]
    fn answers_that_come_in_another_order_are_told_in_the_same_one() {
        let told = |order: [u64; 3], policy| {
            let mut votes = Votes::default();
            for (sequence, question) in (1..).zip(order) {
                let mut row = row(sequence, "ann", Some(question != 3), None);
                row.answer.question = question;
                votes.add(&row, TrainingRow(question as u32), TrainingRow(9));
            }
            votes.constraints(0.9, policy).iter().map(|said| said.a.0).collect::<Vec<_>>()
        };
        for policy in [AnswerPolicy::WeightedVote, AnswerPolicy::ReAsk] {
            assert_eq!((told([1, 2, 3], policy), told([3, 1, 2], policy)), (vec![1, 2, 3], vec![1, 2, 3]));
        }
        assert_eq!(told([3, 1, 2], AnswerPolicy::LatestWins), [3, 1, 2]);
    }

    #[test]
    fn the_latest_answers_of_a_crowd_come_last_if_they_win() {
        let mut votes = Votes::default();
        // Everybody agrees about the first pair and not about the second, which is less sure and was answered later.
        let said = [("ann", (1, 2), true), ("bob", (1, 2), true), ("cid", (1, 2), true)];
        let later = [("ann", (3, 5), true), ("bob", (3, 5), true), ("cid", (3, 5), false)];
        for (sequence, (annotator, (a, b), related)) in (1..).zip(later.into_iter().chain(said)) {
            votes.add(&row(sequence, annotator, Some(related), None), TrainingRow(a), TrainingRow(b));
        }
        let numbers = |policy| votes.constraints(0.5, policy).iter().map(|s| s.number).collect::<Vec<_>>();
        assert_eq!(numbers(AnswerPolicy::LatestWins), [2, 6]);
        assert_eq!(numbers(AnswerPolicy::WeightedVote), [6, 2]);
    }

    #[test]
    fn a_crowd_that_disagrees_leaves_the_pair_unknown() {
        let mut votes = Votes::default();
        votes.add(&row(1, "ann", Some(true), None), HIGH, LOW);
        assert_eq!(votes.add(&row(2, "bob", Some(false), None), HIGH, LOW), VoteEffect::Rebuild);
        assert!(votes.is_crowd());
        assert!(votes.constraints(0.95, AnswerPolicy::WeightedVote).is_empty());
        votes.add(&row(3, "bob", Some(true), Some(2)), HIGH, LOW);
        assert!(!votes.is_crowd());
    }
}
