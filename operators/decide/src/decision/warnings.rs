//! Warnings about a decision that went badly, without any label: from how sure it is, how well the answers fit together, and
//! how much it changes with the threshold.

/// Below this agreement, answers do not follow from each other.
const LEAST_AGREEMENT: f64 = 0.7;
/// Below this stability, entities change with the threshold.
const LEAST_STABILITY: f64 = 0.8;
/// Below this expected precision, recall or accuracy, much is wrong.
const LEAST_EXPECTED: f64 = 0.8;
/// An entity of so many rows, and of this share of all, is suspicious.
const LARGE: f64 = 50.0;
const LARGE_SHARE: f64 = 0.01;
/// So many groups of rows for each class are too many.
const GROUPS_PER_CLASS: f64 = 3.0;

/// What is suspicious about a decision, each with what to do, from its measures in the table `metrics`, which `measure` gives
/// by their names.
///
/// ```
/// use relata_decide::decision::warnings;
///
/// let measured = [("decision.entities", 40.0), ("decision.stability", 0.3)];
/// let found = warnings(|name| measured.iter().find(|known| known.0 == name).map(|known| known.1));
/// assert!(found.len() == 1 && found[0].contains("threshold"), "{found:?}");
/// ```
pub fn warnings(measure: impl Fn(&str) -> Option<f64>) -> Vec<String> {
    let below = |name: &str, least: f64| measure(name).filter(|value| *value < least);
    let percent = |share: f64| format!("{:.0}%", 100.0 * share);
    let mut found = Vec::new();
    if let Some(agreement) = below("decision.agreement", LEAST_AGREEMENT) {
        found.push(format!(
            "answers do not fit together: only {} of them follow from the others. Look at `relata report` for answers that \
             contradict each other, ask a second annotator, or give the model columns or views that tell what the answers go by",
            percent(agreement)
        ));
    }
    if let Some(stability) = below("decision.stability", LEAST_STABILITY) {
        found.push(format!(
            "the partition is unstable: entities at a threshold of 0.27 and of 0.73 have only {} of their pairs in common. \
             Ask about the most doubtful pairs, which the report lists, or let an audit choose the threshold",
            percent(stability)
        ));
    }
    for (name, what) in [("precision", "pairs within entities"), ("recall", "matches among the candidates")] {
        if let Some(expected) = below(&format!("decision.expected_{name}"), LEAST_EXPECTED) {
            let problem = if name == "precision" { "are right" } else { "are found" };
            found.push(format!(
                "by its own probabilities, only {} of the {what} {problem}. Ask about the most doubtful pairs",
                percent(expected)
            ));
        }
    }
    if let (Some(largest), Some(rows)) = (measure("decision.largest_entity"), measure("decision.rows"))
        && largest >= LARGE
        && largest > LARGE_SHARE * rows
    {
        found.push(format!(
            "the largest entity has {largest} rows, {} of all: chains of similar rows may have joined what is different. \
             Look at it in the table `entities`; answers about its pairs take it apart",
            percent(largest / rows)
        ));
    }
    if let (Some(groups), Some(classes)) = (measure("decision.groups"), measure("decision.classes"))
        && classes > 0.0
        && groups > GROUPS_PER_CLASS * classes
    {
        found.push(format!(
            "there are {groups} groups of rows that answers have joined, for {classes} classes: most classes are in pieces. \
             Ask more, or tell the strategy how many classes there are (`explore_consolidate().classes(..)`)"
        ));
    }
    if let Some(accuracy) = below("decision.expected_accuracy", LEAST_EXPECTED) {
        found.push(format!(
            "by its own probabilities, the class of only {} of the rows is right. Ask more, or name more groups",
            percent(accuracy)
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(measured: &[(&str, f64)]) -> Vec<String> {
        warnings(|name| measured.iter().find(|known| known.0 == name).map(|known| known.1))
    }

    #[test]
    fn a_good_decision_has_none_and_each_fault_has_one() {
        let good = [
            ("decision.agreement", 0.95),
            ("decision.stability", 0.97),
            ("decision.expected_precision", 0.99),
            ("decision.expected_recall", 0.9),
            ("decision.largest_entity", 4.0),
            ("decision.rows", 100.0),
            ("decision.groups", 12.0),
            ("decision.classes", 10.0),
            ("decision.expected_accuracy", 0.96),
        ];
        assert_eq!(of(&good), Vec::<String>::new());
        assert_eq!(of(&[]), Vec::<String>::new());
        for (name, bad, told) in [
            ("decision.agreement", 0.5, "fit together"),
            ("decision.stability", 0.5, "unstable"),
            ("decision.expected_precision", 0.5, "pairs within entities are right"),
            ("decision.expected_recall", 0.5, "are found"),
            ("decision.largest_entity", 60.0, "60 rows, 60% of all"),
            ("decision.groups", 37.0, "37 groups"),
            ("decision.expected_accuracy", 0.5, "50% of the rows"),
        ] {
            let mut measured = good;
            measured.iter_mut().filter(|known| known.0 == name).for_each(|known| known.1 = bad);
            let found = of(&measured);
            assert!(found.len() == 1 && found[0].contains(told), "{name}: {found:?}");
        }
    }
}
