//! Signals: Ctrl-C, SIGTERM and a closed terminal (SIGHUP) as a cancellation token, for programs that want it.

use std::io::{Write, stderr};
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use relata_service::unrecorded_requests;

use crate::cancel::Cancel;

/// The exit code of a process that SIGINT ended.
const INTERRUPTED: i32 = 130;
/// How long a process that is told to end at once waits for answers of a service that are on their way, and paid for.
const MOMENT: Duration = Duration::from_secs(5);

impl Cancel {
    /// A token that Ctrl-C cancels, for the `main` of a program: it takes over the signal for the rest of the process, and on
    /// Unix also SIGTERM, by which systems end programs, and SIGHUP, when the terminal is closed. The first says on
    /// standard error that the run stops; the second ends the process, as soon as what a service has answered is recorded.
    /// Where the system does not let it listen, Ctrl-C ends the process as ever.
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
    while ended().await {
        if token.is_cancelled() {
            // Files appear whole or not at all, so a run may end at any moment and go on later.
            let start = Instant::now();
            while unrecorded_requests() > 0 && start.elapsed() < MOMENT {
                thread::sleep(Duration::from_millis(5));
            }
            std::process::exit(INTERRUPTED);
        }
        token.cancel();
        // A terminal that is closed takes no text, which must not end the program.
        let _ = writeln!(stderr(), "stopping where the run can go on later; Ctrl-C again ends it at once");
    }
}

/// Waits until the process is asked to end; false if it cannot be told.
#[cfg(unix)]
pub async fn ended() -> bool {
    use tokio::signal::unix::{SignalKind, signal};

    let signals = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
    let [Ok(mut interrupt), Ok(mut terminate)] = signals else { return false };
    let hung_up = async {
        // Whoever starts a program by `nohup` wants it to outlive the terminal.
        match (!ignores_hangup()).then(|| signal(SignalKind::hangup())) {
            Some(Ok(mut hangup)) => hangup.recv().await.is_some(),
            _ => std::future::pending().await,
        }
    };
    tokio::select! {
        signal = interrupt.recv() => signal.is_some(),
        signal = terminate.recv() => signal.is_some(),
        hung_up = hung_up => hung_up,
    }
}

/// Whether the process was started with SIGHUP ignored, as far as the system tells. Once it is listened to, it is not.
#[cfg(unix)]
fn ignores_hangup() -> bool {
    static IGNORED: LazyLock<bool> = LazyLock::new(|| {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
        mask.is_some_and(|mask| mask & 1 == 1)
    });
    *IGNORED
}

/// Waits until the process is asked to end; false if it cannot be told.
#[cfg(not(unix))]
pub async fn ended() -> bool {
    tokio::signal::ctrl_c().await.is_ok()
}
