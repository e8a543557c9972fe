//! The normal distribution and the scaled complementary error function, to a few units in the last place.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// From here on the asymptotic series of erfcx is exact to a double.
const ASYMPTOTIC: f64 = 12.0;

/// Scaled complementary error function, `erfcx(x) = exp(x^2) erfc(x)`.
///
/// Any f64: 1/(x sqrt(pi)) for large x, infinite below about -26.6, NaN stays NaN. Relative error at most
/// 1e-15 for x >= 0 (test `erfcx_agrees_with_50_digits`).
///
/// Up to 12 it is the product of its two factors, with x^2 carried in two doubles, so that the error of the
/// square is not magnified by exp. Beyond, the series of Abramowitz and Stegun 7.1.23.
#[must_use]
pub fn erfcx(x: f64) -> f64 {
    if x < ASYMPTOTIC {
        let square = x * x;
        let rest = f64::mul_add(x, x, -square);
        let scale = libm::exp(square);
        // exp(square + rest) to first order: rest is at most half a unit in the last place of 708.
        return if scale.is_infinite() {
            scale
        } else {
            libm::erfc(x) * f64::mul_add(scale, rest, scale)
        };
    }
    let ratio = 0.5 / (x * x);
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 0..16 {
        term *= -f64::from(2 * k + 1) * ratio;
        sum += term;
    }
    sum / (x * PI.sqrt())
}

/// Density of the standard normal distribution.
#[must_use]
pub fn normal_pdf(x: f64) -> f64 {
    libm::exp(-0.5 * x * x) / (2.0 * PI).sqrt()
}

/// Probability that a standard normal variable is below `x`.
#[must_use]
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// x and erfcx(x), mpmath 1.4.1 with 50 digits: `exp(x**2) * erfc(x)`.
    const ERFCX: [(f64, f64); 12] = [
        (-3.0, 16205.988853999586),
        (-0.5, 1.952360489182557),
        (0.0, 1.0),
        (1e-09, 0.9999999988716208),
        (0.1, 0.8964569799691267),
        (0.75, 0.5069376502931449),
        (1.9, 0.26650937366167265),
        (5.3, 0.10464919566077328),
        (9.99, 0.05619664070685882),
        (11.999, 0.04685809919752628),
        (12.0, 0.04685422101489376),
        (1000000.0, 5.641895835474742e-07),
    ];

    /// Four roundings: of erfc, exp, their product, and the correction.
    const TOLERANCE: f64 = 1e-15;

    #[test]
    fn erfcx_agrees_with_50_digits() {
        for (x, want) in ERFCX {
            let error = (erfcx(x) / want - 1.0).abs();
            assert!(error <= TOLERANCE, "erfcx({x}) is off by {error:e}");
        }
        assert!(erfcx(f64::NAN).is_nan());
        assert_eq!(erfcx(f64::INFINITY), 0.0);
        assert_eq!(erfcx(-30.0), f64::INFINITY);
    }

    #[test]
    fn normal_density_is_the_slope_of_the_distribution() {
        for x in [-5.0, -1.0, 0.0, 0.3, 2.0] {
            let step = 1e-5;
            let slope = (normal_cdf(x + step) - normal_cdf(x - step)) / (2.0 * step);
            // Truncation of the difference is below 1e-10, its rounding below 1e-11.
            assert!((slope - normal_pdf(x)).abs() < 1e-10, "at {x}");
        }
    }
}
