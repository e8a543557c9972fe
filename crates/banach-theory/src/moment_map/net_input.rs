//! Moments of SELU of a normal net input, and their derivatives in the net input's mean and variance.

use std::f64::consts::FRAC_1_SQRT_2;

use banach_kernels::Selu;

use crate::quadrature;
use crate::special::{erfcx, normal_cdf, normal_pdf};

/// Below this standard deviation of the net input the integrals over its negative part come from quadrature: the
/// closed forms are differences of numbers near 1 there and lose 1/s^2 of their precision.
const CLOSED_FORM_FROM: f64 = 1.0;

/// Standard deviations of the net input that quadrature covers on each side: what is beyond has less than 1e-30 of the weight.
const REACH: f64 = 12.0;

/// Mean and variance of `selu(z)` for z ~ Normal(m, v), and their derivatives in m and v.
///
/// Everything is measured from `f(m)`, the value at the median of z. SELU is increasing, so `f(m)` is the median
/// of `selu(z)`, and a median is at most one standard deviation from the mean: `E[(f - f(m))^2]` is at most twice
/// the variance, and `variance = E[(f - f(m))^2] - (mean - f(m))^2` never cancels, however small the variance is
/// beside the mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NetInputMoments {
    /// `E[selu(z)]` (arXiv:1706.02515, Eq. 4).
    pub mean: f64,
    /// `Var[selu(z)]` (Eq. 5 minus the square of Eq. 4).
    pub variance: f64,
    /// Derivative of the mean in m: `E[f'(z)]`.
    pub d_mean_d_m: f64,
    /// Derivative of the mean in v: `E[f''(z)] / 2`.
    pub d_mean_d_v: f64,
    /// Derivative of the variance in m: `2 Cov(f(z), f'(z))`.
    pub d_variance_d_m: f64,
    /// Derivative of the variance in v: `E[f'(z)^2] + Cov(f(z), f''(z))`.
    pub d_variance_d_v: f64,
}

/// Integrals over z < 0 against the density of z, with `e_0 = exp(min(m, 0))`.
pub(crate) struct NegativePart {
    /// `E[1]`, `E[exp(z)]`, `E[exp(2 z)]`.
    pub(crate) exp: [f64; 3],
    /// `E[exp(z) - e_0]`.
    pub(crate) first: f64,
    /// `E[(exp(z) - e_0)^2]`.
    pub(crate) second: f64,
    /// `E[(exp(z) - e_0) exp(z)]`.
    by_slope: f64,
}

impl NegativePart {
    pub(crate) fn new(m: f64, v: f64, s: f64) -> Self {
        let exp = [0.0, 1.0, 2.0].map(|t| exp_moment(t, m, v, s));
        let from = m.min(0.0);
        let e_0 = libm::exp(from);
        let [first, second, by_slope] = if s < CLOSED_FORM_FROM {
            // In units of s from m: z itself would lose what a small s adds to m.
            let h = m / s;
            quadrature::fixed(
                |x| {
                    let rise = e_0 * libm::expm1(f64::mul_add(s, x, m - from));
                    [rise, rise * rise, rise * (e_0 + rise)].map(|value| value * normal_pdf(x))
                },
                (from - m) / s - REACH,
                (-h).min(REACH),
            )
        } else {
            [
                exp[1] - e_0 * exp[0],
                exp[2] - 2.0 * e_0 * exp[1] + e_0 * e_0 * exp[0],
                exp[2] - e_0 * exp[1],
            ]
        };
        Self {
            exp,
            first,
            second,
            by_slope,
        }
    }
}

/// `E[exp(t z); z < 0] = exp(t m + t^2 v / 2) Phi(-(m + t v) / s)`, for t >= 0, without overflow.
///
/// Where the argument of Phi is negative the two factors are merged into `exp(-m^2 / (2 v)) erfcx(.) / 2`;
/// elsewhere `v <= -m / t`, and the exponent is at most `t m / 2 <= 0`.
fn exp_moment(t: f64, m: f64, v: f64, s: f64) -> f64 {
    let q = (m + t * v) / s;
    if q > 0.0 {
        let h = m / s;
        0.5 * libm::exp(-0.5 * h * h) * erfcx(q * FRAC_1_SQRT_2)
    } else {
        libm::exp(t * (m + 0.5 * t * v)) * normal_cdf(-q)
    }
}

impl NetInputMoments {
    /// The moments for SELU with these parameters, a finite `m` and a finite `v` above 0.
    #[must_use]
    pub fn of_selu(selu: Selu, m: f64, v: f64) -> Self {
        let Selu { alpha, lambda } = selu;
        let s = v.sqrt();
        let h = m / s;
        let phi = normal_pdf(h);
        let above = normal_cdf(h);
        let below = normal_cdf(-h);

        // f = selu / lambda. On z > 0 it is z, on z < 0 it is alpha (exp(z) - 1).
        let median = if m > 0.0 { m } else { alpha * libm::expm1(m) };
        let gap = m.max(0.0);
        let negative = NegativePart::new(m, v, s);
        let [_, exp_1, exp_2] = negative.exp;

        // f - f(m) = z - f(m) on z > 0, and alpha (exp(z) - e_0) - gap on z < 0.
        let rest = m - median;
        let positive_first = s * phi + rest * above;
        let positive_second = (v + rest * rest) * above + s * (rest - median) * phi;
        let negative_first = alpha * negative.first - gap * below;
        let negative_second = alpha * alpha * negative.second - 2.0 * alpha * gap * negative.first
            + gap * gap * below;

        let shift = positive_first + negative_first;
        let mean = median + shift;
        let second = positive_second + negative_second;

        let slope = above + alpha * exp_1;
        let slope_square = above + alpha * alpha * exp_2;
        // E[(f - f(m)) alpha exp(z); z < 0], where alpha exp(z) is both f' and f''.
        let negative_by_slope = alpha * (alpha * negative.by_slope - gap * exp_1);
        // f' jumps by 1 - alpha at 0, where f is 0: f'' has that point mass.
        let density_at_0 = phi / s;

        Self {
            mean: lambda * mean,
            variance: lambda * lambda * (second - shift * shift),
            d_mean_d_m: lambda * slope,
            d_mean_d_v: 0.5 * lambda * (alpha * exp_1 + (1.0 - alpha) * density_at_0),
            d_variance_d_m: 2.0
                * lambda
                * lambda
                * (negative_by_slope + positive_first - shift * slope),
            d_variance_d_v: lambda
                * lambda
                * (slope_square + negative_by_slope - shift * alpha * exp_1
                    + (alpha - 1.0) * mean * density_at_0),
        }
    }
}
