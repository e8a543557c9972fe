//! The moment map g of SELU in interval arithmetic, with its first and second derivatives.
//!
//! A unit's net input z = w x + b is taken as Normal(m, v) with m = mu omega (+ bias) and v = nu tau. With f = selu,
//! p = P(z > 0), q_k = E[exp(k z); z < 0] and phi the density of z at 0:
//!
//! ```text
//! mean   = lambda   [ m p + v phi + alpha (q1 - q0) ]                                  (Eq. 4)
//! second = lambda^2 [ (m^2 + v) p + m v phi + alpha^2 (q2 - 2 q1 + q0) ]               (Eq. 5)
//! ```
//!
//! The density of z solves the heat equation, so d/dm E h(z) = E h'(z) and d/dv E h(z) = E h''(z) / 2 for any h: all
//! derivatives are combinations of the same p, q1, q2 and phi. Products exp * erfc never appear as written:
//! q_k = exp(-a^2) erfcx(a + k sqrt(v/2)) / 2 with a = m / sqrt(2 v).
//!
//! Klambauer et al. 2017, arXiv:1706.02515.

use banach_kernels::{ALPHA_01, LAMBDA_01, Selu};
use serde::{Deserialize, Serialize};

use crate::interval::Interval;

/// sqrt(2 pi) = 2.50662827463100050241576528481...: this float is the last one below it.
const SQRT_2PI: Interval = Interval::new(
    2.506_628_274_631_000_2,
    2.506_628_274_631_000_2_f64.next_up(),
);

/// 1/2 enters every tail probability; halving is exact.
const HALF: f64 = 0.5;

/// Left of this argument erfcx grows like exp(x^2), and the product exp * erfc is enclosed more tightly as written.
const SCALED_FROM: f64 = -1.0;

/// SELU's constants as intervals: the map of every pair inside is enclosed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntervalMap {
    /// alpha: selu(x) = lambda alpha (exp(x) - 1) for x <= 0.
    pub alpha: Interval,
    /// lambda: selu(x) = lambda x for x > 0.
    pub lambda: Interval,
}

/// Mean and variance of selu(z).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MomentBounds {
    /// E selu(z).
    pub mean: Interval,
    /// E selu(z)^2.
    pub second: Interval,
    /// second - mean^2.
    pub variance: Interval,
}

/// First derivatives by m and v, the mean and variance of z.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slopes {
    /// d mean / dm.
    pub mean_m: Interval,
    /// d mean / dv.
    pub mean_v: Interval,
    /// d second / dm.
    pub second_m: Interval,
    /// d second / dv.
    pub second_v: Interval,
    /// d variance / dm.
    pub variance_m: Interval,
    /// d variance / dv.
    pub variance_v: Interval,
}

/// Second derivatives by m and v.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curvatures {
    /// d2 mean / dm2.
    pub mean_mm: Interval,
    /// d2 mean / dm dv.
    pub mean_mv: Interval,
    /// d2 mean / dv2.
    pub mean_vv: Interval,
    /// d2 variance / dm2.
    pub variance_mm: Interval,
    /// d2 variance / dm dv.
    pub variance_mv: Interval,
    /// d2 variance / dv2.
    pub variance_vv: Interval,
}

/// The map and its derivatives over one set of net inputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jet {
    /// Mean, second moment and variance.
    pub moments: MomentBounds,
    /// First derivatives.
    pub slopes: Slopes,
    /// Second derivatives.
    pub curvatures: Curvatures,
}

impl IntervalMap {
    /// SELU with the fixed point (0, 1): encloses the real numbers alpha_01 and lambda_01 (Eq. 14) and no others.
    pub fn selu_01() -> Self {
        // alpha_01 = -sqrt(2/pi) / (erfc(1/sqrt 2) exp(1/2) - 1), where erfc(1/sqrt 2) exp(1/2) = erfcx(1/sqrt 2).
        let one = Interval::point(1.0);
        let root = one / Interval::point(2.0).sqrt();
        let alpha = (Interval::point(2.0) / SQRT_2PI) / (one - root.erfcx());
        // lambda_01 makes the second moment at (0, 1) equal to 1; the mean is 0 there by the choice of alpha.
        let unit = IntervalMap { alpha, lambda: one };
        let second = unit.natural(Interval::point(0.0), one).moments.second;
        IntervalMap {
            alpha,
            lambda: one / second.sqrt(),
        }
    }

    /// The map of these parameters. The float64 pair (ALPHA_01, LAMBDA_01) stands for the real numbers that it is rounded from and
    /// gives [`selu_01`](Self::selu_01), which encloses both; any other pair is taken exactly.
    pub fn of(selu: Selu) -> Self {
        if (selu.alpha, selu.lambda) == (ALPHA_01, LAMBDA_01) {
            Self::selu_01()
        } else {
            Self::exactly(selu.alpha, selu.lambda)
        }
    }

    /// The map of exactly these two numbers.
    pub fn exactly(alpha: f64, lambda: f64) -> Self {
        IntervalMap {
            alpha: Interval::point(alpha),
            lambda: Interval::point(lambda),
        }
    }

    /// Encloses moments and derivatives for all net inputs with mean in `m` and variance in `v` > 0.
    ///
    /// Tight for narrow intervals; for wider ones the natural enclosure is cut with mean-value forms about the middle, whose
    /// excess width falls with the square of the width.
    pub fn enclose(&self, m: Interval, v: Interval) -> Jet {
        let wide = self.natural(m, v);
        if m.lo() == m.hi() && v.lo() == v.hi() {
            return wide;
        }
        let (m_mid, v_mid) = (m.mid(), v.mid());
        let middle = self.natural(Interval::point(m_mid), Interval::point(v_mid));
        let (dm, dv) = (m - m_mid, v - v_mid);
        let cut = |natural: Interval, at_middle: Interval, by_m: Interval, by_v: Interval| {
            // Both enclose the same numbers, so they meet; if rounding said otherwise the natural one still holds.
            natural
                .intersection(at_middle + by_m * dm + by_v * dv)
                .unwrap_or(natural)
        };
        let (s, c, curve) = (wide.slopes, middle.slopes, wide.curvatures);
        let slopes = Slopes {
            mean_m: cut(s.mean_m, c.mean_m, curve.mean_mm, curve.mean_mv),
            mean_v: cut(s.mean_v, c.mean_v, curve.mean_mv, curve.mean_vv),
            variance_m: cut(
                s.variance_m,
                c.variance_m,
                curve.variance_mm,
                curve.variance_mv,
            ),
            variance_v: cut(
                s.variance_v,
                c.variance_v,
                curve.variance_mv,
                curve.variance_vv,
            ),
            ..s
        };
        let (w, c) = (wide.moments, middle.moments);
        Jet {
            moments: MomentBounds {
                mean: cut(w.mean, c.mean, slopes.mean_m, slopes.mean_v),
                second: cut(w.second, c.second, slopes.second_m, slopes.second_v),
                variance: cut(w.variance, c.variance, slopes.variance_m, slopes.variance_v),
            },
            slopes,
            curvatures: curve,
        }
    }

    /// Every formula evaluated in interval arithmetic as it stands.
    pub(crate) fn natural(&self, m: Interval, v: Interval) -> Jet {
        let root = (v * 2.0).sqrt();
        let a = m / root;
        let peak = (-a.square()).exp();
        let q0 = a.erfc() * HALF;
        let p = Interval::point(1.0) - q0;
        let q1 = tail(1.0, a, peak, m, v, root);
        let q2 = tail(2.0, a, peak, m, v, root);
        let phi = peak / (SQRT_2PI * v.sqrt());
        let phi_m = -(m / v) * phi;
        let phi_v = (m.square() / v - 1.0) / v * phi * HALF;

        let (alpha, lambda) = (self.alpha, self.lambda);
        let (alpha2, lambda2) = (alpha.square(), lambda.square());
        let kink = Interval::point(1.0) - alpha;
        let positive = m * p + v * phi;

        let mean = lambda * (positive + alpha * (q1 - q0));
        let second = lambda2 * ((m.square() + v) * p + m * v * phi + alpha2 * (q2 - q1 * 2.0 + q0));
        let mean_m = lambda * (p + alpha * q1);
        let mean_v = lambda * HALF * (kink * phi + alpha * q1);
        let second_m = lambda2 * 2.0 * (positive + alpha2 * (q2 - q1));
        let second_v = lambda2 * (p + alpha2 * (q2 * 2.0 - q1));

        // d/dm: p -> phi, q_k -> k q_k - phi; d/dv = (d/dm)^2 / 2.
        let q1_v = (q1 - phi - phi_m) * HALF;
        let q2_v = (q2 * 4.0 - phi * 2.0 - phi_m) * HALF;
        let mean_mm = mean_v * 2.0;
        let mean_mv = lambda * HALF * (kink * phi_m + alpha * (q1 - phi));
        let mean_vv = lambda * HALF * (kink * phi_v + alpha * q1_v);
        let second_mm = second_v * 2.0;
        let second_mv = lambda2 * (phi + alpha2 * (q2 * 4.0 - q1 - phi));
        let second_vv = lambda2 * (phi_m * HALF + alpha2 * (q2_v * 2.0 - q1_v));

        let twice_mean = mean * 2.0;
        Jet {
            moments: MomentBounds {
                mean,
                second,
                variance: second - mean.square(),
            },
            slopes: Slopes {
                mean_m,
                mean_v,
                second_m,
                second_v,
                variance_m: second_m - twice_mean * mean_m,
                variance_v: second_v - twice_mean * mean_v,
            },
            curvatures: Curvatures {
                mean_mm,
                mean_mv,
                mean_vv,
                variance_mm: second_mm - mean_m.square() * 2.0 - twice_mean * mean_mm,
                variance_mv: second_mv - mean_m * mean_v * 2.0 - twice_mean * mean_mv,
                variance_vv: second_vv - mean_v.square() * 2.0 - twice_mean * mean_vv,
            },
        }
    }
}

/// q_k = E[exp(k z); z < 0], which lies between 0 and 1.
fn tail(k: f64, a: Interval, peak: Interval, m: Interval, v: Interval, root: Interval) -> Interval {
    // (m + k v) / sqrt(2 v), written so that v enters the sum once per term.
    let x = a + root * (k * HALF);
    let value = if x.lo() >= SCALED_FROM {
        peak * x.erfcx()
    } else {
        ((m + v * (k * HALF)) * k).exp() * x.erfc()
    };
    (value * HALF)
        .intersection(Interval::new(0.0, 1.0))
        .unwrap_or(Interval::new(0.0, 1.0))
}

#[cfg(test)]
mod tests;
