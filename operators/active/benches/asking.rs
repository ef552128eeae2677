//! What it takes to ask on: 100 questions among 10^6 rows of which 10^5 answers are known, and one more answer, with
//! its way to the disk; and a whole round of a query loop after 10^4 and after 10^5 answers.
// The macro that makes a group of benchmarks writes a public function without documentation.
#![allow(missing_docs)]

use std::collections::HashSet;

use async_trait::async_trait;
use criterion::{Criterion, criterion_group, criterion_main};
use rand::RngExt;
use relata_active::calibration::Calibration;
use relata_active::inference::{Belief, BeliefSettings, Constraint};
use relata_active::ledger::Ledger;
use relata_active::query_loop::{QueryLoop, StrategyExt};
use relata_active::strategy::{
    QueryContext, Strategy, boundary, diverse, explore_consolidate, most_implied, random_pairs, representatives,
    uncertain_pairs,
};
use relata_data::index::{Row, SampleId, TrainingRow};
use relata_data::seed::{Rng, stream};
use relata_data::source::{csv, ingest, session};
use relata_graph::Groups;
use relata_oracle::{Answer, Context, Cost, Oracle, Question, Record};
use relata_registry::Description;

const ROWS: u32 = 1_000_000;
const WIDTH: usize = 64;
const CLASSES: u32 = 100;
const ANSWERS: u64 = 100_000;

/// Rows around the centres of their classes, each of unit length; row r is of class r modulo `CLASSES`.
fn embeddings(rng: &mut Rng) -> Vec<f32> {
    let centres: Vec<f32> = (0..CLASSES as usize * WIDTH).map(|_| rng.random_range(-1.0..1.0)).collect();
    let mut rows = Vec::with_capacity(ROWS as usize * WIDTH);
    for row in 0..ROWS {
        let centre = &centres[(row % CLASSES) as usize * WIDTH..][..WIDTH];
        let values: Vec<f32> = centre.iter().map(|c| c + rng.random_range(-0.5..0.5)).collect();
        let norm = values.iter().map(|v| v * v).sum::<f32>().sqrt();
        rows.extend(values.iter().map(|v| v / norm));
    }
    rows
}

/// An answer about two random rows out of a tenth of all, as if strategies came back to what they know.
fn constraint(number: u64, rng: &mut Rng) -> Constraint {
    let (a, mut b) = (rng.random_range(0..ROWS / 10), rng.random_range(0..ROWS / 10));
    b += u32::from(a == b);
    let related = a % CLASSES == b % CLASSES;
    Constraint { number, a: TrainingRow(a), b: TrainingRow(b), related, weight: 1.0 }
}

fn propose(c: &mut Criterion) {
    let mut rng = stream(1, &[]);
    let embeddings = embeddings(&mut rng);
    let mut belief = Belief::new(ROWS as usize, BeliefSettings::default());
    let (mut closed, mut pairs) = (HashSet::new(), Vec::new());
    for number in 1..=ANSWERS {
        let said = constraint(number, &mut rng);
        belief.add(said);
        closed.insert((said.a.min(said.b), said.a.max(said.b)));
        let row = |row: TrainingRow| &embeddings[row.index() * WIDTH..][..WIDTH];
        pairs.push((row(said.a).iter().zip(row(said.b)).map(|(x, y)| x * y).sum::<f32>(), said.related, 1.0));
    }
    let calibration = Calibration::fit(&pairs);
    let strategies: [(&str, Box<dyn Strategy>); 7] = [
        ("random_pairs", Box::new(random_pairs())),
        ("representatives", Box::new(representatives(10))),
        ("uncertain_pairs", Box::new(uncertain_pairs())),
        ("explore_consolidate", Box::new(explore_consolidate())),
        ("most_implied", Box::new(most_implied())),
        ("diverse", Box::new(diverse())),
        ("boundary", Box::new(boundary())),
    ];
    let mut group = c.benchmark_group("propose 100 questions, 10^6 rows, 10^5 answers");
    group.sample_size(10);
    for (name, strategy) in strategies {
        let mut round = 0;
        group.bench_function(name, |b| {
            b.iter(|| {
                round += 1;
                let context = QueryContext {
                    embeddings: &embeddings,
                    width: WIDTH,
                    belief: &belief,
                    calibration: &calibration,
                    closed: &closed,
                    candidates: None,
                    seed: 3,
                    round,
                };
                let queries = strategy.propose(&context, 100);
                assert!(!queries.is_empty(), "{name} proposes nothing");
                queries
            })
        });
    }
    group.bench_function("take an answer into the belief", |b| {
        let mut number = ANSWERS;
        b.iter(|| {
            number += 1;
            belief.add(constraint(number, &mut rng))
        })
    });
    group.finish();
}

fn record(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let ledger = Ledger::open(folder.path()).expect("a ledger");
    let question = |number: u64| Question {
        question: number,
        round: (number / 1000) as u32 + 1,
        anchor: SampleId(number),
        candidates: vec![SampleId(number + 1)],
        strategy: "bench".to_owned(),
        priority: 0.0,
    };
    let answer =
        |number: u64| Answer::now(&question(number), SampleId(number + 1), Some(true), "bench", Cost::default());
    let all: Vec<Question> = (1..=ANSWERS + 100_000).map(question).collect();
    ledger.ask(&all).expect("questions are stored");
    let known: Vec<Answer> = (1..=ANSWERS).map(answer).collect();
    ledger.record(&known).expect("answers are stored");
    let mut number = ANSWERS;
    c.bench_function("write one answer down after 10^5, durably", |b| {
        b.iter(|| {
            number += 1;
            ledger.record(&[answer(number)]).expect("an answer is stored")
        })
    });
}

/// Says what the classes are.
struct Truth;

#[async_trait]
impl Oracle for Truth {
    fn describe(&self) -> Description {
        Description::new("truth")
    }

    async fn answer(&self, _: &Context<'_>, questions: &[Question], out: &dyn Record) -> relata_oracle::Result<()> {
        let class = |id: SampleId| id.0 % u64::from(CLASSES);
        let related = |question: &Question, row: SampleId| Some(class(question.anchor) == class(row));
        let answers = questions.iter().flat_map(|q| q.answers("truth", Cost::default(), |row| related(q, row)));
        out.record(&answers.collect::<Vec<_>>())
    }
}

/// Rounds of 100 questions: proposed, written down, answered, written down and taken in.
fn rounds(c: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let embeddings = embeddings(&mut stream(1, &[]));
    let rows: Vec<Row> = (0..ROWS).map(Row).collect();
    let groups = Groups::default();
    let mut group = c.benchmark_group("a round of 100 questions, 10^6 rows");
    group.sample_size(10);
    for answers in [ANSWERS / 10, ANSWERS] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("samples.csv");
        std::fs::write(&file, "id,x\n0,0\n").expect("a file");
        let session = session();
        let samples = runtime.block_on(ingest(&csv(file), &session, folder.path(), &mut |_| {})).expect("a sample");
        let context = Context::new(&session, &samples, 3);
        let mut rng = stream(2, &[]);
        let asked: Vec<Question> = (1..=answers)
            .map(|number| {
                let said = constraint(number, &mut rng);
                Question {
                    question: number,
                    round: (number / 1000) as u32 + 1,
                    anchor: SampleId(said.a.0.into()),
                    candidates: vec![SampleId(said.b.0.into())],
                    strategy: "bench".to_owned(),
                    priority: 0.0,
                }
            })
            .collect();
        let ledger = Ledger::open(folder.path()).expect("a ledger");
        ledger.ask(&asked).expect("questions are stored");
        runtime.block_on(Truth.answer(&context, &asked, &ledger)).expect("answers are stored");
        let config = uncertain_pairs().budget(1e9).per_round(100);
        let mut round = (answers / 1000) as u32 + 1;
        let ids = rows.iter().map(|row| SampleId(row.0.into())).collect();
        let mut query_loop = QueryLoop::open(&config, folder.path(), ids, &groups, &rows, round).expect("a query loop");
        group.bench_function(format!("{answers} answers"), |b| {
            b.iter(|| {
                round += 1;
                let done = query_loop.run_round(&Truth, &context, &embeddings, WIDTH, round);
                let done = runtime.block_on(done).expect("a round");
                assert_eq!(done.questions, 100);
            })
        });
    }
    group.finish();
}

criterion_group!(benches, propose, record, rounds);
criterion_main!(benches);
