//! I/O runtime: the threads that requests to stores run on. Readers that are not async wait for it, so that they work
//! inside and outside of any other runtime.

use std::future::Future;
use std::path::Path;
use std::sync::{OnceLock, mpsc};
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};

use crate::{DataError, Result};

/// So long may a store not answer at all.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

static RUNTIME: OnceLock<Runtime> = OnceLock::new();

/// The runtime, which lives as long as the process.
pub(super) fn handle(path: &Path) -> Result<Handle> {
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime.handle().clone());
    }
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).thread_name("relata-objects").enable_all().build();
    let runtime = runtime.map_err(DataError::io(path))?;
    // Of two that are made at once, one is dropped.
    Ok(RUNTIME.get_or_init(|| runtime).handle().clone())
}

/// What the work gives, which is about `path`. The calling thread waits.
pub(super) fn wait<T: Send + 'static>(
    path: &Path,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    let (sender, receiver) = mpsc::sync_channel(1);
    handle(path)?.spawn(async move {
        // Nobody waits any more only if the calling thread has panicked.
        let _ = sender.send(work.await);
    });
    receiver.recv().unwrap_or_else(|_| {
        let lost = std::io::Error::other("the request ended without an answer");
        Err(DataError::io(path)(lost))
    })
}
