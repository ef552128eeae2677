//! SQL session: DataFusion's, behind a small type.

use std::ops::Deref;
use std::sync::Arc;

use datafusion::prelude::SessionContext;

/// A [`SessionContext`] behind a trait object. Its own type is so deep that every async method that borrows it costs
/// the compiler seconds, to prove that it can be shared between threads.
#[derive(Clone)]
pub struct Session {
    inner: Arc<dyn Holder>,
}

impl Session {
    /// Wraps a session.
    pub fn new(context: SessionContext) -> Self {
        Self { inner: Arc::new(context) }
    }

    /// The session itself.
    pub fn context(&self) -> &SessionContext {
        self.inner.context()
    }
}

impl Deref for Session {
    type Target = SessionContext;

    fn deref(&self) -> &SessionContext {
        self.context()
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Session({})", self.context().session_id())
    }
}

trait Holder: Send + Sync {
    fn context(&self) -> &SessionContext;
}

impl Holder for SessionContext {
    fn context(&self) -> &SessionContext {
        self
    }
}
