//! Settings of a run's page for people, as its plan tells, and how its answers are learned from.

use relata::Run;
use relata_annotate::Settings;
use relata_oracle::Cost;
use serde_json::Value;

/// How a run's people are asked, whatever is around their page. An answer costs its share of what the whole oracle does,
/// except where several oracles answer one question, each at a price of its own.
pub fn page(address: impl Into<String>, stages: &Value) -> Settings {
    let ask = &stages["ask"];
    let mut settings = Settings::described(address, &ask["oracle"]);
    let mut inner = &ask["oracle"];
    while inner["of"].is_object() {
        inner = &inner["of"];
    }
    if let (false, Ok(Cost { per_question, per_candidate })) =
        (inner["of"].is_array(), serde_json::from_value(ask["cost"].clone()))
    {
        let annotators = settings.annotators.max(1) as f64;
        settings.cost = Cost { per_question: per_question / annotators, per_candidate: per_candidate / annotators };
    }
    settings
}

/// What to do so that a model learns from new answers of a run.
pub fn next_step(run: &Run) -> String {
    let folder = run.folder().display();
    match run.is_finished() {
        false => "Run the pipeline again to learn from them.".to_owned(),
        true => format!(
            "The run is finished and does not learn from them any more. For a model that does, write its answers to a \
             file (relata export {folder} answers --output answers.jsonl), and run the pipeline with \
             .ask(replay(\"answers.jsonl\"), ..) into another folder: it learns from the answers about the pairs that \
             its strategy asks for."
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_costs_what_the_oracle_around_the_page_says_unless_it_has_several() {
        let price = |per_question, per_candidate| Cost { per_question, per_candidate };
        let person = json!({ "oracle": "person", "annotators": 2, "cost": price(9.0, 1.0) });
        let stages = |oracle: Value| json!({ "ask": { "oracle": oracle, "cost": price(4.0, 1.0) } });
        let priced = stages(json!({ "oracle": "priced", "of": { "oracle": "named", "of": person } }));
        let found = page("127.0.0.1:0", &priced);
        assert_eq!((found.annotators, found.cost), (2, price(2.0, 0.5)));
        let crowd = stages(json!({ "oracle": "crowd", "of": [person] }));
        assert_eq!(page("127.0.0.1:0", &crowd).cost, price(9.0, 1.0));
        assert_eq!(page("127.0.0.1:0", &json!({})).cost, Cost::default());
    }
}
