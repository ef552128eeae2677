//! Reports: what became of a run, or of several side by side, as one HTML page without scripts that needs no other file.

mod bridges;
mod chart;
mod classes;
mod compare;
mod conflicts;
mod decision;
mod embedding;
mod facts;
mod gallery;
mod html;
mod pair_votes;
mod picture;
mod questions;
mod summary;
mod tables;

use std::collections::BTreeSet;

use relata_data::index::SampleId;
use serde::Deserialize;

use chart::{Line, chart, thinned};
use facts::Facts;
use html::{escaped, page, section};
use pair_votes::VotesByPair;

pub use gallery::Gallery;

use crate::error::Result;
use crate::store::Run;

/// The most points of the training loss.
const LOSSES: usize = 200;
const AXIS: &str = "units spent";

/// The titles of all parts that a page may have, in order.
const TITLES: [&str; 13] = [
    "Decision",
    "Summary",
    "Cost curves",
    "Runs",
    "Rounds",
    "Who answered",
    "Oracles",
    "Embeddings",
    "Questions",
    "Contradictions",
    "Bridges",
    "Training",
    "Plan",
];

/// The page of one run, with all that is known about it, or of several, with their cost curves by strategy. Parts
/// about questions are left out where none were asked.
///
/// ```no_run
/// use relata::prelude::*;
/// use relata::report::report;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let page = report(&[Run::open("runs/digits")?]).await?;
/// std::fs::write("report.html", page)?;
/// # Ok(())
/// # }
/// ```
pub async fn report(runs: &[Run]) -> Result<String> {
    if let [run] = runs {
        return one(run).await;
    }
    let mut facts = Vec::new();
    for run in runs {
        facts.push(Facts::gather(run).await?);
    }
    let names: Vec<String> = runs.iter().map(Run::name).collect();
    Ok(page(&format!("{} runs", runs.len()), &names.join(", "), &TITLES, &compare::sections(&facts)))
}

async fn one(run: &Run) -> Result<String> {
    let facts = Facts::gather(run).await?;
    let audit = &facts.audit;
    let (shown, conflicts) = (questions::sample(audit).await?, conflicts::worst(audit).await?);
    let votes = VotesByPair::new(audit.votes().await?);
    let ids: BTreeSet<SampleId> =
        questions::ids(&shown).chain(conflicts.ids()).chain(bridges::ids(facts.bridges())).collect();
    let gallery = Gallery::open(run, &ids)?;
    let (annotators, oracles) = (audit.annotators().await?, audit.oracles().await?);
    let estimates = audit.oracle_estimates().await?;
    let label = facts.plan.evaluate.first().and_then(|first| first["label"].as_str());

    let bodies = [
        (
            "Decision",
            "What was decided about all rows, by what is known and by what the model makes of the rest.",
            decision::show(&facts).await? + &classes::show(&facts).await?,
        ),
        ("Summary", "", summary::tiles(&facts, conflicts.count).await?),
        (
            "Cost curves",
            "What was measured over what the answers had cost by then, and how much 100 units have changed in each round.",
            curves(&facts) + &tables::gains(&facts),
        ),
        (
            "Rounds",
            "What each round asked and cost. Predicted is the share of the answers that the model knew before they were \
             given; known are the pairs that follow from all answers so far.",
            tables::rounds(&facts),
        ),
        (
            "Who answered",
            "Agreement is that of pairs which others answered too; sensitivity and specificity, the chances of \
             recognising alike and different pairs, are estimated from it (Dawid and Skene 1979). Coverage, overlap and \
             conflict are shares of all pairs asked about: those that an oracle speaks about, that another speaks about \
             too, and that another contradicts.",
            tables::annotators(&annotators) + &tables::oracles(&oracles),
        ),
        (
            "Oracles",
            "Those that state relations unasked. Agreement is that with what others and answers say about the same pairs; \
             accuracy, the share of an oracle's statements that is right, is estimated from it, and 75% where nothing \
             tells. Weight is what the weights of its pairs were multiplied by.",
            tables::estimates(&estimates),
        ),
        ("Embeddings", "", embedding::pictures(run, audit, label).await?),
        (
            "Questions",
            "The first questions of the rounds, and what was answered.",
            questions::show(&shown, &gallery, &votes),
        ),
        (
            "Contradictions",
            "Pairs about which answers, or what follows from them, contradict each other: first those that were left \
             open, then the plainest.",
            conflicts.show(&gallery, &votes),
        ),
        (
            "Bridges",
            "Answers that are doubted: a single yes that alone holds two big groups together, so that one mistake would \
             have merged them. They are asked about again first under the policy re_ask, and join nothing before they \
             are confirmed if the pipeline asks so.",
            bridges::show(facts.bridges(), &gallery, &votes),
        ),
        ("Training", "", beside(&losses(&facts).await?, &summary::measurements(&facts))),
        ("Plan", "", format!("<pre>{}</pre>", escaped(&facts.plan.to_string()))),
    ];
    let sections: String = bodies.iter().map(|(title, lead, body)| section(title, lead, body)).collect();
    Ok(page(&run.name(), &under(&facts), &TITLES, &sections))
}

/// A line below the title.
fn under(facts: &Facts) -> String {
    let asked = facts.strategy().map(|strategy| format!(", asking by {strategy}")).unwrap_or_default();
    format!("A run of Relata {}{asked}, in {}", facts.plan.version, facts.run.folder().display())
}

fn curves(facts: &Facts) -> String {
    let figure = |metric: &str| {
        let points: Vec<(f64, f64)> = facts.points(metric).map(|point| (point.spent, point.value)).collect();
        match points.len() {
            0 | 1 => String::new(),
            _ => chart(metric, AXIS, &[Line { name: metric.to_owned(), points, ..Line::default() }]),
        }
    };
    let figures: String = facts.headline().into_iter().map(figure).collect();
    if figures.is_empty() { figures } else { format!("<div class=\"figures\">{figures}</div>") }
}

/// A figure, and a table on its right where there is room; either may be missing.
fn beside(figure: &str, table: &str) -> String {
    match (figure.is_empty(), table.is_empty()) {
        (false, false) => format!("<div class=\"beside\">{figure}{table}</div>"),
        _ => format!("{figure}{table}"),
    }
}

/// The loss of the longest training, over its steps.
async fn losses(facts: &Facts) -> Result<String> {
    #[derive(Deserialize)]
    struct Loss {
        round: u32,
        step: u64,
        value: f64,
    }
    let losses: Vec<Loss> = facts
        .audit
        .rows(
            "SELECT round, step, value FROM metrics WHERE name = 'loss' AND round = (
               SELECT round FROM metrics WHERE name = 'loss' GROUP BY round ORDER BY max(step) DESC, round LIMIT 1
             ) ORDER BY step",
        )
        .await?;
    let points: Vec<(f64, f64)> = losses.iter().map(|loss| (loss.step as f64, loss.value)).collect();
    if points.len() < 2 {
        return Ok(String::new());
    }
    let round = losses.first().map_or(0, |loss| loss.round);
    let title = if round == 0 { "loss".to_owned() } else { format!("loss, round {round}") };
    let line = Line { name: "loss".to_owned(), colour: 0, faint: false, points: thinned(&points, LOSSES) };
    Ok(chart(&title, "step", &[line]))
}

#[cfg(test)]
mod tests;
