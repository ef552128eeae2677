//! Invitation: a token of one person, so that who answered is more than a claim.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;

use crate::annotator_name::AnnotatorName;
use crate::error::ApiError;
use crate::token::AccessToken;

/// Somebody who may answer, under this name alone.
#[derive(Debug, Clone)]
pub(crate) struct Invitation {
    pub(crate) name: String,
    pub(crate) token: AccessToken,
}

/// Whose request it is, if it came with the token of an invitation.
#[derive(Debug, Clone)]
pub(crate) struct Invited(pub(crate) Option<String>);

impl Invited {
    /// Refuses to do something in the name of somebody else.
    pub(crate) fn check(&self, annotator: &AnnotatorName) -> Result<(), ApiError> {
        match &self.0 {
            Some(name) if name != annotator.name() => {
                let reason = format!("You were invited as {name}: answer under this name.");
                Err(ApiError::new(StatusCode::FORBIDDEN, reason))
            }
            _ => Ok(()),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Invited {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or(Self(None)))
    }
}
