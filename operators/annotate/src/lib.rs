//! Annotation by people: an oracle that is people at a web page, which shows a sample and asks which of some candidates
//! are the same kind.
//!
//! [`person`] is the oracle; [`serve`] serves the page of a run folder without one, and [`Server`] is what both use.
//! Every answer is in the run's [`Ledger`](relata_active::ledger::Ledger) before the page says so, and the page
//! repeats what was not confirmed, so a server that is killed at any moment loses nothing and asks nothing twice.
//!
//! # Who may use it
//! The server listens on loopback unless told otherwise, and then answers only requests that name a loopback host, so
//! that no web page elsewhere can reach it under a name of its own. Beyond loopback a token is required: the printed
//! link carries it once, then it is a cookie. Changes are accepted as JSON from the page itself only.
//!
//! # Who records answers
//! A page that is served for an oracle hands each answer to whoever asked, so that oracles around it (a crowd, a cascade,
//! a name, a price, noise) see it, and says that it is written down when they have. It counts the answers that carry its
//! own name as their oracle, whatever others have answered. A pass in a [cascade](relata_active::oracle::cascade) is held
//! back there for the next oracle: it is the one thing that is not in the ledger yet when the page says so.
//!
//! Answers may come late. If the time for which a question was kept is over, the answer is taken all the same, unless
//! others have given all that were wished since: then it is refused with a sentence that says so. Whoever has a question
//! in time may always answer.
//!
//! Answers of a round can be taken back as long as the page is there. A question of an earlier round that is open
//! again because of that comes back with the next round.
//!
//! # Requests
//! Ids of samples are decimal texts, because they may be too large for a number in a browser; numbers are read as well.
//!
//! | request | reply |
//! | --- | --- |
//! | `GET /api/next?annotator=NAME` | `naming`, a group that wants a name (`group`, `members`, `done`, `of`, `names`), or `question` (`question`, `text`, `anchor`, `candidates`; null if none is left) and `undo`, the question of one's last answer |
//! | `POST /api/answer` of `question`, `annotator`, `selected`, and optionally `passed` and `anchor` | `{"recorded": true}`; what is not selected is not related; an answer that is there already stays |
//! | `POST /api/undo` of `question`, `annotator` and optionally `showing`, the question to give back | `undone`, and what had been `selected` or `passed` |
//! | `POST /api/name` of `group`, `annotator` and `name`, null if it is not known | `{"recorded": true}` |
//! | `POST /api/finish` of `annotator` | ends a round in which every question has an answer, but not as many as wished |
//! | `GET /api/progress?annotator=NAME` | `round` (`number`, `answered`, `questions`), `answered`, `questions`, `yours`, `finishable`, `bought` |
//! | `GET /image/ID.png` | a sample that is an image |
//!
//! A request that is refused has a status of 4xx and `{"error": "what to do"}`.
//!
//! # What the last round brought
//! `bought` is what a run left in `progress.json` beside the ledger: `round`, `lines` of text to show, and optionally
//! `known_pairs`, the number of pairs that are known by inference. Lines of the form `name before -> after` about the
//! measures of a run are shown in plain words.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod annotator_name;
mod answer_index;
mod auth;
mod background_server;
mod card;
mod connections;
mod error;
mod guarded_server;
mod handlers;
mod invitation;
mod json_id;
mod name;
mod naming;
mod pending_questions;
mod person;
mod progress;
mod questions;
mod server;
mod settings;
mod state;
mod tls;
mod token;
mod waiter;

use relata_oracle::Oracle;
use relata_registry::registry;

pub use guarded_server::GuardedServer;
pub use person::{Person, person};
pub use server::{Server, serve};
pub use settings::PageConfig;
pub use tls::{Tls, TlsError};
pub use token::AccessToken;

registry! {
    /// The oracle of this crate by name, to read it from a plan.
    pub static ORACLES: dyn Oracle = "oracle" [person::Person]
}
