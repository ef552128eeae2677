//! The oracle that is people at a web page.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use relata_oracle::{Context, Cost, NameQuestion, Oracle, OracleError, Question, Record, Result};
use relata_registry::{Component, Description, ReadError, Registry};

use crate::background_server::BackgroundServer;
use crate::name::ORACLE;
use crate::settings::PageConfig;
use crate::state::AppState;
use crate::token::AccessToken;

/// People at a web page: see [`person`]. Read from a plan, the page is served at `127.0.0.1:7878`, unless the plan was
/// given an `address` since: a plan does not hold it.
pub struct Person {
    config: PageConfig,
    running: Mutex<Option<BackgroundServer>>,
    /// One list of questions after the other.
    turn: tokio::sync::Mutex<()>,
}

/// People answer at a web page under this address, such as `127.0.0.1:7878`. The page stays open between rounds, and
/// shows each question to one person at a time. Its link is told to the run's `progress`, which `bars()` shows on the terminal.
///
/// People are annotators under the names that they give. Around this oracle, [`named`](relata_oracle::OracleExt::named) makes one annotator
/// of all people at a page; to tell the people of two pages in one run apart, name the pages: [`Person::page`].
///
/// ```
/// use relata_annotate::person;
/// use relata_oracle::Oracle;
///
/// let oracle = person("127.0.0.1:7878")
///     .question_text("Which of these notes are about the same patient?")
///     .show(["note", "ward"])
///     .annotators(3)
///     .priced(0.0, 0.5);
/// oracle.check()?;
/// assert_eq!(Oracle::annotators(&oracle), 3);
/// // Three people together.
/// assert_eq!(oracle.cost().of(2), 3.0);
/// // The plan holds what the answers depend on, without the address.
/// assert!(oracle.describe().get("address").is_none());
/// # Ok::<(), relata_oracle::OracleError>(())
/// ```
pub fn person(address: impl Into<String>) -> Person {
    PageConfig::new(address).into()
}

impl From<PageConfig> for Person {
    fn from(config: PageConfig) -> Self {
        Self { config, running: Mutex::new(None), turn: tokio::sync::Mutex::default() }
    }
}

impl Person {
    /// How many people answer each question, if not one.
    ///
    /// ```
    /// use relata_annotate::person;
    ///
    /// let oracle = person("127.0.0.1:7878").annotators(3);
    /// assert_eq!(oracle.settings().annotators, 3);
    /// ```
    pub fn annotators(mut self, count: usize) -> Self {
        self.config.annotators = count;
        self
    }

    /// For how many seconds a question is kept for the person to whom it was shown, before others get it; if not 300.
    ///
    /// ```
    /// use relata_annotate::person;
    ///
    /// let oracle = person("127.0.0.1:7878").lease(60);
    /// assert_eq!(oracle.settings().lease, 60);
    /// ```
    pub fn lease(mut self, seconds: u64) -> Self {
        self.config.lease = seconds;
        self
    }

    /// What is asked instead of "Select all that are the same kind as this one".
    ///
    /// ```
    /// use relata_annotate::person;
    ///
    /// let oracle = person("127.0.0.1:7878").question_text("Which of these show the same digit?");
    /// assert!(oracle.settings().question_text.is_some());
    /// ```
    pub fn question_text(mut self, text: impl Into<String>) -> Self {
        self.config.question_text = Some(text.into());
        self
    }

    /// The columns of the samples that are shown as text, beside the picture if there is one. Without this, pictures
    /// alone, and of samples that are no pictures all columns but `id`, `label`, `split` and `path`, which may hold the
    /// answer.
    ///
    /// ```
    /// use relata_annotate::person;
    ///
    /// let oracle = person("127.0.0.1:7878").show(["note", "ward"]);
    /// assert_eq!(oracle.settings().show, ["note", "ward"]);
    /// ```
    pub fn show<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.config.show = columns.into_iter().map(Into::into).collect();
        self
    }

    /// A secret that people need: at least 8 letters, digits, `-`, `_` or `.`. Without this, one is drawn at random for each
    /// process; it is part of the link.
    ///
    /// ```
    /// use relata_annotate::person;
    /// use relata_oracle::Oracle;
    ///
    /// let oracle = person("0.0.0.0:7878").token("correct-horse").lease(60);
    /// oracle.check()?;
    /// assert!(!format!("{oracle:?}").contains("horse"));
    /// # Ok::<(), relata_oracle::OracleError>(())
    /// ```
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.config.token = Some(AccessToken::new(token));
        self
    }

    /// Lets everybody on this machine answer, and every program that runs on it; refused beyond loopback.
    ///
    /// ```
    /// use relata_annotate::person;
    /// use relata_oracle::Oracle;
    ///
    /// person("127.0.0.1:7878").without_token().check()?;
    /// assert!(person("0.0.0.0:7878").without_token().check().is_err());
    /// # Ok::<(), relata_oracle::OracleError>(())
    /// ```
    pub fn without_token(mut self) -> Self {
        self.config.open = true;
        self
    }

    /// Lets only these people answer, each by a link of their own and under their own name, so that who answered is more
    /// than a claim. The links follow from the [`token`](Self::token).
    ///
    /// ```
    /// use relata_annotate::person;
    ///
    /// let oracle = person("0.0.0.0:7878").token("correct-horse").invite(["Ada", "Bob"]);
    /// assert_eq!(oracle.settings().invited, ["Ada", "Bob"]);
    /// ```
    pub fn invite<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.config.invited.extend(names.into_iter().map(Into::into));
        self
    }

    /// Encrypts connections by a chain of certificates (the server's first) and its key, two files in PEM. Without it,
    /// what is sent beyond this machine can be read on the way, unless a proxy in front encrypts it.
    ///
    /// ```
    /// use relata_annotate::person;
    ///
    /// let oracle = person("0.0.0.0:7878").tls("fullchain.pem", "privkey.pem");
    /// assert!(oracle.settings().tls.is_some());
    /// ```
    pub fn tls(mut self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.config.tls = Some((certificate.into(), key.into()));
        self
    }

    /// What a question and each of its candidates cost, if not 0 and 1.
    ///
    /// ```
    /// use relata_annotate::person;
    ///
    /// let oracle = person("127.0.0.1:7878").priced(1.0, 0.5);
    /// assert_eq!(oracle.settings().cost.of(4), 3.0);
    /// ```
    pub fn priced(mut self, per_question: f64, per_candidate: f64) -> Self {
        self.config.cost = Cost { per_question, per_candidate };
        self
    }

    /// The page's name, where several pages answer in one run, such as those of a crowd: answers carry
    /// `person(name)` as their oracle, and each page counts its own.
    ///
    /// ```
    /// use relata_active::oracle::crowd;
    /// use relata_annotate::person;
    /// use relata_oracle::Oracle;
    ///
    /// let pages = crowd([person("127.0.0.1:7878").page("left"), person("127.0.0.1:7879").page("right")]);
    /// pages.check()?;
    /// # Ok::<(), relata_oracle::OracleError>(())
    /// ```
    pub fn page(mut self, name: impl Into<String>) -> Self {
        self.config.page = Some(name.into());
        self
    }

    /// The settings, to serve the page without an oracle by [`serve`](crate::serve).
    pub fn settings(&self) -> &PageConfig {
        &self.config
    }
}

impl Person {
    /// Does something at the page of a run, which is opened if it is not yet; its link is a note.
    fn at_page<T>(&self, context: &Context<'_>, folder: &Path, work: impl FnOnce(&BackgroundServer) -> T) -> Result<T> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let server = match running.take().filter(|server| server.folder() == folder) {
            Some(server) => server,
            None => {
                let server = BackgroundServer::start(context.samples.clone(), folder, self.config.clone())?;
                context.notes.note(server.invitation());
                server
            }
        };
        Ok(work(running.insert(server)))
    }
}

/// Groups that people are asked about; dropped, they are no more.
struct Asked<'a>(&'a AppState);

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.0.naming.end();
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Component<dyn Oracle> for Person {
    const NAME: &'static str = ORACLE;
    const SUMMARY: &'static str = "people answer at a web page";

    fn defaults() -> Option<Description> {
        Some(PageConfig::default().describe())
    }

    fn read(description: &Description, _: &Registry<dyn Oracle>) -> Result<Self, ReadError> {
        description.settings::<PageConfig>().map(Self::from)
    }
}

#[async_trait]
impl Oracle for Person {
    fn describe(&self) -> Description {
        self.config.describe()
    }

    fn name(&self) -> String {
        self.config.oracle()
    }

    fn check(&self) -> Result<()> {
        self.config.check()
    }

    fn check_relate(&self) -> Result<()> {
        Err(OracleError::cannot_relate(self.describe().name))
    }

    /// Returns when each question has an answer of as many people as wished at this page, or when a person ends the
    /// round. Each answer is recorded by `out` before the page says that it is written down. The page's link is a note.
    async fn answer(&self, context: &Context<'_>, questions: &[Question], out: &dyn Record) -> Result<()> {
        let _turn = self.turn.lock().await;
        let mut waiter = self.at_page(context, out.folder(), |server| server.ask(questions))??;
        while let Some(submission) = waiter.next().await {
            submission.record(out);
        }
        waiter.end(out).await
    }

    fn can_name(&self) -> bool {
        true
    }

    /// Returns when each group has a name, or somebody has said that it is not known. Names are in the run's file
    /// `names.jsonl` before the page says so.
    async fn name_groups(
        &self,
        context: &Context<'_>,
        questions: &[NameQuestion],
        folder: &Path,
    ) -> Result<Vec<Option<String>>> {
        let _turn = self.turn.lock().await;
        let state = self.at_page(context, folder, |server| server.state().clone())?;
        state.naming.begin(questions)?;
        let _asked = Asked(&state);
        Ok(state.naming.all().await)
    }

    /// What the answers of all annotators to a question cost together.
    fn cost(&self) -> Cost {
        self.config.cost.times(self.config.annotators)
    }

    fn annotators(&self) -> usize {
        self.config.annotators
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ORACLES;

    #[test]
    fn it_is_read_from_a_plan_at_the_default_address() {
        let oracle = person("127.0.0.1:1").annotators(2).priced(1.0, 0.5).page("left").show(["note"]).lease(9);
        let back = ORACLES.read(&oracle.describe()).unwrap();
        assert_eq!(back.describe(), oracle.describe());
        assert_eq!((back.annotators(), back.cost()), (2, oracle.cost()));
        back.check().unwrap();
        assert!(ORACLES.parse("person", &[("annotators".to_owned(), "0".to_owned())]).unwrap().check().is_err());
        let unknown = oracle.describe().with("colour", "red");
        assert!(ORACLES.read(&unknown).err().unwrap().to_string().contains("colour"));
    }
}
