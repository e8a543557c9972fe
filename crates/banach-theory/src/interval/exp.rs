//! The exponential function in interval arithmetic.
//!
//! x = k ln 2 + r with 0 <= r <= ln 2 (up to rounding), exp(x) = 2^k exp(r), and exp(r) is its Taylor polynomial of degree
//! 16 plus a remainder below r^17/17! e^r < 2 * 0.7^17 / 17! < 1.4e-17.

use super::Interval;

/// The first 32 bits of ln 2: a product with an exponent below 2^21 is exact.
const LN_2_HEAD: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);

/// ln 2 - LN_2_HEAD = 1.90821492927058781614...e-10 and its neighbours.
const LN_2_TAIL: Interval = Interval {
    lo: 1.908_214_929_270_587_7e-10_f64.next_down(),
    hi: 1.908_214_929_270_587_7e-10_f64.next_up(),
};

const DEGREE: u32 = 16;
const REMAINDER: f64 = 1.4e-17;

/// Beyond these arguments the ends are given by range alone: exp(709) = 8.218e307 and exp(-708) = 3.307e-308.
const LARGEST: f64 = 709.0;
const SMALLEST: f64 = -708.0;
const EXP_LARGEST: f64 = 8.2e307;
const EXP_SMALLEST: f64 = 3.4e-308;

impl Interval {
    /// exp(x). Width about 1e-15 of the value for a point; ends are 0 or infinite outside [-708, 709].
    pub fn exp(self) -> Interval {
        if self.lo == self.hi {
            return exp_point(self.lo);
        }
        Interval {
            lo: exp_point(self.lo).lo,
            hi: exp_point(self.hi).hi,
        }
    }
}

fn exp_point(x: f64) -> Interval {
    if x.is_nan() {
        return Interval::ENTIRE;
    }
    if x > LARGEST {
        return Interval::new(EXP_LARGEST, f64::INFINITY);
    }
    if x < SMALLEST {
        return Interval::new(0.0, EXP_SMALLEST);
    }
    // Any integer near x / ln 2 will do: the polynomial's remainder holds for |r| <= 0.7.
    let k = (x * std::f64::consts::LOG2_E).floor();
    let r = (Interval::point(x) - k * LN_2_HEAD) - LN_2_TAIL * k;
    debug_assert!(r.magnitude() < 0.7, "exp({x}) reduced to {r}");
    let mut sum = Interval::point(1.0);
    for n in (1..=DEGREE).rev() {
        sum = Interval::point(1.0) + sum * r / f64::from(n);
    }
    // 2^k is a normal float for -1022 <= k <= 1023, which the range above ensures, so scaling is exact.
    let scale = f64::from_bits(((1023 + k as i64) as u64) << 52);
    let sum = sum + Interval::new(-REMAINDER, REMAINDER);
    Interval {
        lo: sum.lo.max(0.0) * scale,
        hi: sum.hi * scale,
    }
}
