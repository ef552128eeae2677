//! Memory that several tasks write at places of their own, and vectors that are written without being filled before.

use std::marker::PhantomData;
use std::mem::MaybeUninit;

/// The slice; whoever takes a part of it says that the part is its own.
pub(crate) struct SharedMut<'a, T> {
    start: *mut T,
    len: usize,
    slice: PhantomData<&'a mut [T]>,
}

// SAFETY: nothing is read or written through this type itself; `range` makes its caller vouch that tasks do not overlap.
unsafe impl<T: Send> Sync for SharedMut<'_, T> {}

impl<'a, T> SharedMut<'a, T> {
    pub fn new(slice: &'a mut [T]) -> Self {
        Self { start: slice.as_mut_ptr(), len: slice.len(), slice: PhantomData }
    }

    /// A part of the slice.
    ///
    /// # Safety
    /// No two parts that are in use at the same time overlap.
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn range(&self, from: usize, len: usize) -> &mut [T] {
        assert!(from + len <= self.len);
        // SAFETY: within the slice, and the caller vouches that nobody else uses it.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(from), len) }
    }
}

/// What a function says that wrote every number.
pub(crate) struct Written;

/// A vector of `len` numbers that `write` writes. Zeros that nobody reads are a pass over memory of their own.
///
/// # Safety
/// `write` writes every number of the slice that it is given.
pub(crate) unsafe fn written(len: usize, write: impl FnOnce(&mut [MaybeUninit<f32>]) -> Written) -> Vec<f32> {
    let mut values = Vec::with_capacity(len);
    let Written = write(&mut values.spare_capacity_mut()[..len]);
    // SAFETY: there is room for `len` numbers, and the caller vouches that they are written.
    unsafe { values.set_len(len) };
    values
}
