//! Classes on the page: how many rows each has, how sure that is, and which rows are most worth asking about.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::decision::warned;
use super::facts::Facts;
use super::html::{Cell, number, percent, table};
use crate::error::Result;
use crate::store::Artifact;

/// Rows of each table that are shown.
const SHOWN: usize = 20;

#[derive(Deserialize)]
struct ClassSum {
    class: Option<String>,
    group: Option<u64>,
    rows: u64,
    known: u64,
    probability: f64,
}

#[derive(Deserialize)]
struct Doubtful {
    id: u64,
    class: Option<String>,
    group: Option<u64>,
    probability: f64,
}

/// Tiles, the classes and the most doubtful rows; nothing of a run that decides about no classes.
pub(super) async fn show(facts: &Facts) -> Result<String> {
    if !facts.run.path(Artifact::Classes).exists() {
        return Ok(String::new());
    }
    let scores: BTreeMap<String, f64> =
        facts.run.metrics()?.into_iter().map(|metric| (metric.name, metric.value)).collect();
    let tiles = [
        ("classes", "classes", number as fn(f64) -> String, "that something is known of"),
        ("expected accuracy", "expected_accuracy", percent, "the mean probability of all rows"),
        ("known", "known", number, "rows, before the decision"),
        ("of none", "of_none", number, "rows that are of none of the classes"),
        ("accuracy", "accuracy", percent, "of rows that were not known, beside the label column"),
        ("test accuracy", "accuracy.test", percent, "of rows of the split `test`"),
    ];
    let tile = |(title, name, shown, note): (&str, &str, fn(f64) -> String, &str)| {
        let value = scores.get(&format!("decision.{name}"))?;
        Some(format!("<div class=\"tile\"><h3>{title}</h3><b>{}</b><p>{note}</p></div>", shown(*value)))
    };
    let tiles: String = tiles.into_iter().filter_map(tile).collect();
    let text = format!(
        "SELECT class, \"group\", count(*) AS rows, sum(CASE WHEN known THEN 1 ELSE 0 END) AS known,
         avg(probability) AS probability FROM classes GROUP BY class, \"group\" ORDER BY rows DESC, \"group\" LIMIT {SHOWN}"
    );
    let classes: Vec<ClassSum> = facts.audit.rows(&text).await?;
    let text = format!(
        "SELECT id, class, \"group\", CAST(probability AS DOUBLE) AS probability FROM classes WHERE NOT known
         ORDER BY probability, id LIMIT {SHOWN}"
    );
    let doubtful: Vec<Doubtful> = facts.audit.rows(&text).await?;
    let sums: Vec<Vec<Cell>> = classes
        .iter()
        .map(|sum| {
            let [class, group] = names(sum.class.as_deref(), sum.group);
            vec![class, group, Cell::count(sum.rows), Cell::count(sum.known), Cell::Share(sum.probability)]
        })
        .collect();
    let doubts: Vec<Vec<Cell>> = doubtful
        .iter()
        .map(|row| {
            let [class, group] = names(row.class.as_deref(), row.group);
            vec![Cell::Text(row.id.to_string()), class, group, Cell::Figure(format!("{:.3}", row.probability))]
        })
        .collect();
    Ok(format!(
        "<div class=\"tiles\">{tiles}</div>{}{}<p>Most worth asking about next: the rows whose class is least sure.</p>{}",
        warned(&scores),
        table(&["class", "stands for it", "rows", "known", "mean probability"], &sums),
        table(&["sample", "class", "stands for it", "probability"], &doubts)
    ))
}

/// The name of a class and the sample that stands for it.
fn names(class: Option<&str>, group: Option<u64>) -> [Cell; 2] {
    let class = class.or_else(|| group.map(|_| "(no name)")).unwrap_or("none of these");
    [Cell::Text(class.to_owned()), group.map_or(Cell::None, |group| Cell::Text(group.to_string()))]
}
