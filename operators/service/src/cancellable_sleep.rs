//! Cancellable sleep: until it is time, or until nobody waits any more.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Instant;

/// Wakes all sleepers once it is set.
#[derive(Default)]
pub(crate) struct SleepCancel {
    cancelled: Mutex<bool>,
    changed: Condvar,
}

impl SleepCancel {
    pub(crate) fn set(&self) {
        *self.cancelled.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Sleeps until `due`; false if it was cancelled before.
    pub(crate) fn sleep_until(&self, due: Instant) -> bool {
        let mut cancelled = self.cancelled.lock().unwrap_or_else(PoisonError::into_inner);
        while !*cancelled {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            cancelled = self.changed.wait_timeout(cancelled, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;

    #[test]
    fn sleepers_wake_when_due_or_cancelled() {
        let cancel = Arc::new(SleepCancel::default());
        let start = Instant::now();
        assert!(cancel.sleep_until(start + Duration::from_millis(30)));
        assert!(start.elapsed() >= Duration::from_millis(30));
        let sleeper = std::thread::spawn({
            let cancel = cancel.clone();
            move || cancel.sleep_until(start + Duration::from_secs(600))
        });
        cancel.set();
        assert!(!sleeper.join().unwrap());
    }
}
