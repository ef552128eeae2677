//! HTTP connections: one request, and what its outcome means.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use relata_oracle::{OracleError, Result};
use twox_hash::XxHash64;
use ureq::Agent;
use ureq::http::Uri;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use crate::name::ORACLE;
use crate::response::{RequestError, shorten};
use crate::retry::{LONGEST_WAIT, RetryDecision};
use crate::secret::Secret;

/// What a response may have at most.
const MOST_BYTES: u64 = 64 << 20;

/// What secrets are called in addresses, without dashes.
const SECRETS: [&str; 11] = [
    "key",
    "apikey",
    "token",
    "accesstoken",
    "authtoken",
    "secret",
    "clientsecret",
    "password",
    "passwd",
    "signature",
    "sig",
];

/// A place to send requests to.
pub(crate) struct Connection {
    agent: Agent,
    url: String,
    timeout: Duration,
    secret: Option<Secret>,
}

impl Connection {
    pub(crate) fn new(
        url: String,
        timeout: Duration,
        concurrency: usize,
        secret: Option<Secret>,
        authorities: Option<Vec<Certificate<'static>>>,
    ) -> Self {
        let tls = TlsConfig::builder();
        let tls = match authorities {
            Some(own) => tls.root_certs(RootCerts::Specific(Arc::new(own))),
            None => tls,
        };
        let config = Agent::config_builder()
            .tls_config(tls.build())
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(timeout))
            .max_idle_connections(concurrency)
            .max_idle_connections_per_host(concurrency);
        Self { agent: config.build().new_agent(), url, timeout, secret }
    }

    /// The text of a successful response. The secret is not in it, nor in what is told about a failure. A request that is
    /// sent again since its response did not come has the same key, by which a service can tell that it is the same; one
    /// after `incomplete` responses has another.
    pub(crate) fn post(&self, body: &str, annotator: &str, incomplete: u32) -> Result<String, RequestError> {
        // Two annotators that are asked the same are to answer for themselves.
        let seed = XxHash64::oneshot(0, annotator.as_bytes());
        let key = format!("{:016x}-{incomplete}", XxHash64::oneshot(seed, body.as_bytes()));
        let request = self.agent.post(&self.url).content_type("application/json");
        let mut request = request.header("accept", "application/json").header("idempotency-key", key);
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
            in_response: false,
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
            in_response: false,
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
    let mut settings = uri.query().unwrap_or_default().split('&').filter_map(|part| part.split('=').next());
    let is_secret = |name: &str| SECRETS.contains(&name.to_ascii_lowercase().replace(['-', '_'], "").as_str());
    if let Some(name) = settings.find(|name| is_secret(name)) {
        // The secret itself is not repeated.
        return wrong(
            "without a secret, which ends up in logs; use `.secret_from_env(..)`",
            &format!("one with `{name}=`"),
        );
    }
    if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none_or(str::is_empty) {
        return wrong("an address such as `http://host:port/path`", url);
    }
    Ok(())
}

/// Refuses to send a secret where it can be read on the way.
pub(crate) fn check_secrecy(url: &str) -> Result<()> {
    let uri: Option<Uri> = url.parse().ok();
    let host = uri.as_ref().and_then(Uri::host).unwrap_or_default().trim_matches(['[', ']']);
    let is_loopback = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    if is_loopback || uri.as_ref().and_then(Uri::scheme_str) != Some("http") {
        return Ok(());
    }
    let expected = "one with https where a secret is sent to another machine, which everybody on the way could read";
    Err(OracleError::setting(ORACLE, "url", expected, url))
}

/// The certificates of authorities in a PEM file.
pub(crate) fn read_authorities(path: &Path) -> Result<Vec<Certificate<'static>>> {
    let wrong = |found: String| {
        let expected = "a file with certificates in PEM (`-----BEGIN CERTIFICATE-----`)";
        OracleError::setting(ORACLE, "certificate_authority", expected, format!("`{}` ({found})", path.display()))
    };
    let bytes = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    let mut certificates = Vec::new();
    for item in parse_pem(&bytes) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| wrong(error.to_string()))? {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() { Err(wrong("none in it".to_owned())) } else { Ok(certificates) }
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
