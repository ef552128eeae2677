//! Malloc retention: freed memory stays with the process while a model trains. The buffers of a step have the sizes of
//! those of the step before; an allocator that gives them back to the system in between has every page zeroed anew,
//! which took an eighth of a step of an MLP.

/// Keeps freed memory until it is dropped, and gives back what is free then.
///
/// With glibc's allocator this is a setting of the whole process: blocks of less than 256 MB (32 MB before glibc 2.35)
/// come from the heap, and the heap shrinks only where more than 2 GB of it are free, while one of these lives.
/// Elsewhere, and where `MALLOC_TRIM_THRESHOLD_`, `MALLOC_MMAP_THRESHOLD_` or `GLIBC_TUNABLES` say what the user wants,
/// it does nothing.
#[derive(Debug)]
pub struct MallocRetention {
    _private: (),
}

impl MallocRetention {
    /// From now on.
    #[must_use]
    pub fn start() -> Self {
        allocator::started();
        Self { _private: () }
    }
}

impl Drop for MallocRetention {
    fn drop(&mut self) {
        allocator::ended();
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod allocator {
    use std::sync::{Mutex, PoisonError};

    use libc::c_int;

    /// A block of at least so many bytes is mapped, and unmapped as soon as it is freed; the first that is accepted.
    const MAPPED: [c_int; 2] = [256 << 20, COME_TO];
    /// What glibc comes to by itself, and the most that older ones accept.
    const COME_TO: c_int = 32 << 20;
    /// What may be free at the end of the heap when nothing trains: what glibc comes to by itself.
    const FREE: c_int = 64 << 20;

    /// How many train now.
    static TRAINING: Mutex<usize> = Mutex::new(0);

    pub(super) fn started() {
        let mut training = TRAINING.lock().unwrap_or_else(PoisonError::into_inner);
        *training += 1;
        if *training == 1 && !chosen_by_the_user() {
            // Setting either ends glibc's own adaptation: the second alone would have every large block mapped anew.
            if MAPPED.into_iter().any(|bytes| set(libc::M_MMAP_THRESHOLD, bytes)) {
                set(libc::M_TRIM_THRESHOLD, c_int::MAX);
            }
        }
    }

    pub(super) fn ended() {
        let mut training = TRAINING.lock().unwrap_or_else(PoisonError::into_inner);
        *training -= 1;
        if *training == 0 && !chosen_by_the_user() {
            if set(libc::M_MMAP_THRESHOLD, COME_TO) {
                set(libc::M_TRIM_THRESHOLD, FREE);
            }
            // SAFETY: gives free pages back and touches no block that is in use.
            unsafe { libc::malloc_trim(0) };
        }
    }

    fn chosen_by_the_user() -> bool {
        ["MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES"]
            .iter()
            .any(|v| std::env::var_os(v).is_some())
    }

    /// Whether the allocator accepted the value.
    fn set(parameter: c_int, value: c_int) -> bool {
        // SAFETY: both parameters are thresholds that the allocator reads anew each time; nothing that is allocated
        // depends on them.
        unsafe { libc::mallopt(parameter, value) == 1 }
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod allocator {
    pub(super) fn started() {}

    pub(super) fn ended() {}
}

#[cfg(all(test, target_os = "linux", target_env = "gnu"))]
mod tests {
    use super::*;

    /// Pages that the system gave to this thread so far.
    fn pages() -> i64 {
        // SAFETY: zeros are a valid value of this structure of numbers, which the call fills.
        let usage = unsafe {
            let mut usage = std::mem::zeroed();
            libc::getrusage(libc::RUSAGE_THREAD, &mut usage);
            usage
        };
        let libc::rusage { ru_minflt, .. } = usage;
        ru_minflt
    }

    #[test]
    fn a_buffer_of_the_size_of_the_last_one_costs_no_new_pages() {
        let _kept = MallocRetention::start();
        drop(MallocRetention::start());
        let turn = || drop(std::hint::black_box(vec![1u8; 12 << 20]));
        turn();
        let before = pages();
        (0..20).for_each(|_| turn());
        assert!(pages() - before < 3072, "{} pages for 20 buffers of 3072", pages() - before);
    }
}
