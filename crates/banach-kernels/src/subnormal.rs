//! Arithmetic without subnormal numbers, which are ten to a hundred times as slow as others.
//!
//! The better a network fits, the smaller its gradients: below 2^-126 an `f32` is subnormal, and a
//! processor that must give it exactly leaves its fast path. Such numbers are too small to move a
//! weight. Inside of [`flush_subnormals`] the processor takes them for 0, as operands and as results.
//!
//! # Why this is sound enough
//! To the compiler the floating-point environment is always the default one. That matters in two
//! ways. It may move arithmetic across the instruction that changes the environment: here it cannot,
//! because what runs between the two changes is a function behind a pointer that it does not see
//! through, and arithmetic does not cross the boundary of such a call into it or out of it. And it may
//! work out in advance, or simplify, what would come out otherwise with subnormal numbers (`x * 1.0` for
//! `x`): a subnormal operand may then count in one compilation of a line and not in the other. No memory is
//! reached through a number, no constant of a kernel is subnormal, and arithmetic makes no subnormal number
//! here; those that a file or a table brings go through a product or a sum before anything
//! compares them. That the compilations of a kernel agree is tested (`tests/edges.rs`).
//!
//! # Other targets
//! x86-64 and AArch64 have such an environment. Elsewhere, as in WebAssembly, arithmetic stays that of
//! IEEE 754, and a result is the same unless a subnormal number takes part. Between x86-64 and AArch64 there
//! is the same room where a result just below 2^-126 would be rounded up to it: the latter flushes it.

use std::hint::black_box;

/// Runs `run` on the calling thread with subnormal numbers flushed to 0, operands and results, and with
/// rounding to nearest. Afterwards the thread has the floating-point environment that it had, also
/// when `run` panics.
///
/// The threads of a [`crate::Pool`] do so by themselves. Threads that `run` starts may inherit the
/// environment, so that it should start none.
pub fn flush_subnormals<R>(run: impl FnOnce() -> R) -> R {
    let mut run = Some(run);
    let mut result = None;
    within(&mut || result = run.take().map(|run| run()));
    match result {
        Some(result) => result,
        None => unreachable!("the closure runs once"),
    }
}

/// [`flush_subnormals`] without types, so that nothing of `run` can be compiled into this function.
#[inline(never)]
fn within(run: &mut dyn FnMut()) {
    let _restored = Restored::new();
    black_box(run)();
}

/// Puts the environment back when dropped.
struct Restored(environment::Bits);

impl Restored {
    fn new() -> Self {
        let before = environment::get();
        environment::set(environment::FLUSHING);
        Self(before)
    }
}

impl Drop for Restored {
    fn drop(&mut self) {
        environment::set(self.0);
    }
}

#[cfg(target_arch = "x86_64")]
mod environment {
    use std::arch::asm;

    pub(super) type Bits = u32;

    /// MXCSR: all exceptions masked, round to nearest, flush to zero (bit 15), denormals are zero (bit 6).
    pub(super) const FLUSHING: Bits = 0x1f80 | 1 << 15 | 1 << 6;

    pub(super) fn get() -> Bits {
        let mut bits: Bits = 0;
        // SAFETY: stores four bytes into `bits`; SSE is part of x86-64.
        unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut bits, options(nostack)) };
        bits
    }

    pub(super) fn set(bits: Bits) {
        // SAFETY: loads four bytes that are valid for MXCSR: `FLUSHING`, or what was read from it. What
        // a changed environment means for compiled code is in the module's documentation.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const bits, options(nostack)) };
    }
}

#[cfg(target_arch = "aarch64")]
mod environment {
    use std::arch::asm;

    pub(super) type Bits = u64;

    /// FPCR: no traps, round to nearest, flush to zero for operands and results (FZ, bit 24).
    pub(super) const FLUSHING: Bits = 1 << 24;

    pub(super) fn get() -> Bits {
        let bits: Bits;
        // SAFETY: reads a register.
        unsafe { asm!("mrs {}, fpcr", out(reg) bits, options(nostack)) };
        bits
    }

    pub(super) fn set(bits: Bits) {
        // SAFETY: writes a value that is valid for FPCR: `FLUSHING`, or what was read from it. What a
        // changed environment means for compiled code is in the module's documentation.
        unsafe { asm!("msr fpcr, {}", in(reg) bits, options(nostack)) };
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod environment {
    pub(super) type Bits = ();

    pub(super) const FLUSHING: Bits = ();

    pub(super) fn get() -> Bits {}

    pub(super) fn set((): Bits) {}
}

#[cfg(all(test, any(target_arch = "x86_64", target_arch = "aarch64")))]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use crate::Pool;

    /// Half of the smallest normal number.
    fn half_of_smallest() -> f32 {
        black_box(f32::MIN_POSITIVE) * black_box(0.5)
    }

    #[test]
    fn subnormal_operands_and_results_are_zero_inside_and_exact_outside() {
        let smallest = f32::from_bits(1);
        flush_subnormals(|| {
            assert_eq!(half_of_smallest().to_bits(), 0);
            assert_eq!((black_box(smallest) * black_box(1e30)).to_bits(), 0);
            assert_eq!(
                black_box(smallest).mul_add(black_box(1e30), black_box(0.0)),
                0.0
            );
            assert_eq!((black_box(-smallest) - black_box(0.0)).to_bits(), 1 << 31);
            let inner = flush_subnormals(half_of_smallest);
            assert_eq!(inner.to_bits(), 0);
            assert_eq!(half_of_smallest().to_bits(), 0);
        });
        assert_eq!(half_of_smallest().to_bits(), 0x0040_0000);
        assert!(black_box(smallest) * black_box(1e30) > 0.0);
    }

    #[test]
    fn the_caller_has_its_environment_back() {
        // Sticky flags are part of it: none is raised by what ran inside.
        let before = environment::get();
        let answer = flush_subnormals(|| {
            assert_eq!(environment::get(), environment::FLUSHING);
            half_of_smallest() + black_box(1.0) / black_box(3.0)
        });
        assert!(answer > 0.0);
        assert_eq!(environment::get(), before);
        let panic = catch_unwind(|| flush_subnormals(|| panic!("inside")));
        assert!(panic.is_err());
        assert_eq!(environment::get(), before);
    }

    #[test]
    fn every_thread_of_a_pool_flushes_and_the_caller_only_while_it_takes_part() {
        let before = environment::get();
        for threads in [1, 3] {
            let mut pool = Pool::new(threads).unwrap();
            for n_items in [0, 1, 64] {
                let mut items = vec![1_u32; n_items];
                pool.for_each(&mut vec![(); threads], &mut items, |(), item| {
                    *item = half_of_smallest().to_bits();
                });
                assert_eq!(items, vec![0; n_items]);
                assert_eq!(environment::get(), before);
            }
            let cuts = crate::Cuts::new((0..9).map(|at| at..at + 1).collect());
            let mut items = [1_u32; 9];
            pool.for_each_cut(
                &mut vec![(); threads],
                &cuts,
                [&mut items],
                |(), _, [item]| item[0] = half_of_smallest().to_bits(),
            );
            assert_eq!(items, [0; 9]);
            assert_eq!(environment::get(), before);
            let panic = catch_unwind(AssertUnwindSafe(|| {
                pool.for_each(&mut vec![(); threads], &mut [1, 2, 3, 4], |(), _| {
                    panic!("inside")
                });
            }));
            assert!(panic.is_err());
            assert_eq!(environment::get(), before);
        }
    }

    #[test]
    fn jobs_of_a_parallel_map_keep_exact_arithmetic() {
        let results = crate::parallel_map(vec![(); 8], 3, |_, ()| half_of_smallest().to_bits());
        assert_eq!(results, [0x0040_0000; 8]);
    }
}
