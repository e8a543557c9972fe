//! Interval arithmetic with outward rounding: every result encloses every value that its operands allow.
//!
//! Only `+ - * /` and the square root of f64 are trusted, which IEEE 754 rounds correctly: a result r of one of them lies
//! between the two neighbours of r, so stepping each end by one float encloses the true value. All other functions
//! ([`exp`](Interval::exp), [`erfc`](Interval::erfc), [`erfcx`](Interval::erfcx)) are series in this arithmetic with a
//! proved remainder, and depend on no mathematical library.

mod erfc;
mod exp;

use std::ops::{Add, Div, Mul, Neg, Sub};

use serde::{Deserialize, Deserializer, Serialize};

/// A closed interval `[lo, hi]` of real numbers; an end may be infinite.
///
/// As text or JSON it is the pair `[lo, hi]`; ends in reverse are refused there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(into = "[f64; 2]")]
pub struct Interval {
    lo: f64,
    hi: f64,
}

impl Interval {
    /// All real numbers.
    pub const ENTIRE: Interval = Interval {
        lo: f64::NEG_INFINITY,
        hi: f64::INFINITY,
    };

    /// The interval between two numbers in either order. NaN gives [`ENTIRE`](Self::ENTIRE): nothing is known.
    pub const fn new(a: f64, b: f64) -> Self {
        if a <= b {
            Interval { lo: a, hi: b }
        } else if b < a {
            Interval { lo: b, hi: a }
        } else {
            Self::ENTIRE
        }
    }

    /// The one number x.
    pub const fn point(x: f64) -> Self {
        Self::new(x, x)
    }

    /// The lower end.
    pub const fn lo(self) -> f64 {
        self.lo
    }

    /// The upper end.
    pub const fn hi(self) -> f64 {
        self.hi
    }

    /// A number in the middle, inside the interval whenever both ends are finite.
    pub const fn mid(self) -> f64 {
        // Halves of subnormal numbers may round to 0.
        (0.5 * self.lo + 0.5 * self.hi).max(self.lo).min(self.hi)
    }

    /// The width, rounded upwards.
    pub const fn width(self) -> f64 {
        if self.lo == self.hi {
            0.0
        } else {
            (self.hi - self.lo).next_up()
        }
    }

    /// The largest absolute value in the interval.
    pub const fn magnitude(self) -> f64 {
        self.lo.abs().max(self.hi.abs())
    }

    /// True when x lies in the interval.
    pub const fn contains(self, x: f64) -> bool {
        self.lo <= x && x <= self.hi
    }

    /// True when every number of `other` lies in this interval.
    pub const fn encloses(self, other: Interval) -> bool {
        self.lo <= other.lo && other.hi <= self.hi
    }

    /// The smallest interval that holds both.
    pub const fn hull(self, other: Interval) -> Self {
        Interval {
            lo: self.lo.min(other.lo),
            hi: self.hi.max(other.hi),
        }
    }

    /// The numbers in both; `None` when there are none.
    pub const fn intersection(self, other: Interval) -> Option<Self> {
        let lo = self.lo.max(other.lo);
        let hi = self.hi.min(other.hi);
        if lo <= hi {
            Some(Interval { lo, hi })
        } else {
            None
        }
    }

    /// One float wider at each end: encloses the decimal numbers that the two ends were read from.
    pub const fn widened(self) -> Self {
        Self::rounded(self.lo, self.hi)
    }

    /// One float narrower at each end: enclosed by the decimal numbers that the two ends were read from.
    /// An interval with nothing left in between collapses to its middle.
    pub const fn narrowed(self) -> Self {
        let (lo, hi) = (self.lo.next_up(), self.hi.next_down());
        if lo <= hi {
            Interval { lo, hi }
        } else {
            Self::point(self.mid())
        }
    }

    /// The square.
    pub const fn square(self) -> Self {
        let (a, b) = (self.lo.abs(), self.hi.abs());
        let hi = if a > b { a } else { b };
        if self.lo <= 0.0 && self.hi >= 0.0 {
            return Interval {
                lo: 0.0,
                hi: if hi == 0.0 { 0.0 } else { (hi * hi).next_up() },
            };
        }
        let lo = if a > b { b } else { a };
        // A product of numbers below 1e-160 may round to 0, whose lower neighbour is negative.
        Interval {
            lo: (lo * lo).next_down().max(0.0),
            hi: (hi * hi).next_up(),
        }
    }

    /// The square root of the non-negative part; negative intervals give 0.
    pub fn sqrt(self) -> Self {
        let root = |x: f64| x.max(0.0).sqrt();
        Interval {
            lo: root(self.lo).next_down().max(0.0),
            hi: root(self.hi).next_up(),
        }
    }

    /// Ends as IEEE 754 rounded them, stepped outwards; NaN (0 times infinity, say) opens the end.
    const fn rounded(lo: f64, hi: f64) -> Self {
        Interval {
            lo: if lo.is_nan() {
                f64::NEG_INFINITY
            } else {
                lo.next_down()
            },
            hi: if hi.is_nan() {
                f64::INFINITY
            } else {
                hi.next_up()
            },
        }
    }
}

impl From<f64> for Interval {
    fn from(x: f64) -> Self {
        Interval::point(x)
    }
}

impl From<[f64; 2]> for Interval {
    fn from([a, b]: [f64; 2]) -> Self {
        Interval::new(a, b)
    }
}

impl<'de> Deserialize<'de> for Interval {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let [lo, hi] = <[f64; 2]>::deserialize(deserializer)?;
        if lo <= hi {
            Ok(Interval { lo, hi })
        } else {
            let problem =
                format!("the ends of an interval must not be in reverse, got [{lo}, {hi}]");
            Err(serde::de::Error::custom(problem))
        }
    }
}

impl From<Interval> for [f64; 2] {
    fn from(x: Interval) -> Self {
        [x.lo, x.hi]
    }
}

impl std::fmt::Display for Interval {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{}, {}]", self.lo, self.hi)
    }
}

impl Neg for Interval {
    type Output = Interval;
    fn neg(self) -> Interval {
        Interval {
            lo: -self.hi,
            hi: -self.lo,
        }
    }
}

impl Add for Interval {
    type Output = Interval;
    fn add(self, other: Interval) -> Interval {
        Interval::rounded(self.lo + other.lo, self.hi + other.hi)
    }
}

impl Sub for Interval {
    type Output = Interval;
    fn sub(self, other: Interval) -> Interval {
        Interval::rounded(self.lo - other.hi, self.hi - other.lo)
    }
}

impl Mul for Interval {
    type Output = Interval;
    fn mul(self, other: Interval) -> Interval {
        let (a, b) = (self, other);
        if a.lo > 0.0 && b.lo > 0.0 {
            return Interval {
                lo: (a.lo * b.lo).next_down().max(0.0),
                hi: (a.hi * b.hi).next_up(),
            };
        }
        if a.lo == a.hi && a.lo == 0.0 || b.lo == b.hi && b.lo == 0.0 {
            return Interval::point(0.0);
        }
        let products = [a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi];
        if products.iter().any(|p| p.is_nan()) {
            return Interval::ENTIRE;
        }
        Interval::rounded(
            products.into_iter().fold(f64::INFINITY, f64::min),
            products.into_iter().fold(f64::NEG_INFINITY, f64::max),
        )
    }
}

impl Div for Interval {
    type Output = Interval;
    /// A divisor that contains 0 gives [`Interval::ENTIRE`].
    fn div(self, other: Interval) -> Interval {
        let (a, b) = (self, other);
        if b.lo <= 0.0 && b.hi >= 0.0 {
            return Interval::ENTIRE;
        }
        if a.lo >= 0.0 && b.lo > 0.0 && a.hi < f64::INFINITY {
            return Interval {
                lo: (a.lo / b.hi).next_down().max(0.0),
                hi: (a.hi / b.lo).next_up(),
            };
        }
        let quotients = [a.lo / b.lo, a.lo / b.hi, a.hi / b.lo, a.hi / b.hi];
        if quotients.iter().any(|q| q.is_nan()) {
            return Interval::ENTIRE;
        }
        Interval::rounded(
            quotients.into_iter().fold(f64::INFINITY, f64::min),
            quotients.into_iter().fold(f64::NEG_INFINITY, f64::max),
        )
    }
}

impl Add<f64> for Interval {
    type Output = Interval;
    fn add(self, x: f64) -> Interval {
        self + Interval::point(x)
    }
}

impl Sub<f64> for Interval {
    type Output = Interval;
    fn sub(self, x: f64) -> Interval {
        self - Interval::point(x)
    }
}

impl Mul<f64> for Interval {
    type Output = Interval;
    fn mul(self, x: f64) -> Interval {
        self * Interval::point(x)
    }
}

impl Div<f64> for Interval {
    type Output = Interval;
    fn div(self, x: f64) -> Interval {
        self / Interval::point(x)
    }
}

#[cfg(test)]
mod tests;
