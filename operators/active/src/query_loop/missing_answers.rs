//! Missing answers: an oracle is asked for those of a round, and again for what it left out.

use relata_oracle::{Context, Oracle, OracleError, Question};

use crate::error::Result;
use crate::ledger::Ledger;

/// Tries per round to get answers that an oracle left out.
const TRIES: usize = 2;

/// Asks for every answer of a round that is missing. Returns the error of the last try, if it failed.
pub(super) async fn ask_missing(
    ledger: &Ledger,
    oracle: &dyn Oracle,
    context: &Context<'_>,
    round: u32,
) -> Result<Option<OracleError>> {
    let mut failure = None;
    for _ in 0..TRIES {
        let open: Vec<Question> = ledger.unanswered_of(round, oracle.annotators())?;
        if open.is_empty() {
            break;
        }
        failure = oracle.answer(context, &open, ledger).await.err();
        // People may end a round before each question has as many answers as wished.
        if failure.is_none() && ledger.unanswered_of(round, 1)?.is_empty() {
            break;
        }
    }
    Ok(failure)
}

/// An error if a question of a round has neither an answer nor a pass.
pub(super) fn all_answered(ledger: &Ledger, oracle: &dyn Oracle, round: u32) -> Result<()> {
    let Some(first) = ledger.unanswered_of(round, 1)?.into_iter().next() else { return Ok(()) };
    Err(OracleError::Answer {
        oracle: oracle.name(),
        question: first.question,
        expected: format!("an answer or a pass for each of {} candidates", first.candidates.len()),
        found: "fewer".to_owned(),
        hint: "What was answered is kept; run the pipeline again to ask for the rest.".to_owned(),
    }
    .into())
}
