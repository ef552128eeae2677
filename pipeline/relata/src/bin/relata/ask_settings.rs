//! Settings of a run's page for people, as its plan tells, and how its answers are learned from.

use relata::Run;
use relata::registries::ReadError;
use relata::store::OracleAskPlan;
use relata_annotate::PageConfig;
use relata_oracle::Cost;
use relata_registry::Description;

/// How a run's people are asked, whatever is around their page. An answer costs its share of what the whole oracle does,
/// except where several oracles answer one question, each at a price of its own.
pub fn page(address: impl Into<String>, ask: Option<&OracleAskPlan>) -> Result<PageConfig, ReadError> {
    let Some(ask) = ask else { return Ok(PageConfig::new(address)) };
    let mut page = PageConfig { address: address.into(), ..PageConfig::within(&ask.oracle)? };
    let mut inner = ask.oracle.clone();
    while let Ok(of) = inner.setting::<Description>("of") {
        inner = of;
    }
    if !inner["of"].is_array() {
        let annotators = page.annotators.max(1) as f64;
        let Cost { per_question, per_candidate } = ask.cost;
        page.cost = Cost { per_question: per_question / annotators, per_candidate: per_candidate / annotators };
    }
    Ok(page)
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
    use relata::prelude::*;
    use relata_active::query_loop::AskPlan;

    use super::*;

    fn plan(oracle: impl Oracle) -> OracleAskPlan {
        let config = AskPlan::new(random_pairs().describe(), 9.0);
        OracleAskPlan { oracle: oracle.describe(), cost: oracle.cost(), config }
    }

    #[test]
    fn an_answer_costs_what_the_oracle_around_the_page_says_unless_it_has_several() {
        let price = |per_question, per_candidate| Cost { per_question, per_candidate };
        let people = || person("127.0.0.1:0").annotators(2);
        let priced = plan(people().named("team").priced(4.0, 1.0));
        let found = page("127.0.0.1:0", Some(&priced)).unwrap();
        // Each of the two people is paid the price of the wrapper.
        assert_eq!((found.annotators, found.cost), (2, price(4.0, 1.0)));
        let crowd = plan(crowd([people()]));
        assert_eq!(page("127.0.0.1:0", Some(&crowd)).unwrap().annotators, 2);
        assert_eq!(page("127.0.0.1:0", None).unwrap().cost, Cost::default());
    }
}
