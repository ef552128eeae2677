//! Your own query strategy: ask about the most similar pairs of which nothing is known yet. Digits, closed form, a
//! simulated annotator who knows the labels.

use relata::prelude::*;
use relata_testing::check_strategy;

/// Rows that are looked at in a round; their pairs are compared with each other.
const POOL: u32 = 400;

/// The most similar open pairs of a pool of rows that moves on with every round.
struct MostSimilar;

impl Strategy for MostSimilar {
    fn describe(&self) -> Description {
        Description::new("most_similar")
    }

    fn propose(&self, context: &QueryContext<'_>, pairs: usize) -> Vec<Query> {
        let rows = context.rows() as u32;
        let first = context.round * POOL % rows;
        let pool: Vec<_> = (0..POOL.min(rows)).map(|at| TrainingRow((first + at) % rows)).collect();
        let mut queries = Vec::new();
        for (at, &anchor) in pool.iter().enumerate() {
            for &candidate in pool[at + 1..].iter().filter(|&&candidate| context.is_open(anchor, candidate)) {
                let priority = context.similarity(anchor, candidate);
                queries.push(Query { anchor, candidates: vec![candidate], priority });
            }
        }
        queries.sort_by(|a, b| b.priority.total_cmp(&a.priority));
        queries.truncate(pairs);
        queries
    }
}

fn main() -> relata::Result<()> {
    check_strategy(&MostSimilar);

    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/digits.parquet");
    let run = Pipeline::read(parquet(data).features("image"))
        // A prior of neighbours, which a "no" corrects and a "yes" joins: without one, a few answers would outweigh
        // everything that the kernel knows.
        .relate(nearest(7).l2().either_way().weighted(1.0 / 3.0))
        .ask(labels("label"), MostSimilar.budget(300.0).per_round(100).shared())
        .resolve(Policy::NegativesCut)
        .solve(closed_form(Kernel::Laplace { width: 0.5 }, 20).normalised())
        .evaluate(linear_probe("label"))
        .write("runs/own_strategy")
        .progress(bars())
        .cancel_with(Cancel::on_ctrl_c())
        .run()?;
    run.show(
        "SELECT round, name, round(value, 4) AS value FROM metrics
         WHERE name IN ('ask.yes', 'ask.components', 'linear_probe.test') ORDER BY round, name",
    )?;
    run.show("SELECT related, count(*) AS answers, sum(cost) AS cost FROM answers GROUP BY related")?;
    Ok(())
}
