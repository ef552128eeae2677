//! Freed memory stays with the process while a model trains. The buffers of a step have the sizes of those of the step
//! before; an allocator that gives them back to the system in between has every page zeroed anew, which took an eighth of
//! a step of an MLP.

/// Keeps freed memory until it is dropped, and gives back what is free then.
///
/// With glibc's allocator this is a setting of the whole process: blocks of less than 256 MB come from the heap, and the
/// heap does not shrink while one of these lives. Elsewhere, and where `MALLOC_TRIM_THRESHOLD_`, `MALLOC_MMAP_THRESHOLD_`
/// or `GLIBC_TUNABLES` say what the user wants, it does nothing.
#[derive(Debug)]
pub struct KeptMemory {
    _private: (),
}

impl KeptMemory {
    /// From now on.
    #[must_use]
    pub fn start() -> Self {
        allocator::started();
        Self { _private: () }
    }
}

impl Drop for KeptMemory {
    fn drop(&mut self) {
        allocator::ended();
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod allocator {
    use std::sync::{Mutex, PoisonError};

    use libc::c_int;

    /// A block of at least so many bytes is mapped, and unmapped as soon as it is freed.
    const MAPPED: c_int = 256 << 20;
    /// What may be free at the end of the heap when nothing trains: what glibc comes to by itself.
    const FREE: c_int = 64 << 20;

    /// How many train now.
    static TRAINING: Mutex<usize> = Mutex::new(0);

    pub(super) fn started() {
        let mut training = TRAINING.lock().unwrap_or_else(PoisonError::into_inner);
        *training += 1;
        if *training == 1 && !chosen_by_the_user() {
            set(libc::M_MMAP_THRESHOLD, MAPPED);
            set(libc::M_TRIM_THRESHOLD, c_int::MAX);
        }
    }

    pub(super) fn ended() {
        let mut training = TRAINING.lock().unwrap_or_else(PoisonError::into_inner);
        *training -= 1;
        if *training == 0 && !chosen_by_the_user() {
            set(libc::M_TRIM_THRESHOLD, FREE);
            // SAFETY: gives free pages back and touches no block that is in use.
            unsafe { libc::malloc_trim(0) };
        }
    }

    fn chosen_by_the_user() -> bool {
        ["MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES"]
            .iter()
            .any(|v| std::env::var_os(v).is_some())
    }

    /// A value that an older glibc refuses leaves its own in place, which is slower and nothing worse.
    fn set(parameter: c_int, value: c_int) {
        // SAFETY: both parameters are thresholds that the allocator reads anew each time, under its own lock; nothing that
        // is allocated depends on them.
        unsafe { libc::mallopt(parameter, value) };
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod allocator {
    pub(super) fn started() {}

    pub(super) fn ended() {}
}
