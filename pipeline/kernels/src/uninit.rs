//! Uninitialised vectors that are written once, without being filled with zeros before.

use std::mem::MaybeUninit;

/// What a function says that wrote every number.
pub(crate) struct Initialised;

/// A vector of `len` numbers that `write` writes. Zeros that nobody reads are a pass over memory of their own.
///
/// # Safety
/// `write` writes every number of the slice that it is given.
pub(crate) unsafe fn write_uninit(len: usize, write: impl FnOnce(&mut [MaybeUninit<f32>]) -> Initialised) -> Vec<f32> {
    let mut values = Vec::with_capacity(len);
    let Initialised = write(&mut values.spare_capacity_mut()[..len]);
    // SAFETY: there is room for `len` numbers, and the caller vouches that they are written.
    unsafe { values.set_len(len) };
    values
}
