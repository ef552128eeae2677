//! HTTP connections: one request, and what its outcome means.

use std::time::Duration;

use relata_oracle::{OracleError, Result};
use ureq::Agent;
use ureq::http::Uri;

use crate::name::ORACLE;
use crate::response::{RequestError, shorten};
use crate::retry::{LONGEST_WAIT, RetryDecision};
use crate::secret::Secret;

/// What a response may have at most.
const MOST_BYTES: u64 = 64 << 20;

/// A place to send requests to.
pub(crate) struct Connection {
    agent: Agent,
    url: String,
    timeout: Duration,
    secret: Option<Secret>,
}

impl Connection {
    pub(crate) fn new(url: String, timeout: Duration, concurrency: usize, secret: Option<Secret>) -> Self {
        let config = Agent::config_builder()
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(timeout))
            .max_idle_connections(concurrency)
            .max_idle_connections_per_host(concurrency);
        Self { agent: config.build().new_agent(), url, timeout, secret }
    }

    /// The text of a successful response. The secret is not in it, nor in what is told about a failure.
    pub(crate) fn post(&self, body: &str) -> Result<String, RequestError> {
        let mut request =
            self.agent.post(&self.url).content_type("application/json").header("accept", "application/json");
        if let Some(secret) = &self.secret {
            request = request.header("authorization", secret.header());
        }
        let mut response = request.send(body).map_err(|error| self.failed(&error))?;
        let status = response.status();
        let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let again = RetryDecision::after_status(status.as_u16(), retry_after);
        let text = response.body_mut().with_config().limit(MOST_BYTES).read_to_vec();
        let text = text.map(|bytes| self.without_secret(String::from_utf8_lossy(&bytes).into_owned()));
        if status.is_success() {
            return text.map_err(|error| self.failed(&error));
        }
        let text = text.map_or(String::new(), |text| format!(": {}", shorten(&text)));
        Err(RequestError {
            expected: "HTTP status 200".to_owned(),
            found: format!("status {status}{text}"),
            hint: hint(status.as_u16(), again),
            again,
        })
    }

    fn failed(&self, error: &ureq::Error) -> RequestError {
        use ureq::Error::{BadUri, BodyExceedsLimit, Http, LargeResponseHeader, Rustls, Timeout, Tls};
        let (found, again) = match error {
            Timeout(_) => (format!("nothing within {:?}", self.timeout), RetryDecision::Later),
            BadUri(_) | Http(_) | Tls(_) | Rustls(_) | BodyExceedsLimit(_) | LargeResponseHeader(..) => {
                (error.to_string(), RetryDecision::Never)
            }
            _ => (error.to_string(), RetryDecision::Later),
        };
        RequestError {
            expected: "a response".to_owned(),
            found: self.without_secret(found),
            hint: "Check that the service runs and can be reached, or give it more time: `.timeout(..)`.".to_owned(),
            again,
        }
    }

    fn without_secret(&self, text: String) -> String {
        match &self.secret {
            Some(secret) => secret.redact(text),
            None => text,
        }
    }
}

/// Refuses an address that cannot be asked, or that a secret was written into.
pub(crate) fn check_url(url: &str) -> Result<()> {
    let wrong = |expected: &str, found: &str| Err(OracleError::setting(ORACLE, "url", expected, found));
    let Ok(uri) = url.parse::<Uri>() else { return wrong("an address such as `http://host:port/path`", url) };
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return wrong("without a user and password; use `.secret_from_env(..)`", "an address with some");
    }
    if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none_or(str::is_empty) {
        return wrong("an address such as `http://host:port/path`", url);
    }
    Ok(())
}

fn hint(status: u16, again: RetryDecision) -> String {
    match status {
        401 | 403 => "Check the token in the variable that `.secret_from_env(..)` names.".to_owned(),
        300..=399 => "Redirects are not followed: use the address that it leads to.".to_owned(),
        404 | 405 => "Check the address.".to_owned(),
        429 | 500..=599 if again == RetryDecision::Never => {
            format!("It wants more than {} minutes of rest: try again then.", LONGEST_WAIT.as_secs() / 60)
        }
        429 => "Ask less often: `.rate(..)`, `.concurrency(..)`.".to_owned(),
        _ => "Look at the log of the service.".to_owned(),
    }
}
