//! Summary: the numbers that matter, and what became of the measurements.

use super::facts::Facts;
use super::html::{Cell, change, escaped, number, percent, table};
use crate::error::Result;

/// Tiles of numbers, and why no more was asked.
pub(super) async fn tiles(facts: &Facts, conflicts: u64) -> Result<String> {
    let mut tiles = Vec::new();
    for metric in facts.headline().into_iter().take(3) {
        let points: Vec<_> = facts.points(metric).collect();
        let (Some(first), Some(last)) = (points.first(), points.last()) else { continue };
        let (before, since) = match (points.len(), facts.raw.get(metric)) {
            (1, Some(raw)) => (*raw, "raw features"),
            _ => (first.value, "before any question"),
        };
        let note = format!("{} from {} ({since})", change(last.value - before), number(before));
        tiles.push((metric.to_owned(), number(last.value), note));
    }
    if !facts.rounds.is_empty() {
        let sum = |of: fn(&crate::audit::RoundSummary) -> u64| facts.rounds.iter().map(of).sum::<u64>();
        let (pairs, answers, yes, passes) = (sum(|r| r.pairs), sum(|r| r.answers), sum(|r| r.yes), sum(|r| r.passes));
        let share =
            if answers > 0 { format!("{} of them yes", percent(yes as f64 / answers as f64)) } else { String::new() };
        let passed = if passes > 0 { format!(", {} passed", number(passes as f64)) } else { String::new() };
        tiles.push(("answers".to_owned(), number(answers as f64), share + &passed));
        let of = facts.budget().map(|budget| format!("of a budget of {}", number(budget))).unwrap_or_default();
        tiles.push(("units spent".to_owned(), number(facts.spent()), of));
        let known = facts.rounds.iter().rev().find_map(|r| Some((r.known_positives?, r.known_negatives?)));
        if let Some((positives, negatives)) = known {
            let note = format!(
                "{} alike, {} different, of {} asked",
                number(positives),
                number(negatives),
                number(pairs as f64)
            );
            tiles.push(("pairs known".to_owned(), number(positives + negatives), note));
        }
    }
    if conflicts > 0 {
        tiles.push(("contradictions".to_owned(), number(conflicts as f64), "see below".to_owned()));
    }
    let bridges = facts.bridges().len();
    if bridges > 0 {
        tiles.push(("bridges".to_owned(), number(bridges as f64), "a single yes between big groups".to_owned()));
    }
    let tile = |(name, value, note): &(String, String, String)| {
        format!("<div class=\"tile\"><h3>{}</h3><b>{value}</b><p>{}</p></div>", escaped(name), escaped(note))
    };
    let mut html = format!("<div class=\"tiles\">{}</div>", tiles.iter().map(tile).collect::<String>());
    if tiles.is_empty() {
        html = "<p>Nothing has been measured yet.</p>".to_owned();
    }
    if let Some(stop) = facts.stop() {
        html += &format!(
            "<p class=\"note\">AskConfig stopped after {} rounds: {}.</p>",
            facts.rounds.len(),
            escaped(&stop.to_string())
        );
    }
    Ok(html)
}

/// Every measurement of the raw features, before any question and at the end.
pub(super) fn measurements(facts: &Facts) -> String {
    let mut names: Vec<&str> = facts.curve.iter().map(|point| point.metric.as_str()).collect();
    names.dedup();
    if names.is_empty() {
        return String::new();
    }
    let asked = facts.curve.iter().any(|point| point.round > 0);
    let row = |name: &&str| {
        let points: Vec<f64> = facts.points(name).map(|point| point.value).collect();
        let value = |value: Option<f64>| Cell::of(value, |v| Cell::Figure(format!("{v:.4}").replace('-', "−")));
        let mut row = vec![Cell::Text((*name).to_owned()), value(facts.raw.get(*name).copied())];
        if asked {
            row.push(value(points.first().copied()));
        }
        row.push(value(points.last().copied()));
        row
    };
    let rows: Vec<Vec<Cell>> = names.iter().map(row).collect();
    let head: &[&str] = if asked {
        &["measurement", "raw features", "before any question", "at the end"]
    } else {
        &["measurement", "raw features", "embeddings"]
    };
    table(head, &rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{answer, asked, metrics};

    #[tokio::test]
    async fn tiles_tell_what_was_asked_and_what_it_changed() {
        let (_folder, run) = asked(&[(1, 1, &[2, 3])]);
        run.ledger().unwrap().record(&[answer(1, 1, 2, Some(true), "ann"), answer(1, 1, 3, None, "ann")]).unwrap();
        metrics(
            &run,
            &[
                (0, "knn.test", 0.5),
                (1, "knn.test", 0.75),
                (1, "ask.known_positives", 1.0),
                (1, "ask.known_negatives", 2000.0),
            ],
        );
        let facts = Facts::gather(&run).await.unwrap();
        let html = tiles(&facts, 0).await.unwrap();
        for text in
            ["<b>0.75</b><p>+0.25 from 0.5 (before any question)", "100.0% of them yes, 1 passed", "<b>2,001</b>"]
        {
            assert!(html.contains(text), "{text}: {html}");
        }
        assert!(!html.contains("contradictions") && tiles(&facts, 2).await.unwrap().contains("contradictions"));
        assert!(
            measurements(&facts).contains("<td>knn.test</td><td class=\"n none\">–</td><td class=\"n\">0.5000</td>")
        );
    }

    #[tokio::test]
    async fn without_questions_the_raw_features_are_what_is_compared_with() {
        let folder = tempfile::tempdir().unwrap();
        let run = crate::fixture::run(folder.path());
        assert!(tiles(&Facts::gather(&run).await.unwrap(), 0).await.unwrap().contains("Nothing has been measured"));
        metrics(&run, &[(0, "raw.knn.test", 0.5), (0, "knn.test", 0.25)]);
        let facts = Facts::gather(&run).await.unwrap();
        assert!(tiles(&facts, 0).await.unwrap().contains("−0.25 from 0.5 (raw features)"));
        assert!(measurements(&facts).contains("embeddings") && !measurements(&facts).contains("question"));
    }
}
