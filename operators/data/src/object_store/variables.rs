//! Variables of stores: the environment's, and those that the program itself has set.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

static OWN: RwLock<BTreeMap<String, String>> = RwLock::new(BTreeMap::new());
static CHANGES: AtomicU64 = AtomicU64::new(0);

/// Sets what object stores read as an environment variable, such as `AWS_REGION`, in this process and for them alone.
/// It is for programs that have their credentials from elsewhere: to change the environment itself is not safe while
/// threads run.
///
/// ```
/// use relata_data::source::set_store_variable;
///
/// set_store_variable("AWS_REGION", "eu-central-1");
/// ```
pub fn set_store_variable(name: impl Into<String>, value: impl Into<String>) {
    OWN.write().unwrap_or_else(PoisonError::into_inner).insert(name.into(), value.into());
    CHANGES.fetch_add(1, Ordering::SeqCst);
}

/// How often the program has set one.
pub(super) fn changes() -> u64 {
    CHANGES.load(Ordering::SeqCst)
}

/// All variables, the program's own after the environment's.
pub(super) fn all() -> BTreeMap<String, String> {
    // What is no text is no setting of a store.
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    let mut all: BTreeMap<String, String> = std::env::vars_os().filter_map(text).collect();
    all.extend(OWN.read().unwrap_or_else(PoisonError::into_inner).clone());
    all
}
