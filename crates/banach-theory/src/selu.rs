//! SELU's parameters for any fixed point.

use banach_kernels::Selu;

use crate::moment_error::{MomentError, finite, positive};
use crate::moment_map::Moments;
use crate::moment_map::net_input::NegativePart;
use crate::special::{normal_cdf, normal_pdf};

/// The SELU that keeps mean and variance where `target` says at initialisation, where omega = 0 and tau = 1.
///
/// For (0, 1) these are alpha_01 and lambda_01 (arXiv:1706.02515, Eq. 14).
///
/// # Errors
/// As [`parameters_at`].
pub fn parameters(target: Moments) -> Result<Selu, MomentError> {
    parameters_at(target, 0.0, 1.0)
}

/// The SELU that keeps mean and variance where `target` says, for units with these `omega` and `tau`
/// (arXiv:1706.02515, section A5).
///
/// With z ~ Normal(mean omega, variance tau), `P_k = E[z^k; z > 0]` and `B_k = E[(exp(z) - 1)^k; z < 0]`, the fixed
/// point asks for
///
/// ```text
/// lambda   (P_1 + alpha   B_1) = mean
/// lambda^2 (P_2 + alpha^2 B_2) = variance + mean^2
/// ```
///
/// Eliminating lambda leaves a quadratic equation in alpha, whose root with the sign of the mean is taken in a form
/// without cancellation. Relative error at most 1e-14 (test `parameters_agree_with_200_digits`).
///
/// That the point is fixed does not say that it attracts: see [`crate::FixedPoint::is_stable`].
///
/// # Errors
/// If a number is not finite, variance or tau is not above 0, or no alpha > 0 gives this fixed point: the share of the
/// mean in the root mean square must lie between that of a scaled ReLU (alpha to 0) and that of the negative part alone
/// (alpha to infinity).
pub fn parameters_at(target: Moments, omega: f64, tau: f64) -> Result<Selu, MomentError> {
    let mean = finite("mean", target.mean)?;
    let variance = positive("variance", target.variance)?;
    finite("omega", omega)?;
    positive("tau", tau)?;
    let m = finite("mean * omega", mean * omega)?;
    let v = positive("variance * tau", variance * tau)?;
    let s = v.sqrt();
    let (phi, above) = (normal_pdf(m / s), normal_cdf(m / s));
    let p_1 = f64::mul_add(m, above, s * phi);
    let p_2 = f64::mul_add(m * m + v, above, m * s * phi);
    let negative = NegativePart::new(m, v, s);
    let rise = libm::expm1(m.min(0.0));
    let weight = negative.exp[0];
    let b_1 = -(negative.first + rise * weight);
    let b_2 = negative.second + rise * (2.0 * negative.first + rise * weight);
    let second = f64::mul_add(mean, mean, variance);

    let share = mean / second.sqrt();
    let (highest, lowest) = (p_1 / p_2.sqrt(), -b_1 / b_2.sqrt());
    if !(lowest < share && share < highest) {
        return Err(MomentError::NoParameters {
            mean,
            variance,
            share,
            lowest,
            highest,
        });
    }
    // (b_1^2 - share^2 b_2) alpha^2 - 2 p_1 b_1 alpha + p_1^2 - share^2 p_2 = 0, with B_1 = -b_1.
    let square = share * share;
    let root = share * (p_1 * p_1 * b_2 + p_2 * b_1 * b_1 - square * p_2 * b_2).sqrt();
    let alpha = if share > 0.0 {
        (p_1 * p_1 - square * p_2) / (p_1 * b_1 + root)
    } else {
        (p_1 * b_1 - root) / (b_1 * b_1 - square * b_2)
    };
    let lambda = (second / (p_2 + alpha * alpha * b_2)).sqrt();
    Ok(Selu { alpha, lambda })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::goldens::Goldens;
    use crate::{ALPHA_01, LAMBDA_01, MomentMap};
    use proptest::prelude::*;

    const TOLERANCE: f64 = 1e-14;

    #[test]
    fn parameters_agree_with_200_digits() {
        for [mean, variance, omega, tau, alpha, lambda] in Goldens::read().parameters {
            let target = Moments { mean, variance };
            let got = parameters_at(target, omega, tau).expect("parameters exist");
            let error = (got.alpha / alpha - 1.0)
                .abs()
                .max((got.lambda / lambda - 1.0).abs());
            assert!(
                error <= TOLERANCE,
                "({mean}, {variance}) at {omega}, {tau}: {got:?} is off by {error:e}"
            );
        }
        let standard = parameters(Moments {
            mean: 0.0,
            variance: 1.0,
        })
        .expect("parameters exist");
        assert!((standard.alpha / ALPHA_01 - 1.0).abs() <= TOLERANCE);
        assert!((standard.lambda / LAMBDA_01 - 1.0).abs() <= TOLERANCE);
    }

    #[test]
    fn a_mean_out_of_reach_is_refused_with_the_reach() {
        let at = |mean| {
            parameters(Moments {
                mean,
                variance: 1.0,
            })
        };
        let error = at(1.0).unwrap_err();
        let MomentError::NoParameters {
            lowest, highest, ..
        } = error
        else {
            panic!("{error}");
        };
        // A rectified normal variable: mean s / sqrt(2 pi), root mean square s / sqrt(2).
        assert!((highest - (1.0 / std::f64::consts::PI).sqrt()).abs() < TOLERANCE);
        let mean = |share: f64| share / (1.0 - share * share).sqrt();
        for border in [lowest, highest] {
            assert!(
                at(mean(border * (1.0 - 1e-9))).is_ok(),
                "inside of {border}"
            );
            assert!(
                at(mean(border * (1.0 + 1e-9))).is_err(),
                "outside of {border}"
            );
        }
        assert!(at(f64::NAN).is_err());
        let flat = Moments {
            mean: 0.0,
            variance: 0.0,
        };
        assert!(parameters(flat).is_err());
    }

    proptest! {
        #[test]
        fn parameters_make_their_target_a_fixed_point(
            mean in -0.5..0.5_f64, log_variance in -7.0..5.0_f64, omega in -1.0..1.0_f64, tau in 0.5..2.0_f64,
        ) {
            let variance = log_variance.exp();
            let target = Moments { mean: mean * variance.sqrt(), variance };
            let selu = parameters_at(target, omega, tau);
            prop_assume!(selu.is_ok());
            let map = MomentMap::new(selu.expect("assumed"), omega, tau).expect("a valid map");
            let next = map.apply(target).expect("valid moments");
            // Rounding of alpha, times the magnitude of the parts of mean and variance that it scales.
            let scale = (1.0 + map.selu().alpha) * TOLERANCE;
            prop_assert!((next.mean - target.mean).abs() <= scale * variance.sqrt());
            prop_assert!((next.variance - variance).abs() <= 4.0 * scale * variance);
        }
    }
}
