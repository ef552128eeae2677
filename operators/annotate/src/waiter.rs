//! The waiter: the oracle's side of the pending questions. It records people's answers and knows when all have come.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use relata_oracle::{OracleError, Question, Record, Result};
use tokio::runtime::Handle;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;

use crate::pending_questions::Submission;
use crate::state::AppState;

/// How often it is looked whether all answers are there, since another process may write answers, too.
const PAUSE: Duration = Duration::from_millis(200);

/// An oracle that waits for answers. Dropped, it stops asking.
pub(crate) struct Waiter {
    state: Arc<AppState>,
    questions: Vec<Question>,
    submissions: UnboundedReceiver<Submission>,
    /// Question and moment of what was recorded while it waited.
    recorded: BTreeSet<(u64, i64)>,
    watch: JoinHandle<Result<()>>,
}

/// Answers that are not recorded yet; the page waits for that.
pub(crate) struct UnrecordedSubmission {
    state: Arc<AppState>,
    submission: Submission,
}

impl Waiter {
    /// Asks people the questions of which this page has not all answers yet, and watches on a runtime with a clock.
    pub(crate) fn start(state: &Arc<AppState>, runtime: &Handle, questions: &[Question]) -> Result<Self> {
        let mut unknown = Vec::new();
        for question in questions {
            // Oracles that were asked before may have shortened a question that the ledger has.
            if state.ledger.question(question.question)?.is_none() {
                unknown.push(question.clone());
            }
        }
        state.ledger.ask(&unknown)?;
        let asked = state.index()?.remaining(questions, state.settings.annotators);
        let submissions = state.pending.begin(asked);
        let watch = runtime.spawn(watch(state.clone()));
        Ok(Self { state: state.clone(), questions: questions.to_vec(), submissions, recorded: BTreeSet::new(), watch })
    }

    /// The next answers that people give; none when it is over.
    pub(crate) async fn next(&mut self) -> Option<UnrecordedSubmission> {
        let submission = self.submissions.recv().await?;
        self.recorded.extend(submission.answers.iter().map(|answer| (answer.question, answer.answered_at)));
        Some(UnrecordedSubmission { state: self.state.clone(), submission })
    }

    /// Tells whoever wraps this oracle which answers were given before or written by another process: a cascade has to know
    /// what is answered. The ledger passes over what it has.
    pub(crate) async fn end(mut self, out: &dyn Record) -> Result<()> {
        let watched = (&mut self.watch).await.unwrap_or_else(|ended| {
            Err(OracleError::Answer {
                oracle: self.state.settings.oracle(),
                question: self.questions.first().map_or(0, |question| question.question),
                expected: "answers".to_owned(),
                found: format!("the end of the server ({ended})"),
                hint: "Run the pipeline again: the answers that people gave are kept.".to_owned(),
            })
        });
        watched?;
        let missed = self.state.index()?.unreported(&self.questions, &self.recorded);
        if missed.is_empty() { Ok(()) } else { out.record(&missed) }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.watch.abort();
        self.state.pending.end();
    }
}

impl UnrecordedSubmission {
    /// Records the answers, counts them, and tells the page.
    pub(crate) fn record(self, out: &dyn Record) {
        let Self { state, submission: Submission { name, answers, recorded } } = self;
        // The rows in the ledger may carry another name and other answers by then: they are known by their moment.
        let result = state.index().map(|mut index| index.announce(&name, &answers));
        let result = result.and_then(|()| out.record(&answers)).and_then(|()| {
            state.index()?.confirm(&name, &answers);
            Ok(())
        });
        // Whoever waited for this may have gone away; the answers are recorded all the same.
        recorded.send(result).ok();
    }
}

async fn watch(state: Arc<AppState>) -> Result<()> {
    loop {
        match state.work(AppState::is_answered).await {
            Ok(false) => tokio::time::sleep(PAUSE).await,
            over => {
                state.pending.end();
                return over.map(drop);
            }
        }
    }
}
