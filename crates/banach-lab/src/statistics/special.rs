//! Distribution functions that the tests need.

use std::f64::consts::{FRAC_1_SQRT_2, PI, SQRT_2};

/// Probability that a standard normal number is below `z`.
pub(super) fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z * FRAC_1_SQRT_2)
}

/// Probability that a chi-squared number with `df` degrees of freedom is above `x`.
///
/// Q(df/2, x/2) for whole df, by Q(a + 1, y) = Q(a, y) + y^a exp(-y) / Gamma(a + 1) from
/// Q(1/2, y) = erfc(sqrt(y)) or Q(1, y) = exp(-y) (DLMF 8.8.6, 8.4.6, 8.4.5).
pub(super) fn chi_squared_sf(x: f64, df: usize) -> f64 {
    let y = 0.5 * x;
    if y <= 0.0 {
        return 1.0;
    }
    let (mut a, mut q, mut term) = if df.is_multiple_of(2) {
        (1.0, libm::exp(-y), y * libm::exp(-y))
    } else {
        let term = 2.0 * (y / PI).sqrt() * libm::exp(-y);
        (0.5, libm::erfc(y.sqrt()), term)
    };
    while a + 0.5 < 0.5 * df as f64 {
        // `term` is y^a exp(-y) / Gamma(a + 1).
        q += term;
        a += 1.0;
        term *= y / a;
    }
    q.min(1.0)
}

/// Half the width of the range over which the density of a standard normal number matters.
const TAIL: f64 = 9.0;

/// Intervals of Simpson's rule. The integrand is smooth and vanishes at both ends, where the rule
/// converges faster than any power of the step: doubling this changes nothing below 1e-13.
const INTERVALS: usize = 400;

/// Probability that the range of `k` independent standard normal numbers is below `q`:
/// k times the integral of phi(z) (Phi(z) - Phi(z - q))^(k - 1) over all z.
fn range_cdf(q: f64, k: usize) -> f64 {
    let (low, high) = (-TAIL, TAIL);
    let step = (high - low) / INTERVALS as f64;
    let density = |z: f64| libm::exp(-0.5 * z * z) / (SQRT_2 * PI.sqrt());
    let value = |i: usize| {
        let z = low + step * i as f64;
        density(z) * libm::pow(normal_cdf(z) - normal_cdf(z - q), (k - 1) as f64)
    };
    let inner: f64 = (1..INTERVALS)
        .map(|i| if i % 2 == 1 { 4.0 } else { 2.0 } * value(i))
        .sum();
    k as f64 * step / 3.0 * (value(0) + inner + value(INTERVALS))
}

/// The upper `alpha` point of the studentized range of `k` groups with infinitely many degrees of
/// freedom, by bisection.
pub(super) fn studentized_range(alpha: f64, k: usize) -> f64 {
    let (mut low, mut high) = (0.0, 2.0 * TAIL);
    // Each step halves the interval: 60 leave less than an ulp.
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if range_cdf(middle, k) < 1.0 - alpha {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}
