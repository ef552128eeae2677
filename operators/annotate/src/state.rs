//! State that the requests of one server share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use relata_active::ledger::Ledger;
use relata_data::source::Samples;
use relata_oracle::Result;

use crate::answer_index::AnswerIndex;
use crate::card::Cards;
use crate::naming::Naming;
use crate::pending_questions::PendingQuestions;
use crate::settings::PageConfig;

/// The state of one server.
pub(crate) struct AppState {
    pub(crate) cards: Cards,
    pub(crate) ledger: Ledger,
    pub(crate) settings: PageConfig,
    /// Whether people are asked what an oracle is asked, instead of what the ledger has.
    pub(crate) for_oracle: bool,
    pub(crate) pending: PendingQuestions,
    /// Held by whoever changes answers: one after the other, so that nothing is recorded twice.
    pub(crate) changing: tokio::sync::Mutex<()>,
    /// The groups that want names.
    pub(crate) naming: Naming,
    index: Mutex<AnswerIndex>,
}

impl AppState {
    pub(crate) fn new(samples: Samples, ledger: Ledger, settings: PageConfig, for_oracle: bool) -> Result<Self> {
        let cards = Cards::new(samples, &settings.show)?;
        let index = Mutex::new(AnswerIndex::new(settings.oracle()));
        let naming = Naming::new(ledger.folder());
        let (pending, changing) = (PendingQuestions::default(), tokio::sync::Mutex::default());
        Ok(Self { cards, ledger, settings, for_oracle, pending, changing, naming, index })
    }

    /// Does work on the ledger where it does not keep other requests waiting.
    pub(crate) async fn work<T: Send + 'static>(self: &Arc<Self>, work: impl FnOnce(&Self) -> T + Send + 'static) -> T {
        let state = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&state)).await;
        done.expect("work on the ledger gives errors instead of panics, and is not cancelled while it is awaited")
    }

    /// The answer index as the ledger is now.
    pub(crate) fn index(&self) -> Result<MutexGuard<'_, AnswerIndex>> {
        // An index that was left by a panic is only behind the ledger.
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        index.catch_up(&self.ledger)?;
        Ok(index)
    }
}
