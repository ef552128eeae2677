//! A slice that several tasks write at places of their own.

use std::marker::PhantomData;

/// The slice; whoever takes a part of it says that the part is its own.
pub(crate) struct SharedMut<'a> {
    start: *mut f32,
    len: usize,
    slice: PhantomData<&'a mut [f32]>,
}

// SAFETY: nothing is read or written through this type itself; `range` makes its caller vouch that tasks do not overlap.
unsafe impl Sync for SharedMut<'_> {}

impl<'a> SharedMut<'a> {
    pub fn new(slice: &'a mut [f32]) -> Self {
        Self { start: slice.as_mut_ptr(), len: slice.len(), slice: PhantomData }
    }

    /// A part of the slice.
    ///
    /// # Safety
    /// No two parts that are in use at the same time overlap.
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn range(&self, from: usize, len: usize) -> &mut [f32] {
        assert!(from + len <= self.len);
        // SAFETY: within the slice, and the caller vouches that nobody else uses it.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(from), len) }
    }
}
