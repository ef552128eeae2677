//! Protocols that services speak.

mod chat;
mod plain;

use std::collections::BTreeMap;

use relata_data::source::{KEPT_BACK, Samples};
use relata_oracle::{OracleError, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::name::ORACLE;
use crate::response::{InvalidAnswer, OpenQuestion, RequestError, ServiceAnswer};
use crate::sample_content::{RequestSamples, SampleContent};

/// How requests and responses are written.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Protocol {
    /// The model of a chat; without one, the protocol is the plain one.
    pub(crate) model: Option<String>,
    /// What "related" means.
    pub(crate) instruction: Option<String>,
    /// Further members of every request.
    pub(crate) options: BTreeMap<String, Value>,
}

impl Protocol {
    /// Who answers, unless a response says otherwise.
    pub(crate) fn annotator(&self) -> &str {
        self.model.as_deref().unwrap_or(ORACLE)
    }

    pub(crate) fn check(&self) -> Result<()> {
        if self.annotator().is_empty() {
            return Err(OracleError::setting(ORACLE, "chat", "the name of a model", "\"\""));
        }
        let own = if self.model.is_some() { chat::MEMBERS } else { plain::MEMBERS };
        match own.iter().find(|name| self.options.contains_key(**name)) {
            Some(name) => Err(OracleError::setting(ORACLE, "option", format!("other than {}", own.join(", ")), name)),
            None => Ok(()),
        }
    }

    /// Where requests go.
    pub(crate) fn address(&self, url: &str) -> String {
        if self.model.is_none() || url.ends_with(chat::PATH) {
            return url.to_owned();
        }
        format!("{}{}", url.trim_end_matches('/'), chat::PATH)
    }

    /// The content and the columns that are sent of the samples, given what the user chose.
    pub(crate) fn content(
        &self,
        samples: &Samples,
        content: Option<SampleContent>,
        columns: Option<&[String]>,
    ) -> (SampleContent, Vec<String>) {
        let others = || samples.columns.iter().filter(|name| !KEPT_BACK.contains(&&***name)).cloned();
        let some_columns = columns.map_or_else(|| others().next().is_some(), |columns| !columns.is_empty());
        let content = content.unwrap_or(match (samples.features.shape().as_image(), &self.model) {
            (Some(_), _) => SampleContent::Image,
            (None, Some(_)) if some_columns => SampleContent::Columns,
            (None, _) => SampleContent::Features,
        });
        let all = self.model.is_none() || content == SampleContent::Columns;
        (content, columns.map_or_else(|| others().filter(|_| all).collect(), |columns| columns.to_vec()))
    }

    /// The body of a request.
    pub(crate) fn request(&self, asked: &[OpenQuestion], samples: &RequestSamples) -> Result<String, RequestError> {
        let body = match &self.model {
            Some(model) => chat::request(model, self.instruction.as_deref(), &self.options, asked, samples),
            None => plain::request(self.instruction.as_deref(), &self.options, asked, samples),
        };
        body.map_err(RequestError::unsent)
    }

    /// What a response says, answer by answer.
    pub(crate) fn response(
        &self,
        asked: &[OpenQuestion],
        text: &str,
    ) -> Result<Vec<Result<ServiceAnswer, InvalidAnswer>>, RequestError> {
        match &self.model {
            Some(_) => chat::response(asked, text),
            None => plain::response(text),
        }
    }
}
