//! SIMD registers of `f32` numbers, one type for each instruction set: the few operations that the microkernel is made
//! of.

#[cfg(target_arch = "x86_64")]
use core::arch::x86_64 as arch;

/// A register of `WIDTH` numbers.
///
/// Every function is inlined into a function that has the instruction set's target features (`isa::dispatch`).
pub(crate) trait Simd: Copy + 'static {
    /// The register.
    type Register: Copy;
    /// Numbers in a register.
    const WIDTH: usize;
    /// Rows of the microkernel's tile of a matrix product that fit the registers, with two registers a row.
    const ROWS: usize;

    /// The number in every lane.
    ///
    /// # Safety
    /// The processor has the instruction set's instructions.
    unsafe fn splat(value: f32) -> Self::Register;
    /// `WIDTH` numbers from memory, of any alignment.
    ///
    /// # Safety
    /// As `splat`, and `from` points to `WIDTH` readable numbers.
    unsafe fn load(from: *const f32) -> Self::Register;
    /// `WIDTH` numbers to memory, of any alignment.
    ///
    /// # Safety
    /// As `splat`, and `to` points to `WIDTH` writable numbers.
    unsafe fn store(to: *mut f32, value: Self::Register);
    /// `a * b + c`, fused where the instruction set can.
    ///
    /// # Safety
    /// As `splat`.
    unsafe fn multiply_add(a: Self::Register, b: Self::Register, c: Self::Register) -> Self::Register;
    /// `a + b`.
    ///
    /// # Safety
    /// As `splat`.
    unsafe fn add(a: Self::Register, b: Self::Register) -> Self::Register;
}

/// Arrays that the compiler vectorises with what it may take for granted.
#[derive(Clone, Copy)]
pub(crate) struct Portable;

impl Simd for Portable {
    type Register = [f32; 8];
    const WIDTH: usize = 8;
    const ROWS: usize = 3;

    #[inline(always)]
    unsafe fn splat(value: f32) -> [f32; 8] {
        [value; 8]
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> [f32; 8] {
        // SAFETY: the caller vouches for 8 numbers; arrays have no alignment beyond that of their elements.
        unsafe { from.cast::<[f32; 8]>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn store(to: *mut f32, value: [f32; 8]) {
        // SAFETY: the caller vouches for 8 numbers.
        unsafe { to.cast::<[f32; 8]>().write_unaligned(value) }
    }

    #[inline(always)]
    unsafe fn multiply_add(a: [f32; 8], b: [f32; 8], c: [f32; 8]) -> [f32; 8] {
        // `f32::mul_add` would be a call to the C library on processors without the instruction.
        std::array::from_fn(|i| a[i] * b[i] + c[i])
    }

    #[inline(always)]
    unsafe fn add(a: [f32; 8], b: [f32; 8]) -> [f32; 8] {
        std::array::from_fn(|i| a[i] + b[i])
    }
}

/// 256-bit registers.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(crate) struct Avx2;

#[cfg(target_arch = "x86_64")]
impl Simd for Avx2 {
    type Register = arch::__m256;
    const WIDTH: usize = 8;
    // 12 sums, 2 columns' registers and a broadcast number: 15 of 16 registers.
    const ROWS: usize = 6;

    #[inline(always)]
    unsafe fn splat(value: f32) -> arch::__m256 {
        // SAFETY: the caller vouches for the instructions.
        unsafe { arch::_mm256_set1_ps(value) }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> arch::__m256 {
        // SAFETY: the caller vouches for the instructions and 8 numbers.
        unsafe { arch::_mm256_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn store(to: *mut f32, value: arch::__m256) {
        // SAFETY: the caller vouches for the instructions and 8 numbers.
        unsafe { arch::_mm256_storeu_ps(to, value) }
    }

    #[inline(always)]
    unsafe fn multiply_add(a: arch::__m256, b: arch::__m256, c: arch::__m256) -> arch::__m256 {
        // SAFETY: the caller vouches for the instructions.
        unsafe { arch::_mm256_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    unsafe fn add(a: arch::__m256, b: arch::__m256) -> arch::__m256 {
        // SAFETY: the caller vouches for the instructions.
        unsafe { arch::_mm256_add_ps(a, b) }
    }
}

/// 512-bit registers.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(crate) struct Avx512;

#[cfg(target_arch = "x86_64")]
impl Simd for Avx512 {
    type Register = arch::__m512;
    const WIDTH: usize = 16;
    // 24 sums of 32 registers: more rows would need more pointers than there are general registers.
    const ROWS: usize = 12;

    #[inline(always)]
    unsafe fn splat(value: f32) -> arch::__m512 {
        // SAFETY: the caller vouches for the instructions.
        unsafe { arch::_mm512_set1_ps(value) }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> arch::__m512 {
        // SAFETY: the caller vouches for the instructions and 16 numbers.
        unsafe { arch::_mm512_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn store(to: *mut f32, value: arch::__m512) {
        // SAFETY: the caller vouches for the instructions and 16 numbers.
        unsafe { arch::_mm512_storeu_ps(to, value) }
    }

    #[inline(always)]
    unsafe fn multiply_add(a: arch::__m512, b: arch::__m512, c: arch::__m512) -> arch::__m512 {
        // SAFETY: the caller vouches for the instructions.
        unsafe { arch::_mm512_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    unsafe fn add(a: arch::__m512, b: arch::__m512) -> arch::__m512 {
        // SAFETY: the caller vouches for the instructions.
        unsafe { arch::_mm512_add_ps(a, b) }
    }
}
