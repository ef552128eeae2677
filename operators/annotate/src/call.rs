//! The oracle's end of a call: it records what people answer, and knows when it is over.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use relata_data::{OperatorError, Result};
use relata_oracle::{Question, Record};
use tokio::runtime::Handle;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;

use crate::app::App;
use crate::calls::Given;

/// How often it is looked whether the call is over, since another process may write answers, too.
const PAUSE: Duration = Duration::from_millis(200);

/// Ends when it is dropped.
pub(crate) struct Call {
    app: Arc<App>,
    questions: Vec<Question>,
    given: UnboundedReceiver<Given>,
    /// Question and moment of what was recorded in this call.
    heard: BTreeSet<(u64, i64)>,
    watch: JoinHandle<Result<()>>,
}

/// Answers with the page that wants to know what becomes of them.
pub(crate) struct Recording {
    app: Arc<App>,
    given: Given,
}

impl Call {
    /// Asks people the questions of which this page has not all answers yet, and watches on a runtime with a clock.
    pub(crate) fn start(app: &Arc<App>, runtime: &Handle, questions: &[Question]) -> Result<Self> {
        let mut unknown = Vec::new();
        for question in questions {
            // Oracles that were asked before may have shortened a question that the ledger has.
            if app.ledger.question(question.question)?.is_none() {
                unknown.push(question.clone());
            }
        }
        app.ledger.ask(&unknown)?;
        let asked = app.board()?.left(questions, app.settings.annotators);
        let given = app.calls.begin(asked);
        let watch = runtime.spawn(watch(app.clone()));
        Ok(Self { app: app.clone(), questions: questions.to_vec(), given, heard: BTreeSet::new(), watch })
    }

    /// The next answers that people give; none when the call is over.
    pub(crate) async fn next(&mut self) -> Option<Recording> {
        let given = self.given.recv().await?;
        self.heard.extend(given.answers.iter().map(|answer| (answer.question, answer.answered_at)));
        Some(Recording { app: self.app.clone(), given })
    }

    /// Tells whoever wraps this oracle what was said before this call or written by another process: a cascade has to know
    /// what is answered. The ledger passes over what it has.
    pub(crate) async fn end(mut self, out: &dyn Record) -> Result<()> {
        let watched = (&mut self.watch).await.unwrap_or_else(|ended| {
            Err(OperatorError::Oracle {
                oracle: self.app.settings.oracle(),
                question: self.questions.first().map_or(0, |question| question.question),
                expected: "answers".to_owned(),
                found: format!("the end of the server ({ended})"),
                hint: "Run the pipeline again: the answers that people gave are kept.".to_owned(),
            })
        });
        watched?;
        let missed = self.app.board()?.unheard(&self.questions, &self.heard);
        if missed.is_empty() { Ok(()) } else { out.record(&missed) }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.watch.abort();
        self.app.calls.end();
    }
}

impl Recording {
    /// Records the answers, counts them, and tells the page.
    pub(crate) fn record(self, out: &dyn Record) {
        let Self { app, given: Given { name, answers, recorded } } = self;
        // The rows in the ledger may carry another name and other answers by then: they are known by their moment.
        let result = app.board().map(|mut board| board.expect(&name, &answers));
        let result = result.and_then(|()| out.record(&answers)).and_then(|()| {
            app.board()?.say(&name, &answers);
            Ok(())
        });
        // Whoever waited for this may have gone away; the answers are recorded all the same.
        recorded.send(result).ok();
    }
}

async fn watch(app: Arc<App>) -> Result<()> {
    loop {
        match app.work(App::is_answered).await {
            Ok(false) => tokio::time::sleep(PAUSE).await,
            over => {
                app.calls.end();
                return over.map(drop);
            }
        }
    }
}
