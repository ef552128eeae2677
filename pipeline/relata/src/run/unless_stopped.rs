//! Waiting that ends when the run is to stop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often it is looked whether the run is to stop.
const PAUSE: Duration = Duration::from_millis(100);

/// What work comes to; none as soon as the run is to stop, which drops the work where it waits.
pub(super) async fn unless_stopped<T>(stop: &AtomicBool, work: impl Future<Output = T>) -> Option<T> {
    let stopped = async {
        while !stop.load(Ordering::Relaxed) {
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::select! {
        biased;
        () = stopped => None,
        value = work => Some(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_that_waits_for_ever_ends_with_the_run() {
        let stop = AtomicBool::new(false);
        assert_eq!(unless_stopped(&stop, async { 7 }).await, Some(7));
        let signal = async {
            tokio::time::sleep(2 * PAUSE).await;
            stop.store(true, Ordering::Relaxed);
        };
        let (never, ()) = tokio::join!(unless_stopped(&stop, std::future::pending::<()>()), signal);
        assert_eq!(never, None);
    }
}
