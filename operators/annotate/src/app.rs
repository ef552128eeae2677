//! What the requests of one server share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use relata_active::ledger::Ledger;
use relata_data::Result;
use relata_data::source::Samples;

use crate::board::Board;
use crate::calls::Calls;
use crate::card::Cards;
use crate::settings::Settings;

pub(crate) struct App {
    pub(crate) cards: Cards,
    pub(crate) ledger: Ledger,
    pub(crate) settings: Settings,
    /// Whether people are asked what an oracle is asked, instead of what the ledger has.
    pub(crate) for_oracle: bool,
    pub(crate) calls: Calls,
    /// Held by whoever changes what was said: one after the other, so that nothing is said twice.
    pub(crate) changing: tokio::sync::Mutex<()>,
    board: Mutex<Board>,
}

impl App {
    pub(crate) fn new(samples: Samples, ledger: Ledger, settings: Settings, for_oracle: bool) -> Result<Self> {
        let cards = Cards::new(samples, &settings.show)?;
        let board = Mutex::new(Board::new(settings.oracle()));
        let (calls, changing) = (Calls::default(), tokio::sync::Mutex::default());
        Ok(Self { cards, ledger, settings, for_oracle, calls, changing, board })
    }

    /// Does work on the ledger where it does not keep other requests waiting.
    pub(crate) async fn work<T: Send + 'static>(self: &Arc<Self>, work: impl FnOnce(&Self) -> T + Send + 'static) -> T {
        let app = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&app)).await;
        done.expect("work on the ledger gives errors instead of panics, and is not cancelled while it is awaited")
    }

    /// The board as the ledger is now.
    pub(crate) fn board(&self) -> Result<MutexGuard<'_, Board>> {
        // A board that was left by a panic is only behind the ledger.
        let mut board = self.board.lock().unwrap_or_else(PoisonError::into_inner);
        board.follow(&self.ledger)?;
        Ok(board)
    }
}
