//! The oracle that is a service, and its settings.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use relata_oracle::{Context, Oracle, OracleError, Question, Record, Result};
use relata_registry::{Description, Settings};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::batch::BatchContext;
use crate::batch_queue::answer_all;
use crate::cancellable_sleep::SleepCancel;
use crate::connection::{Connection, check_secrecy, check_url, read_authorities};
use crate::name::ORACLE;
use crate::protocol::Protocol;
use crate::rate_limit::RateLimit;
use crate::retry::RetryPolicy;
use crate::sample_content::{RequestSamples, SampleContent};
use crate::secret::Secret;

const BATCH: usize = 16;
const LONGEST_TIMEOUT: Duration = Duration::from_secs(24 * 3600);

/// See [`service`]. The [crate's documentation](crate) tells what is sent and what is expected.
///
/// A plan holds what the answers depend on. How patiently, how often and with which secret a service is asked may change
/// from day to day and is not written; a service that is read from a plan has the defaults, and no secret, unless the plan
/// was given a `concurrency`, `timeout` (seconds), `retries`, `pause` (seconds), `rate` or `secret_from_env` since.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Service {
    url: String,
    protocol: Protocol,
    /// Who answers, unless a response says otherwise; `None` for the model of a chat or else the oracle's name.
    annotator: Option<String>,
    content: Option<SampleContent>,
    columns: Option<Vec<String>>,
    /// `None` for one question in a chat, or else 16.
    batch: Option<usize>,
    #[serde(skip_serializing)]
    concurrency: usize,
    #[serde(skip_serializing, deserialize_with = "seconds")]
    timeout: Duration,
    #[serde(skip_serializing)]
    retries: u32,
    #[serde(skip_serializing, deserialize_with = "seconds")]
    pause: Duration,
    #[serde(skip_serializing)]
    rate: RateLimit,
    /// A file of certificates that are trusted instead of the usual authorities.
    #[serde(skip_serializing)]
    certificate_authority: Option<PathBuf>,
    /// The name of a variable, never its value.
    #[serde(skip_serializing)]
    secret_from_env: Option<String>,
}

/// Asks a service at an `http` or `https` address: 16 questions a request, four requests at a time, 60 seconds each, four
/// retries, no limit of the rate. Secrets do not belong into the address: see [`Service::secret_from_env`].
///
/// ```
/// use std::time::Duration;
/// use relata_oracle::Oracle;
/// use relata_service::service;
///
/// let oracle = service("http://127.0.0.1:9000/answer")
///     .instruction("Two scans are alike if they show the same digit.")
///     .batch(32)
///     .columns(["writer"])
///     .concurrency(2)
///     .rate(5.0)
///     .timeout(Duration::from_secs(90))
///     .retries(2)
///     .pause(Duration::from_secs(1));
/// oracle.check()?;
/// assert_eq!(oracle.describe()["batch"], 32);
/// # Ok::<(), relata_oracle::OracleError>(())
/// ```
pub fn service(url: impl Into<String>) -> Service {
    Service { url: url.into(), ..Service::default() }
}

impl Default for Service {
    /// A service without an address, which [`Oracle::check`] refuses.
    fn default() -> Self {
        Self {
            url: String::new(),
            protocol: Protocol::default(),
            annotator: None,
            content: None,
            columns: None,
            batch: None,
            concurrency: 4,
            timeout: Duration::from_secs(60),
            retries: 4,
            pause: Duration::from_millis(500),
            rate: RateLimit::new(None),
            certificate_authority: None,
            secret_from_env: None,
        }
    }
}

impl Settings for Service {
    const NAME: &'static str = ORACLE;
    const SUMMARY: &'static str = "a service answers over HTTP, by a JSON protocol or as a chat with a model";
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Duration, D::Error> {
    Duration::try_from_secs_f64(f64::deserialize(deserializer)?).map_err(D::Error::custom)
}

impl Service {
    /// Chats with a model behind an OpenAI-compatible endpoint, at the address up to `/chat/completions`: one question
    /// a request, the model's name as annotator.
    ///
    /// ```
    /// use relata_oracle::Oracle;
    /// use relata_service::{SampleContent, service};
    ///
    /// let model = service("https://api.example.com/v1")
    ///     .chat("some-vision-model")
    ///     .option("temperature", 0)
    ///     .content(SampleContent::Image);
    /// model.check()?;
    /// assert_eq!(model.describe()["annotator"], "some-vision-model");
    /// # Ok::<(), relata_oracle::OracleError>(())
    /// ```
    pub fn chat(mut self, model: impl Into<String>) -> Self {
        self.protocol.model = Some(model.into());
        self
    }

    /// Tells the service what "related" means.
    pub fn instruction(mut self, text: impl Into<String>) -> Self {
        self.protocol.instruction = Some(text.into());
        self
    }

    /// Adds a member to every request, such as `("temperature", 0)`. Not for secrets: it is part of the plan.
    pub fn option(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.protocol.options.insert(name.into(), value.into());
        self
    }

    /// What is sent of a sample beside its columns. Without this, images as images; otherwise features in the plain
    /// protocol, and in a chat columns if there are any.
    pub fn content(mut self, content: SampleContent) -> Self {
        self.content = Some(content);
        self
    }

    /// The columns of the samples that are sent. Without this, all but `label`, `split` and `path`, except that a chat about
    /// images or features has none.
    pub fn columns<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.columns = Some(columns.into_iter().map(Into::into).collect());
        self
    }

    /// Questions per request.
    pub fn batch(mut self, questions: usize) -> Self {
        self.batch = Some(questions);
        self
    }

    /// Requests at the same time.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests;
        self
    }

    /// How long a request may take, from connecting to the end of the response.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many requests in a row may bring no answer to a question, after the first.
    pub fn retries(mut self, times: u32) -> Self {
        self.retries = times;
        self
    }

    /// The first pause before a retry (half a second if not set); it doubles up to 30 seconds.
    pub fn pause(mut self, first: Duration) -> Self {
        self.pause = first;
        self
    }

    /// Requests per second at most, evenly spaced, for this oracle and its clones together.
    pub fn rate(mut self, per_second: f64) -> Self {
        self.rate = RateLimit::new(Some(per_second));
        self
    }

    /// Sends the value of an environment variable as a bearer token. It is read when questions are asked.
    /// A plan holds neither the value nor the name of the variable.
    ///
    /// ```
    /// use relata_oracle::Oracle;
    /// use relata_service::service;
    ///
    /// let oracle = service("https://api.example.com/v1").chat("some-model").secret_from_env("EXAMPLE_API_KEY");
    /// // The variable has to be there when the service is asked.
    /// assert!(oracle.check().unwrap_err().to_string().contains("`EXAMPLE_API_KEY`, which is not set"));
    /// ```
    pub fn secret_from_env(mut self, variable: impl Into<String>) -> Self {
        self.secret_from_env = Some(variable.into());
        self
    }

    /// Trusts the certificates in a PEM file instead of the usual authorities, for a service of one's own.
    ///
    /// ```
    /// use relata_oracle::Oracle;
    /// use relata_service::service;
    ///
    /// let oracle = service("https://models.example.org/v1").certificate_authority("missing.pem");
    /// assert!(oracle.check().unwrap_err().to_string().contains("missing.pem"));
    /// ```
    pub fn certificate_authority(mut self, file: impl Into<PathBuf>) -> Self {
        self.certificate_authority = Some(file.into());
        self
    }

    fn batch_size(&self) -> usize {
        self.batch.unwrap_or(if self.protocol.model.is_some() { 1 } else { BATCH })
    }

    fn annotator(&self) -> &str {
        self.annotator.as_deref().unwrap_or(self.protocol.annotator())
    }

    fn secret(&self) -> Result<Option<Secret>> {
        self.secret_from_env.as_deref().map(Secret::from_env).transpose()
    }

    async fn batch_context(&self, context: &Context<'_>, questions: &[Question]) -> Result<BatchContext> {
        let (content, columns) = self.protocol.content(context.samples, self.content, self.columns.as_deref());
        let secret = self.secret()?;
        Ok(BatchContext {
            connection: Connection::new(
                self.protocol.address(&self.url),
                self.timeout,
                self.concurrency,
                secret,
                self.certificate_authority.as_deref().map(read_authorities).transpose()?,
            ),
            protocol: self.protocol.clone(),
            annotator: self.annotator().to_owned(),
            samples: RequestSamples::load(context, questions, content, &columns).await?,
            limit: self.rate.clone(),
            cancel: Arc::new(SleepCancel::default()),
            retry: RetryPolicy { times: self.retries, pause: self.pause },
            seed: context.seed,
            cost: self.cost(),
        })
    }
}

#[async_trait]
impl Oracle for Service {
    /// What the answers depend on. How patiently, how often and with which secret a service is asked is free to change
    /// from day to day: an error that says `.timeout(..)` has to be one that can be followed in the same run.
    fn describe(&self) -> Description {
        // What is chosen by the protocol is written out, so that a plan tells it.
        let (annotator, batch) = (Some(self.annotator().to_owned()), Some(self.batch_size()));
        Description::of(&Self { annotator, batch, ..self.clone() })
    }

    fn name(&self) -> String {
        self.annotator().to_owned()
    }

    fn check(&self) -> Result<()> {
        let wrong =
            |setting: &str, expected: &str, found: String| Err(OracleError::setting(ORACLE, setting, expected, found));
        check_url(&self.url)?;
        if self.secret_from_env.is_some() {
            check_secrecy(&self.url)?;
        }
        self.certificate_authority.as_deref().map(read_authorities).transpose()?;
        self.protocol.check()?;
        if self.batch_size() == 0 {
            return wrong("batch", "above 0", "0".to_owned());
        }
        if self.protocol.model.is_some() && self.batch_size() != 1 {
            return wrong("batch", "1 in a chat, which is about one question", self.batch_size().to_string());
        }
        if self.concurrency == 0 {
            return wrong("concurrency", "above 0", "0".to_owned());
        }
        if self.timeout.is_zero() || self.timeout > LONGEST_TIMEOUT {
            return wrong("timeout", "above 0 and at most a day", format!("{:?}", self.timeout));
        }
        if let Some(rate) = self.rate.per_second()
            && !(rate >= RateLimit::SLOWEST && rate.is_finite())
        {
            return wrong("rate", "at least 0.001 requests per second", rate.to_string());
        }
        self.secret().map(|_| ())
    }

    fn check_relate(&self) -> Result<()> {
        Err(OracleError::cannot_relate(self.describe().name))
    }

    async fn answer(&self, context: &Context<'_>, questions: &[Question], out: &dyn Record) -> Result<()> {
        let questions: Vec<Question> = questions.iter().filter(|q| !q.candidates.is_empty()).cloned().collect();
        if questions.is_empty() {
            return Ok(());
        }
        let context = Arc::new(self.batch_context(context, &questions).await?);
        answer_all(&context, &questions, self.batch_size(), self.concurrency, out).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ORACLES;

    #[test]
    fn settings_that_make_no_sense_are_refused() {
        let good = || service("http://127.0.0.1:1/answer");
        good().check().unwrap();
        good().chat("m").option("temperature", 0).check().unwrap();
        let bad = [
            (service("localhost:9000"), "url"),
            (service("ftp://host/"), "url"),
            (service("https://me:hush@host/"), "url"),
            (good().batch(0), "batch"),
            (good().chat("m").batch(2), "batch"),
            (good().concurrency(0), "concurrency"),
            (good().timeout(Duration::ZERO), "timeout"),
            (good().timeout(Duration::MAX), "timeout"),
            (good().rate(0.0), "rate"),
            (good().rate(f64::NAN), "rate"),
            (good().chat("m").option("messages", 1), "option"),
            (good().option("questions", 1), "option"),
            (good().chat(""), "chat"),
            (good().secret_from_env("RELATA_TEST_NOT_SET"), "secret_from_env"),
        ];
        for (service, setting) in bad {
            let error = service.check().unwrap_err();
            assert!(matches!(&error, OracleError::Setting(e) if e.setting == setting), "{error}");
            assert!(!error.to_string().contains("hush"), "{error}");
        }
    }

    #[test]
    fn a_plan_gives_the_service_back_and_takes_what_it_leaves_out() {
        let model = service("https://host/v1").chat("m").option("temperature", 0).instruction("Cats?");
        for oracle in [service("http://host/").columns(["note"]).content(SampleContent::Columns), model] {
            let description = oracle.describe();
            let back = ORACLES.read(&description).unwrap();
            assert_eq!(back.describe(), description);
            back.check().unwrap();
            let patient =
                description.clone().with("timeout", 90).with("rate", 0.5).with("retries", 9).with("pause", 0.25);
            let patient: Service = patient.with("secret_from_env", "PATH").with("concurrency", 1).settings().unwrap();
            assert_eq!((patient.timeout, patient.pause), (Duration::from_secs(90), Duration::from_millis(250)));
            assert_eq!((patient.rate.per_second(), patient.retries, patient.concurrency), (Some(0.5), 9, 1));
            assert_eq!(patient.describe(), description);
            assert!(ORACLES.read(&description.with("timeout", -1)).is_err());
        }
        assert!(ORACLES.parse("service", &[]).unwrap().check().is_err(), "without an address");
    }

    #[test]
    fn the_plan_holds_neither_the_secret_nor_what_may_change_from_day_to_day() {
        // Every test process has this variable.
        let value = std::env::var("PATH").unwrap();
        let plain = service("https://host/");
        let changed = plain.clone().timeout(Duration::from_secs(300)).retries(9).pause(Duration::from_secs(2));
        let changed = changed.concurrency(1).rate(0.5).secret_from_env("PATH");
        changed.check().unwrap();
        assert_eq!(changed.describe(), plain.describe());
        assert!(!format!("{changed:?}").contains(&value));
        // What the answers depend on is in it.
        for other in [plain.clone().batch(1), plain.clone().columns(["note"]), plain.clone().instruction("Cats?")] {
            assert_ne!(other.describe(), plain.describe());
        }
    }
}
