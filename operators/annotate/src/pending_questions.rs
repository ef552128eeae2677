//! Pending questions: what the waiting oracle asks, and the channel that takes people's answers to it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use relata_oracle::{Answer, Question, Result};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

/// The answers of one person to one question, on their way to the oracle.
pub(crate) struct Submission {
    /// Who gave them.
    pub(crate) name: String,
    /// One for each candidate, all of the same moment.
    pub(crate) answers: Vec<Answer>,
    /// Told when they are durable, or why not.
    pub(crate) recorded: oneshot::Sender<Result<()>>,
}

/// The questions that an oracle waits for; it asks one list after the other.
#[derive(Default)]
pub(crate) struct PendingQuestions {
    state: Mutex<PendingState>,
}

#[derive(Default)]
struct PendingState {
    begun: bool,
    waiting: Option<WaitingOracle>,
}

struct WaitingOracle {
    asked: BTreeMap<u64, Question>,
    oracle: UnboundedSender<Submission>,
    finished: bool,
}

impl PendingQuestions {
    /// Begins to ask; people's answers come out of the receiver, which ends some time after [`end`](Self::end).
    pub(crate) fn begin(&self, asked: BTreeMap<u64, Question>) -> UnboundedReceiver<Submission> {
        let (oracle, answers) = unbounded_channel();
        *self.state() = PendingState { begun: true, waiting: Some(WaitingOracle { asked, oracle, finished: false }) };
        answers
    }

    /// Ends the asking. Answers that are on their way arrive still.
    pub(crate) fn end(&self) {
        self.state().waiting = None;
    }

    /// Ends the asking as soon as its oracle looks, whatever is open.
    pub(crate) fn finish(&self) {
        if let Some(waiting) = &mut self.state().waiting {
            waiting.finished = true;
        }
    }

    /// Whether a person ended the asking.
    pub(crate) fn is_finished(&self) -> bool {
        self.state().waiting.as_ref().is_some_and(|waiting| waiting.finished)
    }

    /// Whether an oracle has asked at all.
    pub(crate) fn has_begun(&self) -> bool {
        self.state().begun
    }

    /// The pending questions by number, if an oracle waits.
    pub(crate) fn asked(&self) -> Option<BTreeMap<u64, Question>> {
        self.state().waiting.as_ref().map(|waiting| waiting.asked.clone())
    }

    /// The channel to the oracle that waits.
    pub(crate) fn oracle(&self) -> Option<UnboundedSender<Submission>> {
        self.state().waiting.as_ref().map(|waiting| waiting.oracle.clone())
    }

    fn state(&self) -> MutexGuard<'_, PendingState> {
        // Every change is a single assignment, so that a panic leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
