//! The oracle that is people at a web page.

use relata_registry::Description;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use relata_data::Result;
use relata_oracle::{Context, Cost, Oracle, Question, Record};

use crate::running::Running;
use crate::settings::Settings;
use crate::token::Token;

/// The oracle's name in answers, plans and errors.
pub(crate) const ORACLE: &str = "person";

/// See [`person`].
pub struct Person {
    settings: Settings,
    running: Mutex<Option<Running>>,
    /// One call after the other.
    turn: tokio::sync::Mutex<()>,
}

/// People answer at a web page under this address, such as `127.0.0.1:7878`. The page stays open between rounds, and
/// shows each question to one person at a time. Its link is printed on standard error.
///
/// People are annotators under the names that they give. Around this oracle, [`named`](Oracle::named) makes one annotator
/// of all people at a page; to tell the people of two pages in one run apart, name the pages: [`Person::page`].
pub fn person(address: impl Into<String>) -> Person {
    Person { settings: Settings::new(address), running: Mutex::new(None), turn: tokio::sync::Mutex::default() }
}

impl Person {
    /// How many people answer each question, if not one.
    pub fn annotators(mut self, count: usize) -> Self {
        self.settings.annotators = count;
        self
    }

    /// For how many seconds a question is kept for the person to whom it was shown, before others get it; if not 300.
    pub fn lease(mut self, seconds: u64) -> Self {
        self.settings.lease = seconds;
        self
    }

    /// What is asked instead of "Select all that are the same kind as this one".
    pub fn question_text(mut self, text: impl Into<String>) -> Self {
        self.settings.question = Some(text.into());
        self
    }

    /// The columns of the samples that are shown as text, beside the picture if there is one. Without this, pictures
    /// alone, and of samples that are no pictures all columns but `id`, `label`, `split` and `path`, which may hold the
    /// answer.
    pub fn show<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.settings.show = columns.into_iter().map(Into::into).collect();
        self
    }

    /// A secret that people need: at least 8 letters, digits, `-`, `_` or `.`. Beyond loopback there must be one.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.settings.token = Some(Token::new(token));
        self
    }

    /// A secret that people need, drawn at random for each process and printed as part of the link.
    pub fn generated_token(mut self) -> Self {
        self.settings.token = Some(Token::generate());
        self
    }

    /// What a question and each of its candidates cost, if not 0 and 1.
    pub fn priced(mut self, per_question: f64, per_candidate: f64) -> Self {
        self.settings.cost = Cost { per_question, per_candidate };
        self
    }

    /// The page's name, where several pages answer in one run, such as those of a crowd: answers carry
    /// `person(name)` as their oracle, and each page counts its own.
    pub fn page(mut self, name: impl Into<String>) -> Self {
        self.settings.page = Some(name.into());
        self
    }

    /// The settings, to serve the page without an oracle.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
}

#[async_trait]
impl Oracle for Person {
    fn describe(&self) -> Description {
        self.settings.describe()
    }

    fn check(&self) -> Result<()> {
        self.settings.check()
    }

    /// Returns when each question has an answer of as many people as wished at this page, or when a person ends the
    /// round. Each answer is recorded by `out` before the page says that it is written down.
    async fn answer(&self, context: &Context<'_>, questions: &[Question], out: &dyn Record) -> Result<()> {
        let _turn = self.turn.lock().await;
        let mut call = {
            let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            let server = match running.take().filter(|server| server.folder() == out.folder()) {
                Some(server) => server,
                None => Running::start(context.samples.clone(), out.folder(), self.settings.clone())?,
            };
            running.insert(server).call(questions)?
        };
        while let Some(given) = call.next().await {
            given.record(out);
        }
        call.end(out).await
    }

    /// What the answers of all annotators to a question cost together.
    fn cost(&self) -> Cost {
        self.settings.cost.times(self.settings.annotators)
    }

    fn annotators(&self) -> usize {
        self.settings.annotators
    }
}
