//! Blocking on async work, from code that may be async itself.

use std::future::Future;
use std::io;
use std::panic::resume_unwind;
use std::thread;

use tokio::runtime::{Builder, Handle};

/// The operating system gave a run no thread or no runtime to work on.
#[derive(Debug, thiserror::Error)]
#[error(
    "a run needs a thread of its own, which the system did not give: {0}. Close other programs, or raise the limit of threads (`ulimit -u`)."
)]
pub struct RuntimeError(pub(crate) io::Error);

/// What a future gives. It is driven on the thread that calls, or, inside of an async runtime, which no thread may enter
/// twice, on a thread of its own for which the calling one waits.
pub(crate) fn block_on<F: Future>(future: impl FnOnce() -> F + Send) -> Result<F::Output, RuntimeError>
where
    F::Output: Send,
{
    let work = move || {
        let runtime = Builder::new_multi_thread().enable_all().build().map_err(RuntimeError)?;
        Ok(runtime.block_on(future()))
    };
    if Handle::try_current().is_err() {
        return work();
    }
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("relata".to_owned()).spawn_scoped(scope, work);
        thread.map_err(RuntimeError)?.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_may_be_a_runtime_or_none() {
        let name = String::from("borrowed");
        let length = || block_on(|| async { name.len() }).unwrap();
        assert_eq!(length(), 8);
        assert_eq!(tokio::runtime::Runtime::new().unwrap().block_on(async { length() }), 8);
    }
}
