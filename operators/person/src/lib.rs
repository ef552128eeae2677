//! An oracle that is people at a web page, which shows a sample and asks which of some candidates are the same kind.
//!
//! [`person`] is the oracle; [`serve`] serves the page of a run folder without one, and [`Server`] is what both use.
//! Every answer is in the run's [`Ledger`](relata_question::ledger::Ledger) before the page says so, and the page
//! repeats what was not confirmed, so a server that is killed at any moment loses nothing and asks nothing twice.
//!
//! # Who may use it
//! The server listens on loopback unless told otherwise, and then answers only requests that name a loopback host, so
//! that no web page elsewhere can reach it under a name of its own. Beyond loopback a token is required: the printed
//! link carries it once, then it is a cookie. Changes are accepted as JSON from the page itself only.
//!
//! # Requests
//! Ids of samples are decimal texts, because they may be too large for a number in a browser; numbers are read as well.
//!
//! | request | reply |
//! | --- | --- |
//! | `GET /api/next?annotator=NAME` | `question` (`question`, `text`, `anchor`, `candidates`; null if none is left) and `undo`, the question of one's last answer |
//! | `POST /api/answer` of `question`, `annotator`, `selected`, and optionally `passed` and `anchor` | `{"recorded": true}`; what is not selected is not related; an answer that is there already stays |
//! | `POST /api/undo` of `question`, `annotator` and optionally `showing`, the question to give back | `undone`, and what had been `selected` or `passed` |
//! | `POST /api/finish` of `annotator` | ends a round in which every question has an answer, but not as many as wished |
//! | `GET /api/progress?annotator=NAME` | `round` (`number`, `answered`, `questions`), `answered`, `questions`, `yours`, `finishable`, `bought` |
//! | `GET /image/ID.png` | a sample that is an image |
//!
//! A request that is refused has a status of 4xx and `{"error": "what to do"}`.
//!
//! # What the last round bought
//! `bought` is what a run left in `progress.json` beside the ledger: `round`, `lines` of text to show, and optionally
//! `known_pairs`, the number of pairs that are known by inference.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod annotator;
mod api;
mod app;
mod board;
mod bought;
mod card;
mod gate;
mod id;
mod page;
mod person;
mod refusal;
mod running;
mod server;
mod settings;
mod token;

pub use person::{Person, person};
pub use server::{Server, serve};
pub use settings::Settings;
pub use token::Token;
