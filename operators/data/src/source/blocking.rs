//! Blocking work of async code, on a thread that may wait.

use std::path::Path;

use crate::{DataError, Result};

/// What the work gives, which is about `path`.
pub(super) async fn off_thread<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| DataError::io(path)(std::io::Error::other(error)))?
}
