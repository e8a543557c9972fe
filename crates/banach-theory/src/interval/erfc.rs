//! The complementary error function and its scaled form erfcx(x) = exp(x^2) erfc(x) in interval arithmetic.
//!
//! Both decrease everywhere, so the ends of an interval are enough. At one point x >= 0, with y = 2 x^2:
//! - x < 2: erfcx(x) = exp(x^2) - t(x) with t(x) = 2/sqrt(pi) x (1 + y/3 (1 + y/5 (1 + y/7 (...)))), where a tail whose
//!   factors y/(2n+1) are at most 1/2 lies between 1 and 2. The difference costs 2 digits at x = 2.
//!   Likewise erfc(x) = 1 - exp(-x^2) t(x), which is used for x < 1.
//! - x >= 2: the continued fraction erfcx(x) = 1/sqrt(pi) / K_1 with K_n = x + (n/2) / K_(n+1). Every K_n is above x, so
//!   K_N lies between x and x + N/(2x); from there each step encloses the one before.
//!
//! (NIST Digital Library of Mathematical Functions, 7.6.2 and 7.9.1.)

use super::Interval;

/// 1/sqrt(pi) = 0.56418958354775628694807945156...: this float is the last one below it.
const FRAC_1_SQRT_PI: Interval = Interval {
    lo: 0.564_189_583_547_756_3,
    hi: 0.564_189_583_547_756_3_f64.next_up(),
};

/// Where the series ends and the continued fraction begins.
const SPLIT: f64 = 2.0;

/// Number of factors of the series below each x. With these the last factor's successor is at most 1/2, and the product of all
/// leaves less than 1e-19.
const SERIES_TERMS: [(f64, u32); 3] = [(0.25, 10), (1.0, 20), (SPLIT, 40)];

/// Up to here erfc is taken from 1 - erf.
const NEAR_ZERO: f64 = 1.0;

/// Depth of the continued fraction at x = 2; its error falls like exp(-2 x sqrt(2 N)), so N falls like 1/x^2.
const FRACTION_DEPTH: f64 = 64.0;

/// erfc is below 1e-300 here; exp(-x^2) becomes subnormal at 26.6.
const ERFC_VANISHES: f64 = 26.5;
const ERFC_VANISHED: f64 = 1e-300;

impl Interval {
    /// erfc(x) = 2/sqrt(pi) times the integral of exp(-t^2) from x to infinity; within [0, 2].
    pub fn erfc(self) -> Interval {
        if self.lo == self.hi {
            return erfc_point(self.lo);
        }
        Interval {
            lo: erfc_point(self.hi).lo,
            hi: erfc_point(self.lo).hi,
        }
    }

    /// erfcx(x) = exp(x^2) erfc(x). Infinite upper ends below x = -26.6.
    pub fn erfcx(self) -> Interval {
        if self.lo == self.hi {
            return erfcx_point(self.lo);
        }
        Interval {
            lo: erfcx_point(self.hi).lo,
            hi: erfcx_point(self.lo).hi,
        }
    }
}

fn erfc_point(x: f64) -> Interval {
    if x.is_nan() {
        return Interval::new(0.0, 2.0);
    }
    if x < 0.0 {
        return Interval::point(2.0) - erfc_point(-x);
    }
    if x > ERFC_VANISHES {
        return Interval::new(0.0, ERFC_VANISHED);
    }
    let peak = (-Interval::point(x).square()).exp();
    if x < NEAR_ZERO {
        return Interval::point(1.0) - peak * series(x);
    }
    peak * erfcx_point(x)
}

fn erfcx_point(x: f64) -> Interval {
    if x.is_nan() {
        return Interval::new(0.0, f64::INFINITY);
    }
    if x < 0.0 {
        // erfc(x) + erfc(-x) = 2.
        return Interval::point(x).square().exp() * 2.0 - erfcx_point(-x);
    }
    if x < SPLIT {
        return Interval::point(x).square().exp() - series(x);
    }
    fraction(x)
}

/// t(x) for 0 <= x < 2.
fn series(x: f64) -> Interval {
    let y = Interval::point(x).square() * 2.0;
    let terms = SERIES_TERMS
        .into_iter()
        .find_map(|(end, terms)| (x < end).then_some(terms))
        .unwrap_or(SERIES_TERMS[2].1);
    let mut tail = Interval::new(1.0, 2.0);
    for n in (1..=terms).rev() {
        tail = Interval::point(1.0) + y * tail / f64::from(2 * n + 1);
    }
    FRAC_1_SQRT_PI * (2.0 * x) * tail
}

fn fraction(x: f64) -> Interval {
    let depth = (FRACTION_DEPTH * (SPLIT / x) * (SPLIT / x)).ceil() + 4.0;
    let point = Interval::point(x);
    let mut k = point + Interval::new(0.0, (depth / 2.0 / x).next_up());
    let mut n = depth - 1.0;
    while n > 0.0 {
        k = point + Interval::point(n / 2.0) / k;
        n -= 1.0;
    }
    FRAC_1_SQRT_PI / k
}
