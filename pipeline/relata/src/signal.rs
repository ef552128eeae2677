//! Signals: Ctrl-C as a cancellation token, for programs that want it.

use std::thread;

use crate::cancel::Cancel;

/// The exit code of a process that SIGINT ended.
const INTERRUPTED: i32 = 130;

impl Cancel {
    /// A token that Ctrl-C cancels, for the `main` of a program: it takes over the signal for the rest of the process. The
    /// first Ctrl-C says on standard error that the run stops; the second ends the process. Where the system does not let
    /// it listen, Ctrl-C ends the process as ever.
    ///
    /// ```no_run
    /// use relata::prelude::*;
    ///
    /// let plan = Run::open("runs/digits")?.plan()?;
    /// Pipeline::from_plan(&plan)?.write("runs/again").cancel_with(Cancel::on_ctrl_c()).run()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn on_ctrl_c() -> Self {
        let cancel = Self::new();
        let token = cancel.clone();
        // On a thread of its own: a stage that computes does not give its threads back to tokio.
        let listen = move || {
            if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() {
                runtime.block_on(listen(&token));
            }
        };
        // Without the thread there is nobody to listen, and nothing to clean up.
        drop(thread::Builder::new().name("ctrl-c".to_owned()).spawn(listen));
        cancel
    }
}

async fn listen(token: &Cancel) {
    while tokio::signal::ctrl_c().await.is_ok() {
        if token.is_cancelled() {
            // Files appear whole or not at all, so a run may end at any moment and go on later.
            std::process::exit(INTERRUPTED);
        }
        token.cancel();
        eprintln!("stopping where the run can go on later; Ctrl-C again ends it at once");
    }
}
