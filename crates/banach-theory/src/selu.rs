//! SELU's parameters for any fixed point.

use banach_kernels::Selu;

use crate::moment_error::{MomentError, finite, positive};
use crate::moment_map::Moments;
use crate::moment_map::net_input::NegativePart;

/// The SELU that keeps mean and variance where `target` says, at omega = 0 and tau = 1.
///
/// With z ~ Normal(0, v), `B_1 = E[exp(z) - 1; z < 0]`, `B_2 = E[(exp(z) - 1)^2; z < 0]` and `a = sqrt(v / (2 pi))`,
/// the fixed point asks for
///
/// ```text
/// lambda   (a + alpha B_1)       = mean
/// lambda^2 (v / 2 + alpha^2 B_2) = variance + mean^2
/// ```
///
/// Eliminating lambda leaves a quadratic equation in alpha, whose root with the sign of the mean is taken in a form
/// without cancellation. For (0, 1) these are alpha_01 and lambda_01 (arXiv:1706.02515, Eq. 14; others: section A5).
/// Relative error at most 1e-14 (test `parameters_agree_with_50_digits`).
///
/// That the point is fixed does not say that it attracts: see [`crate::FixedPoint::is_stable`].
///
/// # Errors
/// If the mean is not finite, the variance not above 0, or no alpha > 0 gives this fixed point: the mean must lie
/// between those of a scaled ReLU (alpha to 0) and of the negative part alone (alpha to infinity).
pub fn parameters(target: Moments) -> Result<Selu, MomentError> {
    let mean = finite("mean", target.mean)?;
    let variance = positive("variance", target.variance)?;
    let negative = NegativePart::new(0.0, variance, variance.sqrt());
    let (b_1, b_2) = (-negative.first, negative.second);
    let a = (variance / (2.0 * std::f64::consts::PI)).sqrt();
    let second = f64::mul_add(mean, mean, variance);

    // mean / sqrt(second) goes from sqrt(1 / pi) at alpha = 0 down to -b_1 / sqrt(b_2) as alpha grows.
    let ratio = mean / second.sqrt();
    let (high, low) = (std::f64::consts::FRAC_1_PI.sqrt(), -b_1 / b_2.sqrt());
    if ratio >= high || ratio <= low {
        let mean_at = |ratio: f64| ratio * (variance / (1.0 - ratio * ratio)).sqrt();
        return Err(MomentError::NoParameters {
            mean,
            variance,
            lowest: mean_at(low),
            highest: mean_at(high),
        });
    }
    // (b_1^2 - ratio^2 b_2) alpha^2 - 2 a b_1 alpha + a^2 - ratio^2 v / 2 = 0.
    let leading = b_1 * b_1 - ratio * ratio * b_2;
    let root = ratio
        * (a * a * b_2 + 0.5 * variance * b_1 * b_1 - 0.5 * ratio * ratio * b_2 * variance).sqrt();
    let alpha = if ratio > 0.0 {
        (a * a - 0.5 * ratio * ratio * variance) / (a * b_1 + root)
    } else {
        (a * b_1 - root) / leading
    };
    let lambda = (second / (0.5 * variance + alpha * alpha * b_2)).sqrt();
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
    fn parameters_agree_with_50_digits() {
        for [mean, variance, alpha, lambda] in Goldens::read().parameters {
            let got = parameters(Moments { mean, variance }).expect("parameters exist");
            let error = (got.alpha / alpha - 1.0)
                .abs()
                .max((got.lambda / lambda - 1.0).abs());
            assert!(
                error <= TOLERANCE,
                "({mean}, {variance}): {got:?} is off by {error:e}"
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
        let error = parameters(Moments {
            mean: 1.0,
            variance: 1.0,
        })
        .unwrap_err();
        let MomentError::NoParameters {
            lowest, highest, ..
        } = error
        else {
            panic!("{error}");
        };
        let at = |mean| {
            parameters(Moments {
                mean,
                variance: 1.0,
            })
        };
        assert!(at(highest * (1.0 - 1e-9)).is_ok() && at(highest * (1.0 + 1e-9)).is_err());
        assert!(at(lowest * (1.0 - 1e-9)).is_ok() && at(lowest * (1.0 + 1e-9)).is_err());
        assert!(at(f64::NAN).is_err());
        assert!(
            parameters(Moments {
                mean: 0.0,
                variance: 0.0
            })
            .is_err()
        );
    }

    proptest! {
        #[test]
        fn parameters_make_their_target_a_fixed_point(mean in -0.5..0.5_f64, log_variance in -7.0..5.0_f64) {
            let variance = log_variance.exp();
            let target = Moments { mean: mean * variance.sqrt(), variance };
            let selu = parameters(target);
            prop_assume!(selu.is_ok());
            let map = MomentMap::new(selu.expect("assumed"), 0.0, 1.0).expect("a valid map");
            let next = map.apply(target).expect("valid moments");
            // Rounding of alpha, times the magnitude of the parts of mean and variance that it scales.
            let scale = (1.0 + map.selu().alpha) * TOLERANCE;
            prop_assert!((next.mean - target.mean).abs() <= scale * variance.sqrt());
            prop_assert!((next.variance - variance).abs() <= 4.0 * scale * variance);
        }
    }
}
