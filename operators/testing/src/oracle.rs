//! Conformance of oracles.

use std::collections::BTreeSet;

use relata_data::index::{Row, SampleId};
use relata_data::source::Dataset;
use relata_graph::Relations;
use relata_oracle::{Answer, Oracle, OracleError, Question};

use crate::check_description;
use crate::fixture::{Recorded, SmallDataset, on_a_runtime};

/// Checks an oracle on sixty samples with the columns `id`, `label`, `name` and `split`, of which the rows with
/// `split = 'train'` are trained on. See [`check_oracle_on`].
pub fn check_oracle(oracle: &(impl Oracle + ?Sized)) {
    on_a_runtime(async {
        let data = SmallDataset::labelled().await.unwrap_or_else(|error| panic!("the fixture: {error}"));
        check(oracle, &data).await;
    });
}

/// Checks an oracle on a dataset: it states relations, answers questions, or both; every statement is about samples of
/// the dataset; every candidate is answered by each annotator once; the same question has the same answer.
pub fn check_oracle_on(oracle: &(impl Oracle + ?Sized), dataset: &Dataset) {
    on_a_runtime(async {
        let data = SmallDataset::of(dataset).await.unwrap_or_else(|error| panic!("the dataset: {error}"));
        check(oracle, &data).await;
    });
}

async fn check(oracle: &(impl Oracle + ?Sized), data: &SmallDataset) {
    check_description(&|| oracle.describe());
    if let Err(error) = oracle.check() {
        panic!("check: the oracle refuses its own settings: {error}");
    }
    assert!(oracle.files().iter().all(|file| file.exists()), "files: one of {:?} is not there", oracle.files());
    assert!(oracle.annotators() > 0, "annotators: there are none");
    let cost = oracle.cost();
    assert!(cost.of(1) >= 0.0 && cost.of(1).is_finite(), "cost: a question costs {}", cost.of(1));
    let states = states(oracle, data).await;
    let answers = answers(oracle, data).await;
    assert!(states || answers, "the oracle neither states relations (`relate`) nor answers questions (`answer`)");
}

/// Whether the oracle states relations, which are checked.
async fn states(oracle: &(impl Oracle + ?Sized), data: &SmallDataset) -> bool {
    let folder = data.folder().join("relations");
    std::fs::create_dir_all(&folder).unwrap();
    let mut relations = Relations::create(&folder).unwrap();
    match oracle.relate(&data.context(), &mut relations).await {
        Err(OracleError::Unsupported { .. }) => return false,
        Err(error) => panic!("relate: {error}"),
        Ok(()) => {}
    }
    let first = relations.counts();
    relations.finish().unwrap_or_else(|error| panic!("relate: what was stated is no table: {error}"));
    let mut again = Relations::create(&folder).unwrap();
    oracle.relate(&data.context(), &mut again).await.unwrap_or_else(|error| panic!("relate, a second time: {error}"));
    assert_eq!(again.counts(), first, "relate: a second call states something else");
    true
}

/// Whether the oracle answers questions, whose answers are checked.
async fn answers(oracle: &(impl Oracle + ?Sized), data: &SmallDataset) -> bool {
    let ids: Vec<SampleId> = (0..data.samples().ids.rows() as u32).map(|row| data.samples().ids.id(Row(row))).collect();
    let question = |number: u64, anchor: usize, candidates: &[usize]| Question {
        question: number,
        round: 1,
        anchor: ids[anchor % ids.len()],
        candidates: candidates.iter().map(|&at| ids[at % ids.len()]).collect(),
        strategy: "check".to_owned(),
        priority: 0.0,
    };
    let questions = [question(1, 0, &[1]), question(2, 2, &[3, 6, 7]), question(3, 5, &[1])];
    let Some(first) = ask(oracle, data, &questions).await else { return false };
    for question in &questions {
        for &candidate in &question.candidates {
            let of = |answer: &&Answer| answer.question == question.question && answer.candidate == candidate;
            let given: Vec<&Answer> = first.iter().filter(of).collect();
            let annotators: BTreeSet<&str> = given.iter().map(|answer| answer.annotator.as_str()).collect();
            assert!(
                !given.is_empty(),
                "answer: candidate {candidate} of question {} is not answered",
                question.question
            );
            assert_eq!(
                annotators.len(),
                given.len(),
                "answer: an annotator answered twice about candidate {candidate}"
            );
            assert!(given.iter().all(|answer| answer.anchor == question.anchor), "answer: another anchor");
            assert!(
                given.iter().all(|answer| (0.0..=1.0).contains(&answer.confidence) && answer.cost >= 0.0),
                "answer: a confidence outside of [0, 1], or a cost below 0"
            );
        }
    }
    let asked: usize = questions.iter().map(|question| question.candidates.len()).sum();
    assert!(
        first.len() >= asked && first.len() % asked == 0 || oracle.annotators() > 1,
        "answer: to more than was asked"
    );
    let said = |answers: &[Answer]| -> BTreeSet<String> {
        let one = |a: &Answer| format!("{} {} {} {:?}", a.question, a.candidate, a.annotator, a.related);
        answers.iter().map(one).collect()
    };
    let again = ask(oracle, data, &questions).await.unwrap_or_default();
    assert_eq!(said(&again), said(&first), "answer: the same questions have other answers");
    true
}

async fn ask(oracle: &(impl Oracle + ?Sized), data: &SmallDataset, questions: &[Question]) -> Option<Vec<Answer>> {
    let recorded = Recorded::in_folder(data.folder());
    match oracle.answer(&data.context(), questions, &recorded).await {
        Err(OracleError::Unsupported { .. }) => None,
        Err(error) => panic!("answer: {error}"),
        Ok(()) => Some(recorded.answers()),
    }
}
