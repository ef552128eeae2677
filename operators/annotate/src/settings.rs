//! Settings of a page: where it is served, to whom, and what it shows.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

use relata_oracle::{Cost, OracleError, Result};
use relata_registry::{Description, ReadError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::annotator_name::{AnnotatorName, InvalidName};
use crate::name::ORACLE;
use crate::tls::{Tls, TlsError};
use crate::token::AccessToken;

/// The settings of a page, also of the oracle [`person`](crate::person()).
///
/// A plan holds what the answers depend on. Address, lease and token may change from day to day and are not written; a
/// page that is read from a plan has the defaults, unless the plan was given an `address` or a `lease` since. The token
/// is never read from a plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PageConfig {
    /// Host and port to listen on, such as `127.0.0.1:7878`; port 0 is any free one.
    #[serde(skip_serializing)]
    pub address: String,
    /// How many people answer each question.
    pub annotators: usize,
    /// For how many seconds a question is kept for the person to whom it was shown.
    #[serde(skip_serializing)]
    pub lease: u64,
    /// What is asked; none for "Select all that are the same kind as this one".
    pub question_text: Option<String>,
    /// The columns of the samples that are shown as text; empty for none beside pictures, and otherwise all but `id`,
    /// `label`, `split` and `path`.
    pub show: Vec<String>,
    /// The secret that people need; none for one that is drawn at random when the page opens.
    #[serde(skip)]
    pub token: Option<AccessToken>,
    /// Whether nobody needs a token, which is refused beyond loopback: everybody on this machine can answer then.
    #[serde(skip)]
    pub open: bool,
    /// The people who may answer, each under the own name and with a link of their own; empty for everybody with the
    /// token.
    #[serde(skip)]
    pub invited: Vec<String>,
    /// The files of a certificate chain and its key, both in PEM, with which connections are encrypted.
    #[serde(skip)]
    pub tls: Option<(PathBuf, PathBuf)>,
    /// What an answer costs.
    pub cost: Cost,
    /// The page's name, to tell the answers of several pages in one run apart.
    pub page: Option<String>,
}

impl Default for PageConfig {
    /// At `127.0.0.1:7878`: one annotator, five minutes for each question, a token drawn at random, a cost of 1 for each candidate, no
    /// name; pictures, or else all columns that cannot hold the answer.
    fn default() -> Self {
        Self {
            address: "127.0.0.1:7878".to_owned(),
            annotators: 1,
            lease: 300,
            question_text: None,
            show: Vec::new(),
            token: None,
            open: false,
            invited: Vec::new(),
            tls: None,
            cost: Cost::default(),
            page: None,
        }
    }
}

impl PageConfig {
    /// The defaults at another address.
    ///
    /// ```
    /// use relata_annotate::PageConfig;
    ///
    /// let config = PageConfig { annotators: 3, ..PageConfig::new("127.0.0.1:0") };
    /// config.check()?;
    /// assert_eq!(config.describe()["annotators"], 3);
    /// # Ok::<(), relata_oracle::OracleError>(())
    /// ```
    pub fn new(address: impl Into<String>) -> Self {
        Self { address: address.into(), ..Self::default() }
    }

    /// The settings of the first page in the description of an oracle, which may be one around a page, such as a crowd;
    /// the defaults if there is no page.
    ///
    /// ```
    /// use relata_annotate::{PageConfig, person};
    /// use relata_oracle::{Oracle, OracleExt};
    ///
    /// let oracle = person("127.0.0.1:0").annotators(2).weighted(0.5);
    /// assert_eq!(PageConfig::within(&oracle.describe())?.annotators, 2);
    /// # Ok::<(), relata_registry::ReadError>(())
    /// ```
    pub fn within(oracle: &Description) -> Result<Self, ReadError> {
        page_in(oracle).map_or_else(|| Ok(Self::default()), |page| page.settings())
    }

    /// What the answers depend on, for the plan.
    pub fn describe(&self) -> Description {
        Description::of_fields(ORACLE, self)
    }

    /// The name that answers carry as their oracle.
    pub(crate) fn oracle(&self) -> String {
        match &self.page {
            Some(page) => format!("{ORACLE}({page})"),
            None => ORACLE.to_owned(),
        }
    }

    /// Refuses settings that make no sense, and an address beyond loopback without a token.
    pub fn check(&self) -> Result<()> {
        let setting = |name, expected: &str, found: &dyn ToString| {
            Err(OracleError::setting(ORACLE, name, expected, found.to_string()))
        };
        if self.annotators == 0 {
            return setting("annotators", "at least 1", &0);
        }
        if self.lease == 0 {
            return setting("lease", "at least a second", &0);
        }
        if self.question_text.as_ref().is_some_and(|text| text.trim().is_empty()) {
            return setting("question_text", "a question", &"empty");
        }
        if let Some(page) = self.page.as_ref().filter(|page| page.is_empty() || page.chars().any(char::is_control)) {
            return setting("page", "a name", &format!("{page:?}"));
        }
        if !(self.cost.per_question >= 0.0 && self.cost.per_candidate >= 0.0) {
            return setting("cost", "at least 0", &format!("{:?}", self.cost));
        }
        if let Some(token) = &self.token {
            token.check()?;
        }
        for name in &self.invited {
            self.name_of(name)?;
        }
        if self.open && !self.invited.is_empty() {
            return setting("invited", "empty where nobody needs a token", &format!("{:?}", self.invited));
        }
        let is_beyond = self.resolve()?.iter().any(|address| !address.ip().is_loopback());
        if self.open && self.token.is_none() && is_beyond {
            let expected = "set where the page can be reached from other machines (leave `.without_token()` away)";
            return setting("token", expected, &format!("missing for {}", self.address));
        }
        Ok(())
    }

    /// The people who are invited.
    pub(crate) fn people(&self) -> Result<Vec<AnnotatorName>> {
        self.invited.iter().map(|name| self.name_of(name)).collect()
    }

    fn name_of(&self, name: &str) -> Result<AnnotatorName> {
        let wrong = |error: InvalidName| OracleError::setting(ORACLE, "invited", "names of people", error.to_string());
        AnnotatorName::try_from(name.to_owned()).map_err(wrong)
    }

    /// The certificate and the key, if connections are encrypted.
    pub(crate) fn read_tls(&self) -> Result<Option<Tls>> {
        let wrong =
            |error: TlsError| OracleError::setting(ORACLE, "tls", "a certificate and its key", error.to_string());
        self.tls.as_ref().map(|(chain, key)| Tls::read(chain, key).map_err(wrong)).transpose()
    }

    /// The addresses that the name stands for.
    pub(crate) fn resolve(&self) -> Result<Vec<SocketAddr>> {
        let wrong =
            |found: String| OracleError::setting(ORACLE, "address", "a host and a port such as 127.0.0.1:7878", found);
        let found: Vec<_> =
            self.address.to_socket_addrs().map_err(|error| wrong(format!("`{}` ({error})", self.address)))?.collect();
        if found.is_empty() { Err(wrong(format!("`{}`, which stands for nothing", self.address))) } else { Ok(found) }
    }
}

/// The description of the first page within that of an oracle.
fn page_in(oracle: &Description) -> Option<Description> {
    if oracle.name == ORACLE {
        return Some(oracle.clone());
    }
    let inner = |value: &Value| page_in(&serde_json::from_value(value.clone()).ok()?);
    match &oracle["of"] {
        Value::Array(all) => all.iter().find_map(inner),
        of => inner(of),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(change: impl FnOnce(&mut PageConfig)) -> String {
        let mut settings = PageConfig::new("127.0.0.1:0");
        settings.check().unwrap();
        change(&mut settings);
        settings.check().unwrap_err().to_string()
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        assert!(error_of(|s| s.annotators = 0).contains("`annotators` must be at least 1"));
        assert!(error_of(|s| s.lease = 0).contains("`lease`"));
        assert!(error_of(|s| s.question_text = Some(" ".to_owned())).contains("`question_text`"));
        assert!(error_of(|s| s.page = Some("a\nb".to_owned())).contains("`page`"));
        assert!(error_of(|s| s.cost.per_candidate = f64::NAN).contains("`cost`"));
        assert!(error_of(|s| s.address = "7878".to_owned()).contains("such as 127.0.0.1:7878"));
    }

    #[test]
    fn beyond_loopback_a_token_is_required() {
        for beyond in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80"] {
            let open = |s: &mut PageConfig| (s.address, s.open) = (beyond.to_owned(), true);
            assert!(error_of(open).contains("`token` must be set"));
            PageConfig::new(beyond).check().unwrap();
        }
        for loopback in ["127.0.0.1:0", "127.9.9.9:0", "[::1]:0", "localhost:0"] {
            PageConfig { open: true, ..PageConfig::new(loopback) }.check().unwrap();
        }
        assert!(error_of(|s| s.invited = vec!["a\nb".to_owned()]).contains("`invited` must be names"));
        assert!(error_of(|s| (s.invited, s.open) = (vec!["Ada".to_owned()], true)).contains("`invited`"));
    }

    #[test]
    fn a_description_gives_back_what_it_tells_and_no_secret() {
        let settings = PageConfig {
            annotators: 3,
            question_text: Some("Which are cats?".to_owned()),
            show: vec!["note".to_owned()],
            token: Some(AccessToken::new("correct-horse")),
            cost: Cost { per_question: 1.5, per_candidate: 0.25 },
            page: Some("left".to_owned()),
            ..PageConfig::new("127.0.0.1:1")
        };
        let description = settings.describe();
        let text = serde_json::to_string(&description).unwrap();
        assert!(!text.contains("horse") && !text.contains("127.0.0.1") && !text.contains("lease"), "{text}");
        assert_eq!(PageConfig::within(&description).unwrap().describe(), description);
        let named = Description::new("named").with("of", &description);
        let around = Description::new("crowd").with("of", [&Description::new("service"), &named]);
        assert_eq!(PageConfig::within(&around).unwrap().describe(), description);
        let none = PageConfig::within(&Description::new("labels")).unwrap();
        assert_eq!((none.address.as_str(), none.lease), ("127.0.0.1:7878", 300));
    }

    #[test]
    fn what_a_plan_leaves_out_can_be_set_in_it_but_for_the_token() {
        let read = |setting: &str, value: &str| {
            let value: Value = serde_json::from_str(value).unwrap();
            PageConfig::within(&PageConfig::default().describe().with(setting, value))
        };
        assert_eq!(read("address", "\"127.0.0.1:1\"").unwrap().address, "127.0.0.1:1");
        assert_eq!(read("lease", "60").unwrap().lease, 60);
        assert!(read("token", "\"correct-horse\"").is_err());
        assert!(read("annotators", "\"two\"").is_err());
    }
}
