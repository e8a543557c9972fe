//! Arithmetic of the two number types that kernels are written for.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

/// Arithmetic of a floating-point number. [`crate::Real`] is what all kernels together need.
pub trait Number:
    Copy
    + Send
    + Sync
    + 'static
    + Debug
    + Default
    + PartialEq
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
{
    /// The number 0.
    const ZERO: Self;
    /// The number 1.
    const ONE: Self;

    /// The nearest number of this type.
    fn from_f64(value: f64) -> Self;
    /// The number whose upper 16 bits as an `f32` these are (bfloat16), exactly.
    fn from_bf16(bits: u16) -> Self;
    /// This number as `f64`, exactly.
    fn to_f64(self) -> f64;
    /// `self * factor + summand`, rounded once.
    fn mul_add(self, factor: Self, summand: Self) -> Self;
    /// Square root, correctly rounded.
    fn sqrt(self) -> Self;
    /// Whether the number is neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// `exp(x) - 1` for `x <= 0`, without cancellation near 0.
    ///
    /// For `f32` the error is at most 2 ULP against `f64` `expm1` (test `exp_m1_ulp`), the code is
    /// free of branches and gives -1 for `-inf`. NaN stays NaN. Positive arguments are not
    /// supported: the result is unspecified but not undefined.
    fn exp_m1_nonpositive(self) -> Self;
}

impl Number for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value
    }
    #[inline(always)]
    fn from_bf16(bits: u16) -> Self {
        f64::from(f32::from_bf16(bits))
    }
    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, summand: Self) -> Self {
        f64::mul_add(self, factor, summand)
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        f64::sqrt(self)
    }
    #[inline(always)]
    fn is_finite(self) -> bool {
        f64::is_finite(self)
    }
    #[inline(always)]
    fn exp_m1_nonpositive(self) -> Self {
        libm::expm1(self)
    }
}

impl Number for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value as f32
    }
    #[inline(always)]
    fn from_bf16(bits: u16) -> Self {
        f32::from_bits(u32::from(bits) << 16)
    }
    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, summand: Self) -> Self {
        f32::mul_add(self, factor, summand)
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        f32::sqrt(self)
    }
    #[inline(always)]
    fn is_finite(self) -> bool {
        f32::is_finite(self)
    }

    /// Writes x = n ln 2 + r with |r| <= ln 2 / 2, takes p = expm1(r) from its Taylor polynomial of
    /// degree 7 (truncation below 2^-26 relative) and returns 2^n p + (2^n - 1). For n = 0 that is p
    /// itself, so nothing cancels near 0.
    #[inline(always)]
    fn exp_m1_nonpositive(self) -> Self {
        // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits of the sum.
        const ROUND: f32 = 12_582_912.0;
        // ln 2 in two parts; the first has trailing zeros, so n * LN_2_HIGH is exact.
        const LN_2_HIGH: f32 = 0.693_359_4;
        const LN_2_LOW: f32 = -2.121_944_4e-4;
        // expm1 is -1 to f32 precision from -17.33 downwards; written so that NaN passes through.
        let x = if self < -20.0 { -20.0 } else { self };
        let shifted = x.mul_add(std::f32::consts::LOG2_E, ROUND);
        let n = shifted - ROUND;
        let r = n.mul_add(-LN_2_HIGH, x);
        let r = n.mul_add(-LN_2_LOW, r);
        let p = 1.0 / 5040.0;
        let p = r.mul_add(p, 1.0 / 720.0);
        let p = r.mul_add(p, 1.0 / 120.0);
        let p = r.mul_add(p, 1.0 / 24.0);
        let p = r.mul_add(p, 1.0 / 6.0);
        let p = r.mul_add(p, 0.5);
        let p = (r * r).mul_add(p, r);
        let scale = f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000));
        p.mul_add(scale, scale - 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Distance in units of the last place of the correctly rounded value.
    fn ulps(got: f32, want: f64) -> f64 {
        let nearest = want as f32;
        let ulp = f64::from(f32::from_bits(nearest.abs().to_bits() + 1)) - f64::from(nearest.abs());
        (f64::from(got) - want).abs() / ulp
    }

    fn worst_ulps(values: impl Iterator<Item = f32>) -> (f64, f32) {
        values.fold((0.0, 0.0), |worst, x| {
            let error = ulps(x.exp_m1_nonpositive(), libm::expm1(f64::from(x)));
            if error > worst.0 { (error, x) } else { worst }
        })
    }

    #[test]
    fn exp_m1_ulp() {
        // Every 1009th f32 between -0 and -104, subnormals included.
        let bits = (0x8000_0000_u32..0xc2d0_0000).step_by(1009);
        let (error, at) = worst_ulps(bits.map(f32::from_bits));
        assert!(error <= 2.0, "{error} ULP at {at:e}");
    }

    #[test]
    #[ignore = "walks all 1.1 billion f32 values: run it when the polynomial changes"]
    fn exp_m1_ulp_of_every_f32() {
        let (error, at) = worst_ulps((0x8000_0000_u32..=0xff80_0000).map(f32::from_bits));
        assert!(error <= 2.0, "{error} ULP at {at:e}");
    }

    #[test]
    fn exp_m1_at_the_edges() {
        assert_eq!(0.0_f32.exp_m1_nonpositive(), 0.0);
        assert_eq!(f32::NEG_INFINITY.exp_m1_nonpositive(), -1.0);
        assert_eq!((-1e30_f32).exp_m1_nonpositive(), -1.0);
        assert!(f32::NAN.exp_m1_nonpositive().is_nan());
        assert_eq!(
            (-f32::MIN_POSITIVE).exp_m1_nonpositive(),
            -f32::MIN_POSITIVE
        );
    }
}
