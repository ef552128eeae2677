//! Secrets: a bearer token that is sent and never shown.

use relata_oracle::{OracleError, Result};
use ureq::http::HeaderValue;

use crate::name::ORACLE;

/// A bearer token. It has no `Debug` and no `Display`, so that it cannot end up in a log by mistake.
pub(crate) struct Secret {
    text: String,
    header: HeaderValue,
}

impl Secret {
    pub(crate) fn from_env(variable: &str) -> Result<Self> {
        let wrong = |found: &str| {
            let expected = format!("the name of an environment variable with a token in it, such as {variable}=..");
            OracleError::setting(ORACLE, "secret_from_env", expected, format!("`{variable}`, which {found}"))
        };
        let text = std::env::var(variable).map_err(|_| wrong("is not set"))?.trim().to_owned();
        if text.is_empty() {
            return Err(wrong("is empty"));
        }
        Self::new(text).ok_or_else(|| wrong("holds characters that cannot be sent"))
    }

    fn new(text: String) -> Option<Self> {
        let mut header = HeaderValue::from_str(&format!("Bearer {text}")).ok()?;
        header.set_sensitive(true);
        Some(Self { text, header })
    }

    /// The value of the header `authorization`.
    pub(crate) fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    /// The same text without the secret.
    pub(crate) fn redact(&self, text: String) -> String {
        if text.contains(&self.text) { text.replace(&self.text, "[secret]") } else { text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_blotted_out_wherever_it_shows_up() {
        let secret = Secret::new("sk-1".to_owned()).unwrap();
        assert_eq!(secret.redact("a sk-1, b sk-1".to_owned()), "a [secret], b [secret]");
        assert_eq!(secret.redact("nothing".to_owned()), "nothing");
        assert_eq!(secret.header(), "Bearer sk-1");
        assert!(!format!("{:?}", secret.header()).contains("sk-1"));
        assert!(Secret::new("line\nbreak".to_owned()).is_none());
        assert!(Secret::from_env("RELATA_TEST_NOT_SET").err().unwrap().to_string().contains("is not set"));
    }
}
