//! The oracle, its settings, and how many requests it has under way.

use relata_registry::Description;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use relata_data::{OperatorError, Result};
use relata_oracle::{Context, Oracle, Question, Record};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::connection::{Connection, check_url};
use crate::dialect::Dialect;
use crate::halt::{Halt, HaltOnDrop};
use crate::job::{Job, Line};
use crate::rate_limit::RateLimit;
use crate::request::{Content, Subjects};
use crate::retry::Retry;
use crate::secret::Secret;

/// The name that answers carry as their oracle.
pub(crate) const ORACLE: &str = "service";
const BATCH: usize = 16;
const LONGEST_TIMEOUT: Duration = Duration::from_secs(24 * 3600);

/// See [`service`]. The [crate's documentation](crate) tells what is sent and what is expected.
#[derive(Debug, Clone)]
pub struct Service {
    url: String,
    dialect: Dialect,
    content: Option<Content>,
    columns: Option<Vec<String>>,
    batch: Option<usize>,
    concurrency: usize,
    timeout: Duration,
    retry: Retry,
    rate: Option<f64>,
    limit: Arc<RateLimit>,
    secret: Option<String>,
}

/// Asks a service at an `http` or `https` address: 16 questions a request, four requests at a time, 60 seconds each, four
/// retries, no limit of the rate. Secrets do not belong into the address: see [`Service::secret_from_env`].
pub fn service(url: impl Into<String>) -> Service {
    Service {
        url: url.into(),
        dialect: Dialect::default(),
        content: None,
        columns: None,
        batch: None,
        concurrency: 4,
        timeout: Duration::from_secs(60),
        retry: Retry { times: 4, pause: Duration::from_millis(500) },
        rate: None,
        limit: Arc::new(RateLimit::new(None)),
        secret: None,
    }
}

impl Service {
    /// Chats with a model behind an OpenAI-compatible endpoint, at the address up to `/chat/completions`: one question
    /// a request, the model's name as annotator.
    pub fn chat(mut self, model: impl Into<String>) -> Self {
        self.dialect.model = Some(model.into());
        self
    }

    /// Tells the service what "related" means.
    pub fn instruction(mut self, text: impl Into<String>) -> Self {
        self.dialect.instruction = Some(text.into());
        self
    }

    /// Adds a member to every request, such as `("temperature", 0)`. Not for secrets: it is part of the plan.
    pub fn option(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.dialect.options.insert(name.into(), value.into());
        self
    }

    /// What is sent of a sample beside its columns. Without this, images as images; otherwise features in the plain
    /// dialect, and in a chat columns if there are any.
    pub fn content(mut self, content: Content) -> Self {
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
        self.retry.times = times;
        self
    }

    /// The first pause before a retry (half a second if not set); it doubles up to 30 seconds.
    pub fn pause(mut self, first: Duration) -> Self {
        self.retry.pause = first;
        self
    }

    /// Requests per second at most, evenly spaced, for this oracle and its clones together.
    pub fn rate(mut self, per_second: f64) -> Self {
        self.rate = Some(per_second);
        self.limit = Arc::new(RateLimit::new(self.rate));
        self
    }

    /// Sends the value of an environment variable as a bearer token. It is read when questions are asked.
    pub fn secret_from_env(mut self, variable: impl Into<String>) -> Self {
        self.secret = Some(variable.into());
        self
    }

    fn batch_size(&self) -> usize {
        self.batch.unwrap_or(if self.dialect.model.is_some() { 1 } else { BATCH })
    }

    fn secret(&self) -> Result<Option<Secret>> {
        self.secret.as_deref().map(Secret::from_env).transpose()
    }

    async fn line(&self, context: &Context<'_>, questions: &[Question]) -> Result<Line> {
        let (content, columns) = self.dialect.told(context.samples, self.content, self.columns.as_deref());
        let secret = self.secret()?;
        Ok(Line {
            connection: Connection::new(self.dialect.address(&self.url), self.timeout, self.concurrency, secret),
            dialect: self.dialect.clone(),
            subjects: Subjects::load(context, questions, content, &columns).await?,
            limit: self.limit.clone(),
            halt: Arc::new(Halt::default()),
            retry: self.retry,
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
        Description::new(ORACLE)
            .with("url", &self.url)
            .with("dialect", self.dialect.describe())
            .with("annotator", self.dialect.annotator())
            .with("content", self.content.map(|content| format!("{content:?}").to_lowercase()))
            .with("columns", &self.columns)
            .with("batch", self.batch_size())
    }

    fn check(&self) -> Result<()> {
        let wrong = |setting: &str, expected: &str, found: String| {
            Err(OperatorError::setting(ORACLE, setting, expected, found))
        };
        check_url(&self.url)?;
        self.dialect.check()?;
        if self.batch_size() == 0 {
            return wrong("batch", "above 0", "0".to_owned());
        }
        if self.dialect.model.is_some() && self.batch_size() != 1 {
            return wrong("batch", "1 in a chat, which is about one question", self.batch_size().to_string());
        }
        if self.concurrency == 0 {
            return wrong("concurrency", "above 0", "0".to_owned());
        }
        if self.timeout.is_zero() || self.timeout > LONGEST_TIMEOUT {
            return wrong("timeout", "above 0 and at most a day", format!("{:?}", self.timeout));
        }
        if let Some(rate) = self.rate
            && !(rate >= RateLimit::SLOWEST && rate.is_finite())
        {
            return wrong("rate", "at least 0.001 requests per second", rate.to_string());
        }
        self.secret().map(|_| ())
    }

    async fn answer(&self, context: &Context<'_>, questions: &[Question], out: &dyn Record) -> Result<()> {
        let questions: Vec<Question> = questions.iter().filter(|q| !q.candidates.is_empty()).cloned().collect();
        if questions.is_empty() {
            return Ok(());
        }
        let line = Arc::new(self.line(context, &questions).await?);
        // Whoever sleeps on a thread of its own wakes up if the pipeline goes away.
        let _halt = HaltOnDrop(line.halt.clone());
        let mut waiting: VecDeque<Job> =
            questions.chunks(self.batch_size()).map(|batch| Job::new(line.clone(), batch)).collect();
        let mut running = JoinSet::new();
        let mut failure = None;
        loop {
            while failure.is_none()
                && running.len() < self.concurrency
                && let Some(job) = waiting.pop_front()
            {
                running.spawn_blocking(move || job.attempt());
            }
            // After a failure, what is under way is awaited still: its answers may have been paid for.
            let Some(done) = running.join_next().await else { break };
            let next = match done {
                Ok((job, attempt)) => out.record(&attempt.answers).and_then(|()| job.next(attempt)),
                Err(error) => Err(broken(&questions[0], &error.to_string())),
            };
            match next {
                Ok(job) => job.into_iter().for_each(|job| waiting.push_front(job)),
                Err(error) => {
                    line.halt.set();
                    failure.get_or_insert(error);
                }
            }
        }
        failure.map_or(Ok(()), Err)
    }
}

fn broken(question: &Question, found: &str) -> OperatorError {
    OperatorError::Oracle {
        oracle: ORACLE.to_owned(),
        question: question.question,
        expected: "a request that ends".to_owned(),
        found: found.to_owned(),
        hint: "This is a defect of Relata: please report it.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert!(matches!(&error, OperatorError::Setting { setting: s, .. } if s == setting), "{error}");
            assert!(!error.to_string().contains("hush"), "{error}");
        }
    }

    #[test]
    fn the_plan_holds_neither_the_secret_nor_what_may_change_from_day_to_day() {
        // Every test process has this variable.
        let value = std::env::var("PATH").unwrap();
        let plain = service("http://host/");
        let changed = plain.clone().timeout(Duration::from_secs(300)).retries(9).pause(Duration::from_secs(2));
        let changed = changed.concurrency(1).rate(0.5).secret_from_env("PATH");
        changed.check().unwrap();
        assert_eq!(changed.describe(), plain.describe());
        assert!(!format!("{changed:?}").contains(&value));
        // What the answers depend on is told.
        for other in [plain.clone().batch(1), plain.clone().columns(["note"]), plain.clone().instruction("Cats?")] {
            assert_ne!(other.describe(), plain.describe());
        }
    }
}
