//! Sleeping until it is time, or until nobody waits any more.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;

/// Wakes all sleepers once it is set.
#[derive(Default)]
pub(crate) struct Halt {
    halted: Mutex<bool>,
    changed: Condvar,
}

impl Halt {
    pub(crate) fn set(&self) {
        *self.halted.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Sleeps until `due`; false if it was halted before.
    pub(crate) fn sleep_until(&self, due: Instant) -> bool {
        let mut halted = self.halted.lock().unwrap_or_else(PoisonError::into_inner);
        while !*halted {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            halted = self.changed.wait_timeout(halted, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        false
    }
}

/// Halts when it is dropped.
pub(crate) struct HaltOnDrop(pub(crate) Arc<Halt>);

impl Drop for HaltOnDrop {
    fn drop(&mut self) {
        self.0.set();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn sleepers_wake_when_due_or_halted() {
        let halt = Arc::new(Halt::default());
        let start = Instant::now();
        assert!(halt.sleep_until(start + Duration::from_millis(30)));
        assert!(start.elapsed() >= Duration::from_millis(30));
        let sleeper = std::thread::spawn({
            let halt = halt.clone();
            move || halt.sleep_until(start + Duration::from_secs(600))
        });
        drop(HaltOnDrop(halt));
        assert!(!sleeper.join().unwrap());
    }
}
