//! Cancellation: a token that asks a run to stop where it can go on later.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

/// How often a waiting run looks whether it is cancelled.
const PAUSE: Duration = Duration::from_millis(100);

/// A token that stops runs. Its clones are the same token.
///
/// ```
/// let cancel = relata::Cancel::new();
/// let from_elsewhere = cancel.clone();
/// from_elsewhere.cancel();
/// assert!(cancel.is_cancelled());
/// ```
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<Token>);

#[derive(Debug, Default)]
struct Token {
    cancelled: AtomicBool,
    /// Tokens that are cancelled together with this one.
    children: Mutex<Vec<Weak<Token>>>,
}

impl Cancel {
    /// A token that is not cancelled.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks every run that holds the token to stop: training after a checkpoint, asking at once, the other stages when they
    /// are done.
    pub fn cancel(&self) {
        self.0.cancel();
    }

    /// A token that is cancelled when this one is, but does not cancel it.
    ///
    /// ```
    /// let parent = relata::Cancel::new();
    /// let child = parent.child();
    /// child.cancel();
    /// assert!(!parent.is_cancelled());
    /// ```
    pub fn child(&self) -> Self {
        let child = Self::new();
        self.0.children.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&child.0));
        // This one may have been cancelled before it knew its child.
        if self.is_cancelled() {
            child.cancel();
        }
        child
    }

    /// Whether the run is to stop.
    pub fn is_cancelled(&self) -> bool {
        self.flag().load(Ordering::Relaxed)
    }

    /// The token as the training loop looks at it.
    pub(crate) fn flag(&self) -> &AtomicBool {
        &self.0.cancelled
    }

    /// What work comes to; none as soon as the token is cancelled, which drops the work where it waits.
    pub(crate) async fn or<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let cancelled = async {
            while !self.is_cancelled() {
                tokio::time::sleep(PAUSE).await;
            }
        };
        tokio::select! {
            biased;
            () = cancelled => None,
            value = work => Some(value),
        }
    }
}

impl Token {
    fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
        let children = std::mem::take(&mut *self.children.lock().unwrap_or_else(PoisonError::into_inner));
        children.iter().filter_map(Weak::upgrade).for_each(|child| child.cancel());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_goes_on_until_the_token_is_cancelled() {
        let cancel = Cancel::new();
        assert_eq!(cancel.or(async { 7 }).await, Some(7));
        let signal = async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            cancel.clone().cancel();
        };
        let (never, ()) = tokio::join!(cancel.or(std::future::pending::<()>()), signal);
        assert_eq!(never, None);
    }

    #[test]
    fn a_child_is_cancelled_with_its_parent_only() {
        let parent = Cancel::new();
        let (first, second) = (parent.child(), parent.child());
        first.cancel();
        assert_eq!([&parent, &first, &second].map(Cancel::is_cancelled), [false, true, false]);
        parent.cancel();
        assert!(second.is_cancelled() && parent.child().is_cancelled());
    }
}
