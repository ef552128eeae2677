//! Audit tables, as HTML.

use super::facts::Facts;
use super::html::{Cell, change, number, table};
use crate::audit::{AnnotatorSummary, OracleEstimate, OracleSummary};

/// What each round asked, cost and gained.
pub(super) fn rounds(facts: &Facts) -> String {
    if facts.rounds.is_empty() {
        return String::new();
    }
    let row = |round: &crate::audit::RoundSummary| {
        let answered = (round.answers > 0).then(|| round.yes as f64 / round.answers as f64);
        vec![
            Cell::count(round.round.into()),
            Cell::Text(round.strategies.clone()),
            Cell::count(round.questions),
            Cell::count(round.pairs),
            Cell::count(round.answers),
            Cell::count(round.passes),
            Cell::of(answered, Cell::Share),
            Cell::of(round.predicted, Cell::Share),
            Cell::of(round.contradictions, Cell::Number),
            Cell::of(round.bridges, Cell::Number),
            Cell::of(round.known_positives, Cell::Number),
            Cell::of(round.known_negatives, Cell::Number),
            Cell::Number(round.spent),
        ]
    };
    let head = [
        "round",
        "strategy",
        "questions",
        "pairs",
        "answers",
        "passed",
        "yes",
        "predicted",
        "contradict",
        "bridges",
        "known alike",
        "known different",
        "spent",
    ];
    table(&head, &facts.rounds.iter().map(row).collect::<Vec<_>>())
}

/// How much the measurements that matter have grown in each round, for each 100 units that it cost.
pub(super) fn gains(facts: &Facts) -> String {
    let metrics: Vec<&str> = facts.headline().into_iter().take(4).collect();
    let mut rounds: Vec<(u32, f64)> = facts.curve.iter().map(|point| (point.round, point.spent)).collect();
    rounds.sort_by_key(|round| round.0);
    rounds.dedup_by_key(|round| round.0);
    if rounds.len() < 2 || metrics.is_empty() {
        return String::new();
    }
    let head: Vec<String> = ["round".to_owned(), "spent so far".to_owned()]
        .into_iter()
        .chain(metrics.iter().flat_map(|metric| [(*metric).to_owned(), "per 100 units".to_owned()]))
        .collect();
    let row = |(number, spent): &(u32, f64)| {
        let mut row = vec![Cell::count((*number).into()), Cell::Number(*spent)];
        for metric in &metrics {
            let point = facts.points(metric).find(|point| point.round == *number);
            let value = |value| Cell::Figure(format!("{value:.4}"));
            row.push(Cell::of(point.map(|point| point.value), value));
            row.push(Cell::of(point.and_then(|point| point.gain_per_unit), |gain| Cell::Figure(change(100.0 * gain))));
        }
        row
    };
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    table(&head, &rounds.iter().map(row).collect::<Vec<_>>())
}

/// Who answered, and how well.
pub(super) fn annotators(annotators: &[AnnotatorSummary]) -> String {
    if annotators.is_empty() {
        return String::new();
    }
    let compared = annotators.iter().any(|annotator| annotator.compared > 0);
    let row = |annotator: &AnnotatorSummary| {
        let yes = (annotator.answers > 0).then(|| annotator.yes as f64 / annotator.answers as f64);
        let mut row = vec![
            Cell::Text(annotator.annotator.clone()),
            Cell::Text(annotator.oracles.clone()),
            Cell::count(annotator.answers),
            Cell::of(yes, Cell::Share),
            Cell::count(annotator.passes),
            Cell::count(annotator.undone),
            Cell::Number(annotator.cost),
        ];
        if compared {
            let shares = [annotator.agreement, annotator.sensitivity, annotator.specificity];
            row.push(Cell::count(annotator.compared));
            row.extend(shares.map(|share| Cell::of(share, Cell::Share)));
        }
        row
    };
    let mut head = vec!["annotator", "oracle", "answers", "yes", "passed", "undone", "cost"];
    if compared {
        head.extend(["compared", "agreement", "sensitivity", "specificity"]);
    }
    table(&head, &annotators.iter().map(row).collect::<Vec<_>>())
}

/// How much of what was asked each oracle speaks about.
pub(super) fn oracles(oracles: &[OracleSummary]) -> String {
    if oracles.is_empty() {
        return String::new();
    }
    let row = |oracle: &OracleSummary| {
        vec![
            Cell::Text(oracle.oracle.clone()),
            Cell::Text(if oracle.active { "asked" } else { "unasked" }.to_owned()),
            Cell::Figure(format!("{} of {} yes", number(oracle.yes as f64), number(oracle.pairs as f64))),
            Cell::Share(oracle.coverage),
            Cell::Share(oracle.overlap),
            Cell::Share(oracle.conflict),
        ]
    };
    table(&["oracle", "", "pairs", "coverage", "overlap", "conflict"], &oracles.iter().map(row).collect::<Vec<_>>())
}

/// How often oracles are right, where there are others to compare them with.
pub(super) fn estimates(oracles: &[OracleEstimate]) -> String {
    if oracles.len() < 2 {
        return String::new();
    }
    let row = |oracle: &OracleEstimate| {
        vec![
            Cell::Text(oracle.oracle.clone()),
            Cell::count(oracle.positives),
            Cell::count(oracle.negatives),
            Cell::count(oracle.compared),
            Cell::of(oracle.agreement, Cell::Share),
            Cell::Share(oracle.accuracy),
            Cell::Figure(format!("{:.2}", oracle.weight)),
        ]
    };
    let head = ["oracle", "positives", "negatives", "compared", "agreement", "accuracy", "weight"];
    table(&head, &oracles.iter().map(row).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{asked, metrics};

    #[tokio::test]
    async fn gains_stand_beside_what_they_are_gains_of() {
        let (_folder, run) = asked(&[(1, 1, &[2])]);
        metrics(&run, &[(0, "knn.test", 0.5), (1, "ask.spent", 10.0), (1, "knn.test", 0.75)]);
        let facts = Facts::gather(&run).await.unwrap();
        let html = gains(&facts);
        assert!(html.contains("<td class=\"n\">10</td><td class=\"n\">0.7500</td><td class=\"n\">+2.5</td>"), "{html}");
        assert!(html.contains("<td class=\"n\">0.5000</td><td class=\"n none\">–</td>"), "{html}");
        assert!(rounds(&facts).contains("<td>fixture</td>"));
    }

    #[test]
    fn oracles_are_compared_where_there_are_several() {
        let one = OracleEstimate {
            oracle: "edges".to_owned(),
            pairs: 7,
            positives: 4,
            negatives: 3,
            compared: 0,
            agreement: None,
            accuracy: 0.75,
            weight: 1.0,
        };
        assert_eq!(estimates(std::slice::from_ref(&one)), "");
        let html = estimates(&[one.clone(), OracleEstimate { weight: 0.5, ..one }]);
        assert!(html.contains("75.0%") && html.contains("0.50"), "{html}");
    }

    #[test]
    fn what_nobody_can_know_is_left_out() {
        let alone = AnnotatorSummary {
            annotator: "ann".to_owned(),
            oracles: "person".to_owned(),
            answers: 4,
            yes: 1,
            passes: 0,
            undone: 2,
            cost: 4.0,
            compared: 0,
            agreement: None,
            sensitivity: None,
            specificity: None,
        };
        let html = annotators(std::slice::from_ref(&alone));
        assert!(html.contains("25.0%") && !html.contains("agreement"), "{html}");
        let crowd = AnnotatorSummary { compared: 4, agreement: Some(0.5), ..alone.clone() };
        assert!(annotators(&[alone, crowd]).contains("agreement"));
        assert_eq!((annotators(&[]), oracles(&[])), (String::new(), String::new()));
    }
}
