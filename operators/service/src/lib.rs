//! HTTP oracle: a service that answers questions as JSON, in a [plain protocol](#the-plain-protocol) that is written
//! in an hour, or as chats with a model behind an [OpenAI-compatible endpoint](#the-chat-protocol).
//!
//! ```
//! use std::time::Duration;
//! use relata_oracle::{Oracle, OracleExt};
//! use relata_service::service;
//!
//! let own = service("http://127.0.0.1:9000/answer").batch(32).concurrency(2).rate(5.0);
//! let model = service("https://api.example.com/v1")
//!     .chat("some-vision-model")
//!     .instruction("Two scans are alike if they show the same digit.")
//!     .secret_from_env("EXAMPLE_API_KEY")
//!     .timeout(Duration::from_secs(90))
//!     .named("model")
//!     .priced(0.0, 0.01);
//! # own.check().unwrap();
//! ```
//!
//! # The plain protocol
//! A batch of questions is one POST. `image` is a PNG in base64 at the samples' own size; samples that are no images
//! have `features` (row by row) instead, and [`Service::content`] chooses. `columns` are the columns of the samples,
//! without `label`, `split` and `path`, or those that [`Service::columns`] names.
//! ```json
//! {"instruction": "Two scans are alike if they show the same digit.",
//!  "questions": [
//!    {"question": 7,
//!     "anchor": {"id": 12, "columns": {"writer": "w3"}, "image": "iVBORw0KGgo.."},
//!     "candidates": [
//!       {"id": 40, "columns": {"writer": "w1"}, "image": "iVBORw0KGgo.."},
//!       {"id": 41, "columns": {"writer": "w3"}, "image": "iVBORw0KGgo.."}]}]}
//! ```
//! The response has an answer for each candidate, in any order. `related` is null for a pass; `confidence` in [0, 1]
//! and `annotator` may be left out. Several annotators may answer about one candidate; they are named after the service,
//! as `service/anna`.
//! ```json
//! {"answers": [
//!    {"question": 7, "candidate": 40, "related": true, "confidence": 0.9, "annotator": "anna"},
//!    {"question": 7, "candidate": 41, "related": null}]}
//! ```
//! `instruction` is there only if [`Service::instruction`] gave one, and members of [`Service::option`] are added.
//!
//! # The chat protocol
//! [`Service::chat`] asks one question per request at `<url>/chat/completions`: a system message with the instruction,
//! and a user message with the anchor and each candidate, as images (`image_url` parts with `data:image/png;base64,`,
//! enlarged by whole factors to at least 128 pixels), or else with their columns, as JSON on one line after `data:`, each
//! text cut after 4,000 characters. The system message says that this is data, whatever it says. The content of the first
//! choice has to be this JSON and nothing else (`response_format` asks for it):
//! ```json
//! {"answers": [{"candidate": 40, "related": true, "confidence": 0.9}, {"candidate": 41, "related": null}]}
//! ```
//!
//! # When something goes wrong
//! - Answers that are valid are written down at once, whatever else is wrong with the response, and the next request
//!   asks only for what is missing. A request that brought no answer counts against [`Service::retries`]; pauses between
//!   them double, with some jitter.
//! - Asked again: time-outs, connections that break or cannot be made, HTTP 408, 425, 429 and 5xx (`Retry-After` up to
//!   15 minutes holds all requests back), malformed JSON, missing answers, answers to what was not asked, two answers of
//!   one annotator about one candidate (neither counts), a confidence out of range.
//! - Passed over with a warning: what was not asked, once everything that was asked is answered.
//! - Every request has a header `Idempotency-Key`. One that is sent again since its response did not come has the same, so
//!   that a service need not do it, and be paid, twice.
//! - A run that is stopped waits up to 5 seconds for requests under way, and answers that cannot be written down, since the
//!   ledger is busy or the disk full, are tried again for a minute.
//! - An error at once: every other status (redirects too), an address or certificate that cannot be right.
//! - The secret of [`Service::secret_from_env`] is read from the environment, sent as a bearer token, and never written
//!   anywhere else; where a service repeats it, it is redacted. Proxies of the environment are not used.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod batch;
mod batch_queue;
mod cancellable_sleep;
mod connection;
mod name;
mod protocol;
mod rate_limit;
mod response;
mod retry;
mod sample_content;
mod secret;
mod service;

use relata_oracle::Oracle;
use relata_registry::registry;

pub use batch_queue::unrecorded_requests;
pub use sample_content::SampleContent;
pub use service::{Service, service};

registry! {
    /// The oracle of this crate by name, to read it from a plan.
    pub static ORACLES: dyn Oracle = "oracle" [service::Service]
}
