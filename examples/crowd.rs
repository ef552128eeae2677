//! A crowd that errs: five annotators, each wrong in a tenth of the answers, three of whom answer each question. How the
//! annotators agree tells what their answers are worth (Dawid and Skene 1979), which makes a cleaner graph than voting.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Float64Type, Int64Type, UInt64Type};
use relata::prelude::*;
use relata_data::{OperatorError, query};

const SEEDS: u32 = 5;
const WRONG: f64 = 0.1;
/// The precision of the graph's pairs that has to be reached.
const PRECISION: f64 = 0.98;
/// The share of other classes' rows that a component may have.
const MINORITY: f64 = 0.05;

/// Pairs of rows that a run knows as related or unrelated, and how many of them the labels agree with.
const KNOWN_PAIRS: &str = "
    WITH m AS (SELECT m.id, m.\"group\", s.label FROM memberships m JOIN samples s ON s.id = m.id
               WHERE m.rel = 'answers'),
    yes AS (SELECT CAST(a.label = b.label AS INT) AS good
            FROM m a JOIN m b ON a.\"group\" = b.\"group\" AND a.id < b.id),
    no AS (SELECT CAST(a.label <> b.label AS INT) AS good FROM separations s
           JOIN m a ON a.\"group\" = s.a JOIN m b ON b.\"group\" = s.b)
    SELECT count(*), sum(good) FROM (SELECT good FROM yes UNION ALL SELECT good FROM no)";
/// The share of a component's rows that are not of its most frequent class, at worst.
const WORST_MINORITY: &str = "
    WITH m AS (SELECT m.\"group\", s.label, count(*) AS n FROM memberships m JOIN samples s ON s.id = m.id
               WHERE m.rel = 'answers' GROUP BY 1, 2)
    SELECT max(minority) FROM (SELECT 1.0 - max(n) / CAST(sum(n) AS DOUBLE) AS minority FROM m GROUP BY \"group\")";
/// Yes and no votes of each pair, and whether it is one.
const VOTES: &str = "
    SELECT least(w.anchor, w.candidate) AS a, greatest(w.anchor, w.candidate) AS b,
           sum(CASE WHEN w.related THEN 1 ELSE -1 END) AS votes, bool_and(x.label = y.label) AS truth
    FROM answers w JOIN samples x ON x.id = w.anchor JOIN samples y ON y.id = w.candidate
    GROUP BY 1, 2 ORDER BY 1, 2";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut missed = Vec::new();
    println!("seed  pairs asked  majority: pairs right  graph: pairs known  right  worst minority");
    for seed in 0..SEEDS {
        let run = ask(seed).await?;
        let (votes, majority) = majority(&run).await?;
        let (known, right) = precision(&run).await?;
        let minority = number(&run, WORST_MINORITY).await?;
        println!("{seed:>4} {votes:>12} {majority:>22.4} {known:>19} {right:>6.4} {minority:>15.4}");
        if right < PRECISION || right <= majority || minority > MINORITY {
            missed.push(seed);
        }
    }
    match missed.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "seeds {missed:?}: expected {PRECISION} right, more than by voting, and a minority of at most {MINORITY}"
        )
        .into()),
    }
}

async fn ask(seed: u32) -> relata::Result<Run> {
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
        .run_async()
        .await
}

/// The number of pairs asked about, and the share of those decided by the majority that it decided right.
async fn majority(run: &Run) -> relata::Result<(usize, f64)> {
    let mut by_pair: BTreeMap<(u64, u64), bool> = BTreeMap::new();
    for batch in query::collect(run.sql(VOTES).await?).await.map_err(OperatorError::from)? {
        let (a, b) = (batch["a"].as_primitive::<UInt64Type>(), batch["b"].as_primitive::<UInt64Type>());
        let (votes, truth) = (batch["votes"].as_primitive::<Int64Type>(), batch["truth"].as_boolean());
        let rows = (0..batch.num_rows()).filter(|&row| votes.value(row) != 0);
        by_pair.extend(rows.map(|row| ((a.value(row), b.value(row)), (votes.value(row) > 0) == truth.value(row))));
    }
    let right = by_pair.values().filter(|right| **right).count();
    Ok((by_pair.len(), right as f64 / by_pair.len() as f64))
}

async fn precision(run: &Run) -> relata::Result<(i64, f64)> {
    let batches = query::collect(run.sql(KNOWN_PAIRS).await?).await.map_err(OperatorError::from)?;
    let value = |column: usize| batches[0].column(column).as_primitive::<Int64Type>().value(0);
    Ok((value(0), value(1) as f64 / value(0) as f64))
}

async fn number(run: &Run, sql: &str) -> relata::Result<f64> {
    let batches = query::collect(run.sql(sql).await?).await.map_err(OperatorError::from)?;
    let column = batches[0].column(0);
    Ok(if column.is_valid(0) { column.as_primitive::<Float64Type>().value(0) } else { 0.0 })
}
