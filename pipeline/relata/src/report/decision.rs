//! Decision on the page: how many entities there are, how sure that is, what to ask next and what it would buy.

use std::collections::BTreeMap;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::UInt64Type;
use arrow::util::display::array_value_to_string;
use relata_data::query;
use relata_data::source::KEPT_BACK;
use relata_decide::decision::warnings;
use serde::Deserialize;

use super::chart::{Line, chart};
use super::facts::Facts;
use super::html::{Cell, escaped, number, percent, table};
use crate::error::Result;
use crate::sql::SqlError;
use crate::store::Artifact;

/// Pairs that are shown.
const SHOWN: usize = 10;
/// Columns of each sample that are shown.
const COLUMNS: usize = 6;

#[derive(Deserialize)]
struct Doubtful {
    src: u64,
    dst: u64,
    probability: f64,
}

#[derive(Deserialize)]
struct Errors {
    expected: f64,
    shown: f64,
}

/// Tiles and the most doubtful pairs; nothing of a run that decides nothing.
pub(super) async fn show(facts: &Facts) -> Result<String> {
    if !facts.run.path(Artifact::Entities).exists() {
        return Ok(String::new());
    }
    let scores: BTreeMap<String, f64> =
        facts.run.metrics()?.into_iter().map(|metric| (metric.name, metric.value)).collect();
    let score = |name: &str| scores.get(&format!("decision.{name}")).copied();
    let mut tiles = Vec::new();
    let mut tile = |name: &str, value: Option<f64>, shown: fn(f64) -> String, note: String| {
        let tile = |value| format!("<div class=\"tile\"><h3>{name}</h3><b>{}</b><p>{note}</p></div>", shown(value));
        tiles.extend(value.map(tile));
    };
    let several = score("entities_of_several").unwrap_or_default();
    let largest = score("largest_entity").unwrap_or_default();
    let note = format!("{} of several rows, the largest of {}", number(several), number(largest));
    tile("entities", score("entities"), number, note);
    let expected =
        [("precision", "expected, by the probabilities of the pairs"), ("recall", "expected, among the candidates")];
    for (name, by_model) in expected {
        let audited = |end: &str| score(&format!("audit.{name}{end}"));
        match (audited(""), audited("_lower"), audited("_upper")) {
            (Some(value), Some(lower), Some(upper)) => {
                let answers = number(score("audit.answers").unwrap_or_default());
                let note =
                    format!("{} to {} with 95%, by an audit of {answers} answers", percent(lower), percent(upper));
                tile(name, Some(value), percent, note);
            }
            _ => tile(name, score(&format!("expected_{name}")), percent, by_model.to_owned()),
        }
    }
    let threshold = "probability from which on pairs are joined, chosen by the audit".to_owned();
    tile("threshold", score("threshold"), |value| format!("{value:.3}"), threshold);
    let found = score("candidates_recall").map(|recall| format!(", an estimated {} of all matches", percent(recall)));
    let note = format!("{} known{}", number(score("known").unwrap_or_default()), found.unwrap_or_default());
    tile("candidates", score("candidates"), number, note);
    tile("F1", score("f1"), percent, "beside the label column".to_owned());
    let (charts, doubtful) = (audited(facts).await?, doubtful(facts).await?);
    let warned = warned(&scores);
    Ok(format!("<div class=\"tiles\">{}</div>{warned}{charts}{doubtful}", tiles.concat()))
}

/// What is suspicious about a decision.
pub(super) fn warned(scores: &BTreeMap<String, f64>) -> String {
    let all = warnings(|name| scores.get(name).copied());
    all.iter().map(|text| format!("<p><b>Careful:</b> {}.</p>", escaped(text))).collect()
}

#[derive(Deserialize)]
struct Point {
    x: f64,
    y: f64,
}

/// What an audit says about probabilities and thresholds; nothing without one.
async fn audited(facts: &Facts) -> Result<String> {
    if !facts.run.path(Artifact::Audit).exists() {
        return Ok(String::new());
    }
    let points = async |text: &str| -> Result<Vec<(f64, f64)>> {
        let points: Vec<Point> = facts.audit.rows(text).await?;
        Ok(points.into_iter().map(|point| (point.x, point.y)).collect())
    };
    let reliability = points("SELECT probability AS x, related AS y FROM reliability ORDER BY lower").await?;
    let curve =
        "SELECT recall AS x, precision AS y FROM precision_recall WHERE recall IS NOT NULL ORDER BY threshold DESC";
    let curve = points(curve).await?;
    let ideal =
        Line { name: "as often as they say".to_owned(), colour: 1, faint: true, points: vec![(0.0, 0.0), (1.0, 1.0)] };
    let measured = Line { name: "answers".to_owned(), points: reliability, ..Line::default() };
    let curve = Line { name: "threshold".to_owned(), points: curve, ..Line::default() };
    let charts = chart("How often pairs are related", "probability", &[ideal, measured])
        + &chart("Precision, by thresholds", "recall", &[curve]);
    Ok(format!("<div class=\"figures\">{charts}</div>"))
}

/// What to ask next: the pairs nearest to one half, and how many of the expected errors they are.
async fn doubtful(facts: &Facts) -> Result<String> {
    let text = format!(
        "SELECT src, dst, probability FROM pairs WHERE known IS NULL
         ORDER BY abs(probability - 0.5), src, dst LIMIT {SHOWN}"
    );
    let pairs: Vec<Doubtful> = facts.audit.rows(&text).await?;
    let text = format!(
        "WITH doubts AS (SELECT least(probability, 1 - probability) AS doubt FROM pairs WHERE known IS NULL),
         first AS (SELECT doubt FROM doubts ORDER BY doubt DESC LIMIT {SHOWN})
         SELECT coalesce((SELECT sum(doubt) FROM doubts), 0.0) AS expected, coalesce((SELECT sum(doubt) FROM first), 0.0) AS shown"
    );
    let errors: Vec<Errors> = facts.audit.rows(&text).await?;
    let (Some(errors), false) = (errors.first(), pairs.is_empty()) else { return Ok(String::new()) };
    let ids: Vec<String> = pairs.iter().flat_map(|pair| [pair.src, pair.dst]).map(|id| id.to_string()).collect();
    let samples = facts.run.sql(&format!("SELECT * FROM samples WHERE id IN ({})", ids.join(", "))).await?;
    let samples = Samples::of(query::collect(samples).await.map_err(SqlError::from)?);
    let mut head = vec!["probability", "sample"];
    head.extend(samples.columns.iter().map(String::as_str));
    let mut rows = Vec::new();
    for pair in &pairs {
        let (a, b) = (samples.row(pair.src), samples.row(pair.dst));
        rows.push([vec![Cell::Figure(format!("{:.3}", pair.probability))], a].into_iter().flatten().collect());
        rows.push([vec![Cell::None], b].into_iter().flatten().collect());
    }
    Ok(format!(
        "<p>Most worth asking next. About {} of the undecided candidates are expected to be decided wrong; answers to these \
         {} would settle {} of them.</p>{}",
        number((errors.expected * 10.0).round() / 10.0),
        pairs.len(),
        number((errors.shown * 10.0).round() / 10.0),
        table(&head, &rows)
    ))
}

/// The values of samples that are shown, by id.
struct Samples {
    columns: Vec<String>,
    values: BTreeMap<u64, Vec<String>>,
}

impl Samples {
    fn of(batches: Vec<RecordBatch>) -> Self {
        let names = batches.first().map(|batch| batch.schema()).into_iter();
        let names: Vec<String> = names
            .flat_map(|schema| schema.fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>())
            .collect();
        let columns = names.iter().filter(|name| !KEPT_BACK.contains(&name.as_str())).take(COLUMNS).cloned();
        let columns: Vec<String> = columns.collect();
        let shown = if names.iter().any(|name| name == "source_id") { "source_id" } else { "id" };
        let mut values = BTreeMap::new();
        for batch in &batches {
            for (row, &id) in batch["id"].as_primitive::<UInt64Type>().values().iter().enumerate() {
                let text = |name: &str| array_value_to_string(&batch[name], row).unwrap_or_default();
                let cells = std::iter::once(shown).chain(columns.iter().map(String::as_str)).map(text);
                values.insert(id, cells.collect());
            }
        }
        Self { columns, values }
    }

    fn row(&self, id: u64) -> Vec<Cell> {
        self.values.get(&id).into_iter().flatten().map(|text| Cell::Text(text.clone())).collect()
    }
}
