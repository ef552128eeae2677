//! A crowd that errs: five annotators, each wrong in a tenth of the answers, three of whom answer each question. How the
//! annotators agree tells what their answers are worth (Dawid and Skene 1979), which makes a cleaner graph than voting.

use relata::arrow::array::AsArray;
use relata::arrow::datatypes::Float64Type;
use relata::data::{DataError, query};
use relata::prelude::*;

const SEEDS: u32 = 5;
const WRONG: f64 = 0.1;
/// The precision of the graph's pairs that has to be reached.
const PRECISION: f64 = 0.98;
/// The share of other classes' rows that a component may have.
const MINORITY: f64 = 0.05;

/// How many pairs the majority of their votes decides, and the share of them that it decides right.
const MAJORITY: &str = "
    WITH pairs AS (
        SELECT least(w.anchor, w.candidate) AS a, greatest(w.anchor, w.candidate) AS b,
               sum(CASE WHEN w.related THEN 1 ELSE -1 END) AS votes, bool_and(x.label = y.label) AS truth
        FROM answers w JOIN samples x ON x.id = w.anchor JOIN samples y ON y.id = w.candidate
        GROUP BY 1, 2)
    SELECT CAST(count(*) AS DOUBLE), avg(CASE WHEN (votes > 0) = truth THEN 1.0 ELSE 0.0 END)
    FROM pairs WHERE votes <> 0";
/// How many pairs a run knows as related or unrelated, and the share of them that the labels agree with.
const KNOWN_PAIRS: &str = "
    WITH m AS (SELECT m.id, m.\"group\", s.label FROM memberships m JOIN samples s ON s.id = m.id
               WHERE m.rel = 'answers'),
    yes AS (SELECT a.label = b.label AS good FROM m a JOIN m b ON a.\"group\" = b.\"group\" AND a.id < b.id),
    no AS (SELECT a.label <> b.label AS good FROM separations s
           JOIN m a ON a.\"group\" = s.a JOIN m b ON b.\"group\" = s.b)
    SELECT CAST(count(*) AS DOUBLE), avg(CASE WHEN good THEN 1.0 ELSE 0.0 END)
    FROM (SELECT good FROM yes UNION ALL SELECT good FROM no)";
/// The share of a component's rows that are not of its most frequent class, at worst.
const WORST_MINORITY: &str = "
    WITH m AS (SELECT m.\"group\", s.label, count(*) AS n FROM memberships m JOIN samples s ON s.id = m.id
               WHERE m.rel = 'answers' GROUP BY 1, 2)
    SELECT max(minority) FROM (SELECT 1.0 - max(n) / CAST(sum(n) AS DOUBLE) AS minority FROM m GROUP BY \"group\")";

#[tokio::main]
async fn main() -> relata::Result<()> {
    let cancel = Cancel::on_ctrl_c();
    let mut missed = Vec::new();
    println!("seed  pairs decided  majority: right  graph: pairs known  right  worst minority");
    for seed in 0..SEEDS {
        let run = ask(seed).cancel_with(cancel.clone()).run_async().await?;
        let [decided, majority] = row(&run, MAJORITY).await?;
        let [known, right] = row(&run, KNOWN_PAIRS).await?;
        let [minority] = row(&run, WORST_MINORITY).await?;
        println!("{seed:>4} {decided:>14} {majority:>16.4} {known:>19} {right:>6.4} {minority:>15.4}");
        if right < PRECISION || right <= majority || minority > MINORITY {
            missed.push(seed);
        }
    }
    assert!(
        missed.is_empty(),
        "seeds {missed:?}: expected {PRECISION} right, more than by voting, and a minority of at most {MINORITY}"
    );
    Ok(())
}

fn ask(seed: u32) -> Pipeline<relata::dsl::Ready> {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/digits.parquet");
    let annotators = ["anna", "ben", "carla", "dan", "eve"]
        .map(|name| noisy(labels("label"), WRONG).named(format!("{name}-{seed}")));
    let asking = explore_consolidate()
        .budget(900.0)
        .per_round(30)
        .policy(AnswerPolicy::ReAsk)
        .bridges_from(1)
        .confirmed()
        .confidence(0.99)
        .shared();
    Pipeline::read(parquet(data).features("image"))
        .train_on("split = 'train' AND id % 9 < 4")
        .relate(nearest(7).l2().either_way().tuned().weighted(1.0 / 3.0))
        .ask(crowd(annotators).each(3), asking)
        .resolve(Policy::NegativesCut)
        .solve(closed_form(Kernel::Laplace { width: 0.5 }, 20).normalised())
        .evaluate(linear_probe("label"))
        .write(format!("runs/crowd/{seed}"))
}

/// The only row of an answer; 0 where it is null.
async fn row<const N: usize>(run: &Run, sql: &str) -> relata::Result<[f64; N]> {
    let answer = query::collect(run.sql(sql).await?).await.map_err(DataError::from)?;
    let columns = answer.iter().find(|batch| batch.num_rows() > 0).map(|batch| batch.columns());
    let number = |at: usize| columns?[at].as_primitive::<Float64Type>().iter().next()?;
    Ok(std::array::from_fn(|at| number(at).unwrap_or_default()))
}
