//! Tests of linkage: an obvious table, households, answers, explanations, repetition, tables with nothing to go by.

use super::*;
use crate::DecideError;
use crate::log_odds::probability;

const FIRST: [&str; 12] =
    ["anna", "boris", "clara", "dmitri", "esther", "felix", "gudrun", "hassan", "ines", "jakob", "kirsten", "ludwig"];
const LAST: [&str; 10] =
    ["abendroth", "brinkmann", "cordes", "dragovic", "eichwald", "fassbinder", "gruber", "hollander", "iwanow", "juhl"];
const STREET: [&str; 8] = ["oak", "elm", "birch", "maple", "cedar", "willow", "aspen", "linden"];

/// A table of households of two persons; every fifth person is there a second time, with an error in the last name.
struct Persons {
    columns: Vec<RecordColumn>,
    pairs: Vec<(u32, u32)>,
    cosine: Vec<f32>,
    person: Vec<usize>,
}

impl Persons {
    fn new(households: usize) -> Self {
        let mut rows: Vec<[String; 4]> = Vec::new();
        let mut person = Vec::new();
        for household in 0..households {
            let last = format!("{}{}", LAST[household * 7 % 10], ["", "s", "er"][household / 10 % 3]);
            let address = format!("{} {} street", 3 + household * 37 % 199, STREET[household * 5 % 8]);
            for member in 0..2 {
                let at = 2 * household + member;
                let birth = format!("{}-{:02}-{:02}", 1931 + at * 13 % 77, 1 + at * 5 % 12, 1 + at * 11 % 28);
                let row = [FIRST[(household * 5 + member * 7) % 12].to_owned(), last.clone(), address.clone(), birth];
                if at % 5 == 0 {
                    let mut copy = row.clone();
                    copy[1].insert(2, 'q');
                    rows.push(copy);
                    person.push(at);
                }
                rows.push(row);
                person.push(at);
            }
        }
        let column = |(at, name): (usize, &str)| RecordColumn {
            name: name.to_owned(),
            values: rows.iter().map(|row| Some(row[at].clone())).collect(),
        };
        let columns = ["first", "last", "address", "birth"].into_iter().enumerate().map(column).collect();
        // Candidates share an address or a street, or are neighbours by chance.
        let near = |&(a, b): &(u32, u32)| {
            let (a, b) = (a as usize, b as usize);
            rows[a][2] == rows[b][2] || (a * 31 + b * 17) % 11 == 0
        };
        let count = rows.len() as u32;
        let pairs: Vec<_> = (0..count).flat_map(|a| (a + 1..count).map(move |b| (a, b))).filter(near).collect();
        let cosine = pairs.iter().map(|&(a, b)| if rows[a as usize][2] == rows[b as usize][2] { 0.8 } else { 0.2 });
        Self { cosine: cosine.collect(), columns, pairs, person }
    }

    fn input(&self) -> LinkageInput<'_> {
        let (columns, pairs, cosine) = (&self.columns, &self.pairs, &self.cosine);
        LinkageInput { columns, pairs, cosine, sources: None, one_per_source: false, seed: 7 }
    }

    fn is_match(&self, pair: usize) -> bool {
        let (a, b) = self.pairs[pair];
        self.person[a as usize] == self.person[b as usize]
    }
}

#[test]
fn persons_are_told_from_their_households() {
    let persons = Persons::new(120);
    let linkage = Linkage::fit(persons.input()).unwrap();
    let scores = linkage.scores(&vec![None; persons.pairs.len()]).unwrap();
    for (pair, &log_odds) in scores.log_odds.iter().enumerate() {
        let (is_match, explained) = (persons.is_match(pair), linkage.contributions(pair));
        assert_eq!(log_odds > 0.0, is_match, "{:?} {log_odds} {explained:?}", persons.pairs[pair]);
        let total: f64 = explained.iter().map(|(_, term)| term).sum();
        assert!((total.clamp(-MOST_EVIDENCE, MOST_EVIDENCE) - log_odds).abs() < 1e-9);
    }
    assert!(scores.disagreement.iter().all(|&difference| difference == 0.0));
}

#[test]
fn more_agreement_never_lowers_the_weight() {
    let persons = Persons::new(80);
    let linkage = Linkage::fit(persons.input()).unwrap();
    let comparators = linkage.comparators(0..persons.pairs.len());
    let similarity = &comparators.iter().find(|(name, _)| name == "last.similarity").unwrap().1;
    let of = |pair: usize| linkage.contributions(pair).iter().find(|(name, _)| *name == "last").unwrap().1;
    // Equal values weigh by their rarity, swapped ones by the similarity across.
    let straight = |pair: &usize| linkage.contributions(*pair).iter().all(|(name, _)| *name != "swapped values");
    let different = (0..persons.pairs.len()).filter(|&pair| similarity[pair] < Some(1.0)).filter(straight);
    let mut weighed: Vec<(f32, f64)> = different.map(|pair| (similarity[pair].unwrap(), of(pair))).collect();
    weighed.sort_by(|a, b| a.0.total_cmp(&b.0));
    // A similarity at the very edge of a level may be rounded to either side of it.
    weighed.retain(|(similarity, _)| [0.4, 0.6, 0.75, 0.88].iter().all(|edge| (similarity - edge).abs() > 1e-6));
    let broken = weighed.windows(2).find(|two| two[0].1 > two[1].1 + 1e-5);
    assert_eq!(broken, None);
}

#[test]
fn answers_move_scores_and_questions_keep_to_what_is_open() {
    let persons = Persons::new(120);
    let linkage = Linkage::fit(persons.input()).unwrap();
    let mut known = vec![None; persons.pairs.len()];
    let before = linkage.scores(&known).unwrap();
    let asked = linkage.questions(&before, &|_| true, 10, 0);
    assert_eq!((asked.len(), &asked), (10, &linkage.questions(&before, &|_| true, 10, 0)));
    // Someone who says that nobody is the same.
    asked.iter().for_each(|&pair| known[pair] = Some(false));
    let after = linkage.scores(&known).unwrap();
    assert!(asked.iter().all(|&pair| after.log_odds[pair] == -KNOWN));
    let matches = |scores: &Scores| {
        let open = linkage.considered().iter().filter(|&&pair| known[pair as usize].is_none());
        open.map(|&pair| probability(scores.log_odds[pair as usize])).sum::<f64>()
    };
    assert!(matches(&after) < matches(&before), "{} {}", matches(&after), matches(&before));
    let more = linkage.questions(&after, &|pair| known[pair].is_none(), 25, 1);
    assert!(more.iter().all(|pair| !asked.contains(pair)));
    assert_eq!(more.len(), 25);
    let all = linkage.questions(&after, &|_| true, usize::MAX / 4, 2);
    assert_eq!(all.len(), linkage.considered().len());
    assert!(linkage.questions(&after, &|_| true, 0, 2).is_empty());
}

#[test]
fn answers_correct_the_evidence() {
    let persons = Persons::new(150);
    let linkage = Linkage::fit(persons.input()).unwrap();
    // Members of a household count as one here, which the columns do not say.
    let truth = |pair: usize| {
        let (a, b) = persons.pairs[pair];
        persons.person[a as usize] / 2 == persons.person[b as usize] / 2
    };
    let wrong = |scores: &Scores| {
        linkage.considered().iter().filter(|&&at| (scores.log_odds[at as usize] > 0.0) != truth(at as usize)).count()
    };
    let mut known = vec![None; persons.pairs.len()];
    let mut scores = linkage.scores(&known).unwrap();
    let before = wrong(&scores);
    for round in 0..8 {
        for pair in linkage.questions(&scores, &|pair| known[pair].is_none(), 10, round) {
            known[pair] = Some(truth(pair));
        }
        scores = linkage.scores(&known).unwrap();
    }
    assert!(2 * wrong(&scores) < before, "{} of {before}", wrong(&scores));
}

#[test]
fn the_same_bits_on_any_number_of_threads() {
    let persons = Persons::new(60);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let linkage = Linkage::fit(persons.input()).unwrap();
            let known: Vec<_> =
                (0..persons.pairs.len()).map(|pair| (pair % 9 == 0).then(|| persons.is_match(pair))).collect();
            let scores = linkage.scores(&known).unwrap();
            let questions = linkage.questions(&scores, &|_| true, 30, 3);
            (scores, questions, linkage.comparators(0..persons.pairs.len()))
        })
    };
    assert_eq!(run(1), run(4));
}

#[test]
fn swapped_names_are_found() {
    let mut persons = Persons::new(120);
    let first = persons.columns[0].values[0].clone();
    persons.columns[0].values[0] = persons.columns[1].values[0].clone();
    persons.columns[1].values[0] = first;
    let linkage = Linkage::fit(persons.input()).unwrap();
    let pair = persons.pairs.iter().position(|&pair| pair == (0, 1)).unwrap();
    let explained = linkage.contributions(pair);
    assert!(explained.iter().any(|(name, term)| *name == "swapped values" && *term < 0.0), "{explained:?}");
    assert!(explained.iter().all(|(name, term)| !matches!(*name, "first" | "last") || *term > 0.0));
}

#[test]
fn one_source_has_one_record_of_an_entity() {
    let persons = Persons::new(40);
    let sources: Vec<u32> = vec![0; persons.person.len()];
    let input = LinkageInput { sources: Some(&sources), one_per_source: true, ..persons.input() };
    let linkage = Linkage::fit(input).unwrap();
    let scores = linkage.scores(&vec![None; persons.pairs.len()]).unwrap();
    assert!(scores.log_odds.iter().all(|&log_odds| log_odds < 0.0));
}

#[test]
fn tables_with_little_to_go_by_are_scored() {
    let column = |values: &[Option<&str>]| RecordColumn {
        name: "c".to_owned(),
        values: values.iter().map(|value| value.map(str::to_owned)).collect(),
    };
    let all_pairs = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)];
    let tables = [
        vec![],
        vec![column(&[None; 4])],
        vec![column(&[Some("same"); 4])],
        vec![column(&[Some("7"); 4]), column(&[None, Some("-"), Some("1e999"), Some("ﬁ")])],
        vec![column(&[Some("a"), None, Some("b"), None])],
        vec![column(&[Some("1"), Some("2"), Some("3"), Some("40")])],
    ];
    for columns in &tables {
        for pairs in [&all_pairs[..], &all_pairs[..1], &[]] {
            let cosine = vec![0.95_f32; pairs.len()];
            for sources in [None, Some([0, 0, 1, 1].as_slice())] {
                for one_per_source in [false, true] {
                    let input = LinkageInput { columns, pairs, cosine: &cosine, sources, one_per_source, seed: 1 };
                    let linkage = Linkage::fit(input).unwrap();
                    for answer in [None, Some(true), Some(false)] {
                        for answered in [1, 6] {
                            let known = (0..pairs.len()).map(|at| answer.filter(|_| at < answered));
                            let scores = linkage.scores(&known.collect::<Vec<_>>()).unwrap();
                            assert!(scores.log_odds.iter().all(|log_odds| log_odds.is_finite()));
                            assert!(scores.disagreement.iter().all(|d| (0.0..=1.0).contains(d)));
                            assert!(linkage.questions(&scores, &|_| true, 10, 0).len() <= pairs.len());
                        }
                    }
                    let terms = (0..pairs.len()).flat_map(|pair| linkage.contributions(pair));
                    assert!(terms.into_iter().all(|(_, term)| term.is_finite()), "{columns:?}");
                    assert!(linkage.contributions(99).is_empty());
                    let comparators = linkage.comparators(0..pairs.len());
                    assert!(comparators.iter().all(|(_, values)| values.len() == pairs.len()));
                    let names = linkage.term_names();
                    let terms = (0..pairs.len()).flat_map(|pair| linkage.contributions(pair));
                    assert!(terms.into_iter().all(|(name, _)| names.contains(&name)));
                }
            }
        }
    }
}

#[test]
fn pictures_are_linked_by_their_cosine_until_answers_say_otherwise() {
    let pairs: Vec<(u32, u32)> = (0..200).map(|a| (2 * a, 2 * a + 1)).collect();
    let cosine: Vec<f32> = (0..200).map(|at| at as f32 / 200.0).collect();
    let input =
        LinkageInput { columns: &[], pairs: &pairs, cosine: &cosine, sources: None, one_per_source: false, seed: 0 };
    let linkage = Linkage::fit(input).unwrap();
    let scores = linkage.scores(&[None; 200]).unwrap();
    assert!(scores.log_odds[170] < 0.0 && scores.log_odds[190] > 0.0);
    let known: Vec<_> = (0..200).map(|at| (at % 4 == 0).then_some(at >= 100)).collect();
    let scores = linkage.scores(&known).unwrap();
    assert!(scores.log_odds[121] > 0.0 && scores.log_odds[79] < 0.0, "{:?}", &scores.log_odds[75..125]);
}

#[test]
fn what_does_not_fit_is_refused() {
    let persons = Persons::new(5);
    let refused = |pairs: &[(u32, u32)]| {
        let cosine = vec![0.5; pairs.len()];
        Linkage::fit(LinkageInput { pairs, cosine: &cosine, ..persons.input() }).unwrap_err()
    };
    assert!(matches!(refused(&[(1, 0)]), DecideError::Pair { .. }));
    assert!(matches!(refused(&[(0, 99)]), DecideError::Pair { .. }));
    assert_eq!(refused(&[(0, 2), (0, 1)]), DecideError::UnsortedPair { a: 0, b: 1 });
    assert_eq!(refused(&[(0, 2), (0, 2)]), DecideError::RepeatedPair { a: 0, b: 2 });
    assert!(Linkage::fit(LinkageInput { cosine: &[], ..persons.input() }).is_err());
    assert!(Linkage::fit(LinkageInput { cosine: &vec![f32::NAN; persons.pairs.len()], ..persons.input() }).is_err());
    assert!(Linkage::fit(LinkageInput { sources: Some(&[0]), ..persons.input() }).is_err());
    assert!(Linkage::fit(persons.input()).unwrap().scores(&[None]).is_err());
}
