//! How a page is served: where, to whom, and what it shows.

use relata_registry::Description;
use std::net::{SocketAddr, ToSocketAddrs};

use relata_data::{OperatorError, Result};
use relata_oracle::Cost;
use serde_json::{Value, json};

use crate::person::ORACLE;
use crate::token::Token;

/// The settings of a page.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Host and port to listen on, such as `127.0.0.1:7878`; port 0 is any free one.
    pub address: String,
    /// How many people answer each question.
    pub annotators: usize,
    /// For how many seconds a question is kept for the person to whom it was shown.
    pub lease: u64,
    /// What is asked; none for "Select all that are the same kind as this one".
    pub question: Option<String>,
    /// The columns of the samples that are shown as text; empty for none beside pictures, and otherwise all but `id`,
    /// `label` and `split`.
    pub show: Vec<String>,
    /// The secret that people need; must be there beyond loopback.
    pub token: Option<Token>,
    /// What an answer costs.
    pub cost: Cost,
    /// The page's name, to tell the answers of several pages in one run apart.
    pub page: Option<String>,
}

impl Settings {
    /// One annotator, five minutes for each question, no token, a cost of 1 for each candidate, no name; pictures, or else
    /// all columns that cannot hold the answer.
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            annotators: 1,
            lease: 300,
            question: None,
            show: Vec::new(),
            token: None,
            cost: Cost::default(),
            page: None,
        }
    }

    /// The settings that [`describe`](Self::describe) told of; what is missing there is as in [`Settings::new`]. In the
    /// description of an oracle around a page, the first page is looked for.
    pub fn described(address: impl Into<String>, description: &Value) -> Self {
        let plain = Self::new(address);
        let description = page_in(description).unwrap_or(&Value::Null);
        let columns = description["show"].as_array().into_iter().flatten();
        Self {
            annotators: description["annotators"].as_u64().map_or(plain.annotators, |count| count as usize),
            question: description["question"].as_str().map(str::to_owned),
            show: columns.filter_map(|column| column.as_str().map(str::to_owned)).collect(),
            cost: serde_json::from_value(description["cost"].clone()).unwrap_or(plain.cost),
            page: description["page"].as_str().map(str::to_owned),
            ..plain
        }
    }

    /// What the answers depend on, for the plan. Address, lease and token are free to change from day to day.
    pub fn describe(&self) -> Description {
        let mut description = Description::new(self.oracle())
            .with("annotators", &self.annotators)
            .with("question", &self.question)
            .with("show", &self.show)
            .with("cost", &self.cost);
        if let Some(page) = &self.page {
            description["page"] = json!(page);
        }
        description
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
            Err(OperatorError::setting(ORACLE, name, expected, found.to_string()))
        };
        if self.annotators == 0 {
            return setting("annotators", "at least 1", &0);
        }
        if self.lease == 0 {
            return setting("lease", "at least a second", &0);
        }
        if self.question.as_ref().is_some_and(|text| text.trim().is_empty()) {
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
        } else if self.resolve()?.iter().any(|address| !address.ip().is_loopback()) {
            let expected = "set where the page can be reached from other machines, by `.token(..)` or \
                            `.generated_token()`";
            return setting("token", expected, &format!("missing for {}", self.address));
        }
        Ok(())
    }

    /// The addresses that the name stands for.
    pub(crate) fn resolve(&self) -> Result<Vec<SocketAddr>> {
        let wrong = |found: String| {
            OperatorError::setting(ORACLE, "address", "a host and a port such as 127.0.0.1:7878", found)
        };
        let found: Vec<_> =
            self.address.to_socket_addrs().map_err(|error| wrong(format!("`{}` ({error})", self.address)))?.collect();
        if found.is_empty() { Err(wrong(format!("`{}`, which stands for nothing", self.address))) } else { Ok(found) }
    }
}

/// The description of a page within that of an oracle.
fn page_in(description: &Value) -> Option<&Value> {
    let name = description["oracle"].as_str().unwrap_or_default();
    if name == ORACLE || name.strip_prefix(ORACLE).is_some_and(|rest| rest.starts_with('(')) {
        return Some(description);
    }
    match &description["of"] {
        Value::Array(all) => all.iter().find_map(page_in),
        Value::Null => None,
        of => page_in(of),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(change: impl FnOnce(&mut Settings)) -> String {
        let mut settings = Settings::new("127.0.0.1:0");
        settings.check().unwrap();
        change(&mut settings);
        settings.check().unwrap_err().to_string()
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        assert!(refusal(|s| s.annotators = 0).contains("`annotators` must be at least 1"));
        assert!(refusal(|s| s.lease = 0).contains("`lease`"));
        assert!(refusal(|s| s.question = Some(" ".to_owned())).contains("`question_text`"));
        assert!(refusal(|s| s.page = Some("a\nb".to_owned())).contains("`page`"));
        assert!(refusal(|s| s.cost.per_candidate = f64::NAN).contains("`cost`"));
        assert!(refusal(|s| s.address = "7878".to_owned()).contains("such as 127.0.0.1:7878"));
    }

    #[test]
    fn beyond_loopback_a_token_is_required() {
        for beyond in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80"] {
            assert!(refusal(|s| s.address = beyond.to_owned()).contains("`token` must be set"));
            let token = Some(Token::generate());
            Settings { token, ..Settings::new(beyond) }.check().unwrap();
        }
        for loopback in ["127.0.0.1:0", "127.9.9.9:0", "[::1]:0", "localhost:0"] {
            Settings::new(loopback).check().unwrap();
        }
    }

    #[test]
    fn a_description_gives_back_what_it_tells_and_no_secret() {
        let settings = Settings {
            annotators: 3,
            question: Some("Which are cats?".to_owned()),
            show: vec!["note".to_owned()],
            token: Some(Token::new("correct-horse")),
            cost: Cost { per_question: 1.5, per_candidate: 0.25 },
            page: Some("left".to_owned()),
            ..Settings::new("127.0.0.1:1")
        };
        let description = settings.describe();
        assert!(!description.to_string().contains("horse"));
        assert_eq!(Settings::described("127.0.0.1:2", &description).describe(), description);
        let around =
            json!({ "oracle": "crowd", "of": [{ "oracle": "service" }, { "oracle": "named", "of": description }] });
        assert_eq!(Settings::described("127.0.0.1:2", &around).describe(), description);
        assert_eq!(Settings::described("a:1", &Value::Null).describe(), Settings::new("b:2").describe());
    }
}
