//! Which compilation of the kernels to run.

use std::sync::OnceLock;

/// An instruction set that the kernels were compiled for.
///
/// A value other than the scalar one exists only after the processor was seen to support it, which
/// is what makes calling the kernels safe. All sets give the same bits; they differ in speed only.
///
/// Every kernel is a chain of fused multiply-adds. Where the target has none, as in plain x86-64
/// ([`Isa::SCALAR`] there) and in WebAssembly, each is a call of a software function: the bits stay the
/// same, at a fraction of the speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Isa(pub(crate) Level);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Scalar,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Isa {
    /// The build target's baseline, with no run-time choice. On x86-64 this is the slow reference:
    /// fused multiply-add is a function call there.
    pub const SCALAR: Self = Self(Level::Scalar);

    /// All sets that this processor supports, slowest first.
    #[must_use]
    pub fn supported() -> Vec<Self> {
        #[cfg_attr(not(target_arch = "x86_64"), expect(unused_mut))]
        let mut all = vec![Self::SCALAR];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                all.push(Self(Level::Avx2));
                if is_x86_feature_detected!("avx512f") {
                    all.push(Self(Level::Avx512));
                }
            }
        }
        all
    }

    /// The fastest supported set, or the one named by the environment variable `BANACH_ISA`
    /// (`scalar`, `avx2`, `avx512`) when this processor supports it. Read once per process. Without
    /// environment variables, as in WebAssembly, it is the fastest.
    #[must_use]
    pub fn best() -> Self {
        static BEST: OnceLock<Isa> = OnceLock::new();
        *BEST.get_or_init(|| {
            let supported = Self::supported();
            let wanted = std::env::var("BANACH_ISA").ok();
            let named = |isa: &&Self| wanted.as_deref() == Some(isa.name());
            let fastest = supported[supported.len() - 1];
            supported.iter().find(named).copied().unwrap_or(fastest)
        })
    }

    /// The set's name, as `BANACH_ISA` takes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            Level::Scalar => "scalar",
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => "avx512",
        }
    }
}

/// Defines a kernel once and compiles it for every instruction set.
///
/// The function gets a first parameter `isa: Isa` that chooses the compilation. The body must
/// consist of code that inlines, else it is not compiled for the chosen set.
macro_rules! kernel {
    (
        $(#[$meta:meta])*
        pub fn $name:ident<$T:ident: Number>($($arg:ident: $type:ty),* $(,)?) $body:block
    ) => {
        $(#[$meta])*
        pub fn $name<$T: $crate::Number>(isa: $crate::Isa, $($arg: $type),*) {
            #[inline(always)]
            fn portable<$T: $crate::Number>($($arg: $type),*) $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2<$T: $crate::Number>($($arg: $type),*) {
                portable::<$T>($($arg),*);
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma,avx512f")]
            fn avx512<$T: $crate::Number>($($arg: $type),*) {
                portable::<$T>($($arg),*);
            }

            match isa.0 {
                $crate::isa::Level::Scalar => portable::<$T>($($arg),*),
                // SAFETY: this Isa exists only on a processor that was seen to support it.
                #[cfg(target_arch = "x86_64")]
                $crate::isa::Level::Avx2 => unsafe { avx2::<$T>($($arg),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                $crate::isa::Level::Avx512 => unsafe { avx512::<$T>($($arg),*) },
            }
        }
    };
}
