//! What the requests of one server share.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use relata_operators::Result;
use relata_operators::source::Samples;
use relata_question::ledger::Ledger;

use crate::board::Board;
use crate::card::Cards;
use crate::settings::Settings;

/// How often the ledger is looked at for answers that another process wrote.
const PAUSE: Duration = Duration::from_millis(200);

pub(crate) struct App {
    pub(crate) cards: Cards,
    pub(crate) ledger: Ledger,
    pub(crate) settings: Settings,
    board: Mutex<Board>,
    /// How many oracles wait for a round.
    waiting: AtomicUsize,
    /// How often a person ended a round.
    finished: AtomicU64,
}

impl App {
    pub(crate) fn new(samples: Samples, ledger: Ledger, settings: Settings) -> Result<Self> {
        let cards = Cards::new(samples, &settings.show)?;
        Ok(Self {
            cards,
            ledger,
            settings,
            board: Mutex::default(),
            waiting: AtomicUsize::new(0),
            finished: AtomicU64::new(0),
        })
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

    /// Whether a round would go on if the open questions were left open.
    pub(crate) fn is_awaited(&self) -> bool {
        self.waiting.load(SeqCst) > 0
    }

    /// Ends the round that is waited for.
    pub(crate) fn finish(&self) {
        self.finished.fetch_add(1, SeqCst);
    }

    /// Waits until these questions have all their answers, or until a person ends the round.
    pub(crate) async fn answered(self: Arc<Self>, asked: BTreeSet<u64>) -> Result<()> {
        let finished = self.finished.load(SeqCst);
        let _waiting = Waiting::new(&self.waiting);
        loop {
            let open = self.work(|app| app.ledger.unanswered(app.settings.annotators)).await?;
            let left = open.iter().any(|question| asked.contains(&question.question));
            if !left || self.finished.load(SeqCst) != finished {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Counts as waiting until it is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, SeqCst);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}
