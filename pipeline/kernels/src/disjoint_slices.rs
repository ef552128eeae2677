//! Disjoint mutable slices: memory that several tasks write, each at places of its own.

use std::marker::PhantomData;

/// The slice; whoever takes a part of it says that the part is its own.
pub(crate) struct DisjointSlices<'a, T> {
    start: *mut T,
    len: usize,
    slice: PhantomData<&'a mut [T]>,
}

// SAFETY: nothing is read or written through this type itself; `range` makes its caller vouch that tasks do not
// overlap.
unsafe impl<T: Send> Sync for DisjointSlices<'_, T> {}

impl<'a, T> DisjointSlices<'a, T> {
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
