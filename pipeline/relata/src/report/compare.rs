//! Comparison of several runs on one page: what each strategy makes of the same budget.

use std::collections::BTreeMap;

use super::chart::{Line, chart, colour, legend};
use super::facts::Facts;
use super::html::{Cell, section, table};

/// The runs of one strategy have one colour: a faint line each and their mean by round.
pub(super) fn sections(runs: &[Facts]) -> String {
    let mut strategies: BTreeMap<String, Vec<&Facts>> = BTreeMap::new();
    for facts in runs {
        let name = facts.strategy().unwrap_or("no questions").to_owned();
        strategies.entry(name).or_default().push(facts);
    }
    let mut metrics: Vec<&str> = Vec::new();
    for name in runs.iter().flat_map(Facts::headline) {
        if !metrics.contains(&name) {
            metrics.push(name);
        }
    }
    let colours: Vec<(String, String)> = strategies
        .iter()
        .enumerate()
        .map(|(at, (name, runs))| {
            (colour(at), if runs.len() > 1 { format!("{name} ({} runs)", runs.len()) } else { name.clone() })
        })
        .collect();
    let figure = |metric: &&str| {
        let mut lines = Vec::new();
        for (colour, (name, runs)) in strategies.iter().enumerate() {
            let of_run = |facts: &&Facts| facts.points(metric).map(|point| (point.spent, point.value)).collect();
            let points: Vec<Vec<(f64, f64)>> = runs.iter().map(of_run).collect();
            lines.push(Line { name: name.clone(), colour, faint: false, points: mean(&points) });
            if runs.len() > 1 {
                let faint = |points| Line { name: name.clone(), colour, faint: true, points };
                lines.extend(points.into_iter().map(faint));
            }
        }
        chart(metric, "units spent", &lines)
    };
    let figures: String = metrics.iter().map(figure).collect();
    let body = if figures.is_empty() {
        figures
    } else {
        format!("{}<div class=\"figures\">{figures}</div>", legend(&colours))
    };
    let lead = "Every measurement over what the answers cost. Of several runs of a strategy, the mean by round is drawn strong.";
    section("Cost curves", lead, &body) + &section("Runs", "", &overview(runs, &metrics))
}

/// The mean of the curves, point by point, as far as all of them go.
fn mean(curves: &[Vec<(f64, f64)>]) -> Vec<(f64, f64)> {
    let length = curves.iter().map(Vec::len).min().unwrap_or_default();
    let count = curves.len() as f64;
    let at = |point: usize| {
        let sum = curves.iter().fold((0.0, 0.0), |sum, curve| (sum.0 + curve[point].0, sum.1 + curve[point].1));
        (sum.0 / count, sum.1 / count)
    };
    (0..length).map(at).collect()
}

fn overview(runs: &[Facts], metrics: &[&str]) -> String {
    let row = |facts: &Facts| {
        let mut row = vec![
            Cell::Text(facts.run.folder().display().to_string()),
            Cell::Text(facts.strategy().unwrap_or("no questions").to_owned()),
            Cell::count(facts.rounds.len() as u64),
            Cell::count(facts.rounds.iter().map(|round| round.answers).sum()),
            Cell::Number(facts.spent()),
        ];
        let last = |metric: &&str| facts.points(metric).last().map(|point| point.value);
        row.extend(metrics.iter().map(|metric| Cell::of(last(metric), |value| Cell::Figure(format!("{value:.4}")))));
        row
    };
    let head: Vec<&str> =
        ["run", "strategy", "rounds", "answers", "spent"].into_iter().chain(metrics.iter().copied()).collect();
    table(&head, &runs.iter().map(row).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{asked, metrics, question};

    #[test]
    fn means_go_as_far_as_all_curves_do() {
        let curves = [vec![(0.0, 1.0), (10.0, 2.0), (20.0, 3.0)], vec![(0.0, 3.0), (14.0, 4.0)]];
        assert_eq!(mean(&curves), [(0.0, 2.0), (12.0, 3.0)]);
        assert_eq!(mean(&[]), []);
    }

    #[tokio::test]
    async fn runs_of_one_strategy_share_a_colour() {
        let mut folders = Vec::new();
        let mut runs = Vec::new();
        for (number, strategy) in ["fixture", "fixture", "other"].into_iter().enumerate() {
            let (folder, run) = asked(&[]);
            let mut question = question(1, 1, &[2]);
            question.strategy = strategy.to_owned();
            run.ledger().unwrap().ask(&[question]).unwrap();
            let value = 0.5 + number as f64 / 10.0;
            metrics(&run, &[(0, "knn.test", 0.5), (1, "ask.spent", 10.0), (1, "knn.test", value)]);
            runs.push(Facts::gather(&run).await.unwrap());
            folders.push(folder);
        }
        let html = sections(&runs);
        assert!(html.contains("<li class=\"c0\">fixture (2 runs)</li><li class=\"c1\">other</li>"), "{html}");
        assert_eq!((html.matches("\"c0 faint\"").count(), html.matches("polyline class=\"c1\"").count()), (2, 1));
        assert!(html.contains("fixture: 0.55 at 10"), "{html}");
        assert_eq!(html.matches("<tr>").count(), 4);
    }
}
