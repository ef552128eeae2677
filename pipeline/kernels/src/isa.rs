//! Instruction sets (ISA) of the processor, found at run time, so that one binary serves every machine.

/// A set of vector instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isa {
    /// What the compiler takes for granted; the reference that runs everywhere.
    Portable,
    /// AVX2 with fused multiply-add: 8 numbers at once.
    Avx2,
    /// AVX-512: 16 numbers at once.
    Avx512,
}

impl Isa {
    /// The best instruction set of this machine.
    pub fn best() -> Self {
        Self::supported().last().copied().unwrap_or(Self::Portable)
    }

    /// The name of the instruction set.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "AVX2",
            Self::Avx512 => "AVX-512",
        }
    }

    /// Every instruction set of this machine, the best last.
    pub fn supported() -> &'static [Self] {
        #[cfg(target_arch = "x86_64")]
        {
            if !(is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")) {
                return &[Self::Portable];
            }
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl") {
                return &[Self::Portable, Self::Avx2, Self::Avx512];
            }
            &[Self::Portable, Self::Avx2]
        }
        #[cfg(not(target_arch = "x86_64"))]
        &[Self::Portable]
    }

    /// Whether the machine has these instructions.
    pub fn is_supported(self) -> bool {
        Self::supported().contains(&self)
    }
}

/// Calls a function, whose first generic parameter is its [`Simd`](crate::simd::Simd), compiled for `isa`.
///
/// The function is inlined into one wrapper for each instruction set, which alone carries the instructions' target
/// features; so plain loops in it are vectorised for the instruction set, too.
macro_rules! dispatch {
    ($isa:expr, $function:ident ( $($name:ident : $type:ty = $value:expr),* $(,)? ) $(-> $output:ty)?) => {{
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma")]
        fn avx2($($name: $type),*) $(-> $output)? {
            // SAFETY: the caller of the whole macro vouches for pointers; the features are on in this function.
            #[allow(unused_unsafe)]
            unsafe { $function::<$crate::simd::Avx2>($($name),*) }
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma,avx512f,avx512vl")]
        fn avx512($($name: $type),*) $(-> $output)? {
            // SAFETY: as above.
            #[allow(unused_unsafe)]
            unsafe { $function::<$crate::simd::Avx512>($($name),*) }
        }
        let isa: $crate::Isa = $isa;
        // The instruction set is a public type: a wrong one must not reach instructions that the processor lacks.
        assert!(isa.is_supported(), "the processor lacks {isa:?}");
        match isa {
            // SAFETY: the processor has these instructions, as was just asserted.
            #[cfg(target_arch = "x86_64")]
            $crate::Isa::Avx2 => unsafe { avx2($($value),*) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            $crate::Isa::Avx512 => unsafe { avx512($($value),*) },
            // SAFETY: the portable lanes need no instructions; the macro's caller vouches for pointers.
            #[allow(unused_unsafe)]
            _ => unsafe { $function::<$crate::simd::Portable>($($value),*) },
        }
    }};
}
pub(crate) use dispatch;
