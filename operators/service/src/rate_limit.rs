//! Rate limit: how soon a request may start.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Deserialize;

/// Hands out starting times that are evenly spaced, to all clones together.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Option<f64>")]
pub(crate) struct RateLimit {
    per_second: Option<f64>,
    gap: Duration,
    next: Arc<Mutex<Instant>>,
}

impl From<Option<f64>> for RateLimit {
    fn from(per_second: Option<f64>) -> Self {
        Self::new(per_second)
    }
}

impl RateLimit {
    /// The fewest requests per second that can be asked for.
    pub(crate) const SLOWEST: f64 = 0.001;

    pub(crate) fn new(per_second: Option<f64>) -> Self {
        let gap = per_second.map_or(0.0, |rate| 1.0 / rate.max(Self::SLOWEST));
        let gap = Duration::try_from_secs_f64(gap).unwrap_or_default();
        Self { per_second, gap, next: Arc::new(Mutex::new(Instant::now())) }
    }

    /// The requests per second that were asked for.
    pub(crate) fn per_second(&self) -> Option<f64> {
        self.per_second
    }

    /// The time at which one more request may start.
    pub(crate) fn reserve(&self) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let start = (*next).max(Instant::now());
        *next = start + self.gap;
        start
    }

    /// No request starts before `until`, except those that have their time already.
    pub(crate) fn hold(&self, until: Instant) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        *next = (*next).max(until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_spaced_and_held_back() {
        let limit = RateLimit::new(Some(10.0));
        let first = limit.reserve();
        assert_eq!(limit.reserve() - first, Duration::from_millis(100));
        assert_eq!(limit.reserve() - first, Duration::from_millis(200));
        limit.hold(first + Duration::from_secs(5));
        limit.hold(first + Duration::from_secs(1));
        assert_eq!(limit.reserve() - first, Duration::from_secs(5));
        let free = RateLimit::new(None);
        assert!((0..100).all(|_| free.reserve() <= Instant::now()));
        assert_eq!(RateLimit::new(Some(f64::NAN)).gap, Duration::from_secs(1000));
    }
}
