//! HTTP handlers of the page, one for each request.

pub(crate) mod assets;
pub(crate) mod queries;
pub(crate) mod submissions;
