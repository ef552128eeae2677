//! Ctrl-C: the first asks the run to stop where it can go on later, the second ends the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tokio::sync::oneshot;

/// The exit code of a process that SIGINT ended.
const INTERRUPTED: i32 = 130;

/// Listens for Ctrl-C while a run lasts.
///
/// On a thread of its own: a stage that computes does not give the caller's threads back to tokio, and once tokio has
/// listened for the signal it no longer ends the process by itself.
pub(crate) struct Interrupt {
    stop: Arc<AtomicBool>,
    /// Dropped with the run, which ends the listener.
    _over: oneshot::Sender<()>,
}

impl Interrupt {
    /// Starts to listen. Where that is not possible, Ctrl-C ends the process as if nobody listened.
    pub fn listen() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (_over, over) = oneshot::channel();
        let on_signal = stop.clone();
        let listen = move || {
            if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() {
                runtime.block_on(async {
                    tokio::select! {
                        _ = over => {}
                        () = heed(&on_signal) => {}
                    }
                });
            }
        };
        // Without the thread there is nobody to listen, and nothing to clean up.
        drop(thread::Builder::new().name("ctrl-c".to_owned()).spawn(listen));
        Self { stop, _over }
    }

    /// Set once the run is to stop.
    pub fn stop(&self) -> &AtomicBool {
        &self.stop
    }
}

async fn heed(stop: &AtomicBool) {
    while tokio::signal::ctrl_c().await.is_ok() {
        if stop.swap(true, Ordering::Relaxed) {
            // Files appear whole or not at all, so a run may end at any moment and go on later.
            std::process::exit(INTERRUPTED);
        }
        eprintln!("stopping where the run can go on later; Ctrl-C again ends it at once");
    }
}
